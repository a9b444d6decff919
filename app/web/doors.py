"""By which address a reader came in: in which language, at a search terminal or not, as a child.

The address alone says it (`/en/records/5/`, `/kiosk/ko/`, `/kids/`), so that no cookie is needed and everybody in
between may keep the page. The prefix is taken off before addresses are looked up and given to `reverse`: every link
of a page leads on through the same door. Through a door only public pages are served.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.urls import get_script_prefix, set_script_prefix
from django.utils import translation

from app.web.furigana import with_furigana

Respond = Callable[[HttpRequest], HttpResponse]

KIOSK = "kiosk"
KIDS = "ja-kids"
# The beginning of an address, the catalogue of texts, the language as HTML names it, its own name.
LANGUAGES = (
    ("", "ja", "ja", "日本語"),
    ("en", "en", "en", "English"),
    ("zh-hans", "zh-hans", "zh-Hans", "简体中文"),
    ("ko", "ko", "ko", "한국어"),
)
# Plain Japanese for children is a catalogue of texts like any other language's.
_SEGMENTS = {name: code for name, code, _, _ in LANGUAGES} | {"kids": KIDS}
_HTML = {code: html for _, code, html, _ in LANGUAGES}
_ADDRESS = re.compile(
    rf"(?P<kiosk>/{KIOSK})?(?:/(?P<language>{'|'.join(filter(None, _SEGMENTS))}))?(?P<rest>/.*|)", re.S
)


@dataclass(frozen=True)
class Door:
    """One way in. `language` names the catalogue of texts."""

    language: str = "ja"
    kiosk: bool = False

    @property
    def prefix(self) -> str:
        """The beginning of every address through this door, without a slash at its end."""
        segment = next(name for name, code in _SEGMENTS.items() if code == self.language)
        return (f"/{KIOSK}" if self.kiosk else "") + (f"/{segment}" if segment else "")

    @property
    def html(self) -> str:
        """The language as the page names it."""
        return _HTML.get(self.language, "ja")

    @property
    def kids(self) -> bool:
        return self.language == KIDS

    @property
    def japanese(self) -> bool:
        return self.html == "ja"


STREET = Door()


def parted(path: str) -> tuple[Door, str]:
    """The door of an address and what comes behind it, which is empty where only the slash is missing."""
    match = _ADDRESS.fullmatch(path)
    if match is None:
        return STREET, path
    return Door(_SEGMENTS[match["language"] or ""], bool(match["kiosk"])), match["rest"]


def door_of(request: HttpRequest) -> Door:
    """The door of a request."""
    door: Door = getattr(request, "door", STREET)
    return door


@dataclass(frozen=True)
class Way:
    """The same page through another door."""

    label: str
    html: str
    url: str
    current: bool


def languages_of(request: HttpRequest) -> list[Way]:
    """This page in every language, at the same kind of terminal. No SQL statement."""
    door = door_of(request)
    rest = request.path_info + (f"?{request.META['QUERY_STRING']}" if request.META.get("QUERY_STRING") else "")
    if request.method != "GET":
        rest = request.path_info
    return [
        Way(label, html, replace(door, language=code).prefix + rest, code == door.language)
        for _, code, html, label in LANGUAGES
    ]


def audiences_of(request: HttpRequest) -> dict[str, str]:
    """The first pages for children and for everybody, at the same kind of terminal."""
    door = door_of(request)
    return {"kids": f"{replace(door, language=KIDS).prefix}/", "adults": f"{replace(door, language='ja').prefix}/"}


class Doors:
    """Takes the door off the address, and lets the answer be made in its language."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.door, rest = parted(request.path_info)
        if request.door == STREET:
            return self.get_response(request)
        if not rest:
            query = request.META.get("QUERY_STRING", "")
            return HttpResponsePermanentRedirect(f"{request.door.prefix}/" + (f"?{query}" if query else ""))
        request.path_info = rest
        request.urlconf = settings.PUBLIC_URLCONF
        before = get_script_prefix()
        set_script_prefix(f"{request.door.prefix}/")
        try:
            with translation.override(request.door.language):
                response = self.get_response(request)
        finally:
            set_script_prefix(before)
        return self._finished(request.door, response)

    def _finished(self, door: Door, response: HttpResponse) -> HttpResponse:
        """What a door does to every answer."""
        response.setdefault("Content-Language", door.html)
        if door.kiosk:  # the next person at this terminal finds nothing
            response["Cache-Control"] = "no-store"
        if door.kids and not response.streaming and response.get("Content-Type", "").startswith("text/html"):
            response.content = with_furigana(response.content.decode(response.charset)).encode(response.charset)
            if response.has_header("Content-Length"):
                response["Content-Length"] = str(len(response.content))
        return response
