"""The guard in front of every page of My Page."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve, reverse
from django.views.decorators.cache import never_cache

from app.access.actor import Actor
from app.patrons.models import Patron
from app.patrons.web import current_patron
from app.web.doors import door_of

# Pages to which signing in may lead back.
RETURN_TO = frozenset(
    {
        "opac:hold",
        "opac:request",
        "ask:apply",
        "ask:ask",
        "ask:mine",
        "ask:question",
        "mypage:basket",
        "mypage:card",
        "mypage:favourite",
        "mypage:favourites",
        "mypage:settings",
        "mypage:watches",
        "mypage:seats",
    }
)

View = Callable[..., HttpResponse]


def actor_of(request: HttpRequest, patron: Patron) -> Actor:
    """The signed-in patron as an actor."""
    return Actor("patron", str(patron.pk), terminal=request.terminal, request_id=request.id)


def patron_page(view: View) -> View:
    """Let in only a signed-in patron; a temporary password must be changed first. The view gets the patron."""

    @wraps(view)
    @never_cache
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        patron = current_patron(request)
        if patron is None:
            known = request.method == "GET" and request.resolver_match.view_name in RETURN_TO
            query = f"?{urlencode({'next': asked_for(request)})}" if known else ""
            return redirect(reverse("opac:sign_in") + query)
        if patron.must_change_password and request.resolver_match.url_name != "password":
            return redirect("opac:password")
        return view(request, patron, *args, **kwargs)

    return guarded


def asked_for(request: HttpRequest) -> str:
    """The page that is asked for, whatever the door."""
    query = request.META.get("QUERY_STRING", "")
    return request.path_info + (f"?{query}" if query else "")


def wanted(request: HttpRequest) -> str:
    """The own page that was asked for before signing in, else My Page. Only addresses of this site that we sent
    ourselves: anything else in `next` is ignored."""
    asked = request.GET.get("next", "")
    path = asked.partition("?")[0]
    try:
        name = resolve(path).view_name if path.startswith("/") and not path.startswith(("//", "/\\")) else ""
    except Resolver404:
        name = ""
    return door_of(request).prefix + asked if name in RETURN_TO else reverse("opac:my")
