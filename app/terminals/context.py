"""What every staff page knows of the place where it is opened: keys, sounds, the guide, the seal of its drafts."""

import secrets
from base64 import b64encode
from dataclasses import replace
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from app.access.menu import pages
from app.access.timeouts import lock_minutes
from app.terminals.queries import Place, place_of
from app.terminals.rules import COMMANDS, keys_of

HOME = "access:home"
SEAL = "drafts"


def usual_keys() -> dict[str, str]:
    """Every page of the menu and every command with its usual key."""
    return {page.name: page.key for page in pages()} | {name: key for name, (_, key) in COMMANDS.items()}


def seal_of(request: HttpRequest) -> str:
    """The key that this sign-in's half-typed forms are sealed with in the browser. It stands in the session alone, so
    signing out takes it away."""
    if SEAL not in request.session:
        request.session[SEAL] = b64encode(secrets.token_bytes(32)).decode()
    seal: str = request.session[SEAL]
    return seal


def _where(place: Place) -> str:
    short = place.branch.short if place.branch else ""
    return f"{short} {place.terminal.name}" if place.registered else short


def minutes(request: HttpRequest) -> int | None:
    """After how long this terminal's screen hides itself; None where it is not registered."""
    place = place_of(request)
    return place.terminal.lock_minutes if place.registered else None


def screen(request: HttpRequest, known: dict[str, Any]) -> dict[str, Any]:
    """`screen` for the base template, and the menu with this library's keys. At most two SQL statements."""
    if getattr(getattr(request, "actor", None), "kind", "") != "staff":
        return {}
    place = place_of(request)
    keys = keys_of(usual_keys(), place.setting.keys)
    by_url = {}
    for page in pages():
        try:
            by_url[reverse(page.name)] = keys[page.name]
        except NoReverseMatch:
            continue
    match = request.resolver_match
    return {
        "menu": [replace(entry, key=by_url.get(entry.url, entry.key)) for entry in known["menu"]],
        "screen": {
            "seal": seal_of(request),
            "lock_minutes": lock_minutes(request),
            "list_paper": place.terminal.list_paper,
            "where": _where(place),
            "keys": keys,
            "guide": match.view_name if match else "",
        },
    }
