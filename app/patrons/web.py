"""The patrons' own sessions. They live under another cookie than the staff's (web.middleware.RealmSessions)."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from app.access.actor import Actor
from app.patrons import queries
from app.patrons.models import Patron
from app.patrons.rules import is_valid

View = Callable[..., HttpResponse]


def _stamp(patron: Patron) -> str:
    """Changes with the password: every session opened with the old one ends."""
    return salted_hmac("app.patrons.web", patron.password).hexdigest()


def open_session(request: HttpRequest, patron: Patron) -> None:
    """Begin a patron's session, under a new key."""
    request.session.flush()
    request.session["patron"] = patron.pk
    request.session["stamp"] = _stamp(patron)
    request.patron = patron


def close_session(request: HttpRequest) -> None:
    """End the session."""
    request.session.flush()
    request.patron = None


def current_patron(request: HttpRequest) -> Patron | None:
    """The signed-in patron, or None. One SQL statement at first, then none; none at all without a session."""
    if not hasattr(request, "patron"):
        request.patron = None
        if "patron" in request.session:
            patron = queries.by_id(request.session["patron"])
            if (
                patron is not None
                and constant_time_compare(request.session.get("stamp", ""), _stamp(patron))
                and is_valid(patron.valid_until, timezone.localdate())
            ):
                request.patron = patron
    return request.patron


def patron_actor(request: HttpRequest) -> Actor:
    """The signed-in patron as an actor; the anonymous one when nobody is."""
    patron = current_patron(request)
    kind, number = ("patron", str(patron.pk)) if patron else ("anonymous", "")
    return Actor(kind, number, terminal=request.terminal, request_id=request.id)


def patron_page(view: View) -> View:
    """Let in only a signed-in patron; others go to settings.PATRON_LOGIN_URL. The view reads `request.patron`."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if current_patron(request) is None:
            return HttpResponseRedirect(f"{settings.PATRON_LOGIN_URL}?next={quote(request.get_full_path())}")
        return view(request, *args, **kwargs)

    return guarded
