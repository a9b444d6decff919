"""The web edge of permissions: who is asking, and the guard in front of every staff page."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from app.access import actions, queries, rules
from app.access.actor import Actor
from app.access.entering import is_locked
from app.access.menu import menu_for
from app.access.operations import Operation
from app.web.views import forbidden

View = Callable[..., HttpResponse]


def anonymous(request: HttpRequest) -> Actor:
    """Nobody yet: the terminal and the request id only."""
    return Actor("anonymous", terminal=request.terminal, request_id=request.id)


def actor_of(request: HttpRequest) -> Actor:
    """The signed-in member of staff as an actor, or the anonymous one. Two SQL statements at first, then none."""
    if not hasattr(request, "actor"):
        user = request.user
        today = timezone.localdate()
        if user.is_authenticated and rules.in_service(user.is_active, user.valid_from, user.valid_until, today):
            powers = queries.powers_of(user, today)
            request.actor = Actor(
                kind="staff",
                number=user.number,
                name=user.name,
                operations=powers.operations,
                branch_id=user.branch_id,
                terminal=request.terminal,
                request_id=request.id,
                limits=powers.limits,
            )
        else:
            request.actor = anonymous(request)
    return request.actor


def wants_json(request: HttpRequest) -> bool:
    """Whether the page's own script asks."""
    return request.headers.get("Accept", "").startswith("application/json")


def staff_page(operation: Operation) -> Callable[[View], View]:
    """Let in only staff whose roles include the operation; others sign in, or get 403 and a line in the log. A hidden
    screen stays hidden until its operator, or another, proves who they are.

    The view finds its actor in `request.actor`.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            actor = actor_of(request)
            if actor.kind != "staff":
                return _to_sign_in(request)
            if is_locked(request):
                return _to_lock(request)
            request.staff_menu = lambda: menu_for(actor.operations, request.path)
            try:
                actions.require(actor, operation)
                return view(request, *args, **kwargs)
            except actions.NotPermitted as refusal:
                actions.refuse(actor, refusal.operation)
                return forbidden(request, refusal)

        return guarded

    return guard


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:  # the period of service is over
        logout(request)
    if wants_json(request):
        return JsonResponse({"error": "signed out", "message": "サインインし直してください。"}, status=401)
    return HttpResponseRedirect(f"{settings.LOGIN_URL}?next={quote(request.get_full_path())}")


def _to_lock(request: HttpRequest) -> HttpResponse:
    """Ask for the PIN or password. What a form without script sent is kept on the page and can be sent again."""
    if wants_json(request):
        return JsonResponse({"error": "locked", "message": "画面を隠しています。再認証してください。"}, status=401)
    if request.method == "POST":
        kept = [(key, value) for key, values in request.POST.lists() for value in values if _may_be_kept(key)]
        context = {"kept": kept, "next": request.get_full_path(), "operator": request.user}
        return render(request, "access/lock.html", context, status=401)
    return HttpResponseRedirect(f"{reverse('access:lock')}?next={quote(request.get_full_path())}")


def _may_be_kept(field: str) -> bool:
    return not any(part in field for part in ("password", "pin", "secret", "csrf"))
