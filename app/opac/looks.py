"""How the public pages look: size of letters and colours, chosen by the reader.

The pages are the same for everybody, so that they may be kept in between. Only one small style sheet differs: it reads
the one cookie that a reader gets who asked for another look, and nobody else.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

COOKIE = "kura_look"
COOKIE_SECONDS = 365 * 24 * 60 * 60
SIZES = {"": _("標準"), "112": _("少し大きく"), "125": _("大きく"), "150": _("とても大きく")}
COLOURS = {
    "": _("機器の設定に合わせる"),
    "light": _("標準（白地）"),
    "dark": _("暗い配色"),
    "contrast": _("強いコントラスト（黒地に白と黄）"),
}


@dataclass(frozen=True)
class Look:
    """A reader's choice; empty values leave it to the device."""

    size: str = ""
    colours: str = ""

    @property
    def text(self) -> str:
        """As the cookie has it."""
        return f"{self.size}-{self.colours}"


def look_of(request: HttpRequest) -> Look:
    """What the cookie says; anything unknown in it counts as not chosen."""
    size, _sep, colours = request.COOKIES.get(COOKIE, "").partition("-")
    return Look(size if size in SIZES else "", colours if colours in COLOURS else "")


@require_GET
def look(request: HttpRequest) -> HttpResponse:
    """The style sheet of the reader's choice. No SQL statement."""
    chosen = look_of(request)
    text = f'@import url("{static(f"web/look-{chosen.colours}.css")}");\n' if chosen.colours else ""
    text += f"html {{ font-size: {chosen.size}%; }}\n" if chosen.size else ""
    etag = f'"{sha256(text.encode()).hexdigest()}"'
    answer = get_conditional_response(request, etag=etag) or HttpResponse(text, content_type="text/css; charset=utf-8")
    answer["ETag"] = etag
    answer["Cache-Control"] = "private, no-cache"
    return answer


def _group(name: str, title: str, choices: dict[str, Any], now: str) -> dict[str, Any]:
    rows = [{"value": value, "label": label, "on": value == now} for value, label in choices.items()]
    return {"name": name, "title": title, "choices": rows}


@never_cache
def appearance(request: HttpRequest) -> HttpResponse:
    """Choose how the pages look. The cookie is set here alone, and taken away here."""
    if request.method == "POST":
        asked = Look(request.POST.get("size", ""), request.POST.get("colours", ""))
        answer = redirect("opac:appearance")
        if request.POST.get("forget") or asked == Look() or asked.size not in SIZES or asked.colours not in COLOURS:
            answer.delete_cookie(COOKIE, samesite="Lax")
        else:
            answer.set_cookie(
                COOKIE, asked.text, max_age=COOKIE_SECONDS, secure=request.is_secure(), httponly=True, samesite="Lax"
            )
        return answer
    now = look_of(request)
    groups = [
        _group("size", gettext("文字の大きさ"), SIZES, now.size),
        _group("colours", gettext("配色"), COLOURS, now.colours),
    ]
    return render(request, "opac/appearance.html", {"groups": groups, "chosen": now != Look()})
