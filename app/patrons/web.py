"""The patrons' own sessions. They live under another cookie than the staff's (web.middleware.RealmSessions)."""

from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from app.patrons import queries
from app.patrons.models import Patron


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
                and not queries.refusal(patron, "web", timezone.localdate())
            ):
                request.patron = patron
    return request.patron
