"""The guard in front of pages on which a reader asks or applies."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache

from app.access.actor import Actor
from app.patrons.models import Patron
from app.patrons.web import current_patron

View = Callable[..., HttpResponse]


def actor_of(request: HttpRequest, patron: Patron) -> Actor:
    """The signed-in reader as an actor."""
    return Actor("patron", str(patron.pk), terminal=request.terminal, request_id=request.id)


def reader_page(view: View) -> View:
    """Let in only a signed-in reader; others sign in with their card and come back (RETURN_TO in app/mypage/web.py).
    The view gets the reader; nobody keeps the answer."""

    @wraps(view)
    @never_cache
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        patron = current_patron(request)
        if patron is None:
            back = f"?{urlencode({'next': request.path_info})}" if request.method == "GET" else ""
            return redirect(reverse("opac:sign_in") + back)
        if patron.must_change_password:
            return redirect("opac:password")
        return view(request, patron, *args, **kwargs)

    return guarded
