"""The hidden screen, and changing operators at a terminal. Scripts ask for JSON; forms work without them."""

import time

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters

from app.access import actions, entering
from app.access.actions.signing import lock_screen
from app.access.door.signing import safe_next
from app.access.web import actor_of, wants_json


def lock(request: HttpRequest) -> HttpResponse:
    """POST hides the screen of this session; GET shows the page that uncovers it."""
    actor = actor_of(request)
    if actor.kind != "staff":
        return _nobody(request)
    if request.method == "POST":
        if not request.session.get("locked"):
            request.session["locked"] = True
            lock_screen(actor)
        if wants_json(request):
            return JsonResponse({"locked": True})
        return redirect("access:lock")
    if not entering.is_locked(request):
        return redirect(safe_next(request))
    return render(request, "access/lock.html", {"next": safe_next(request), "operator": request.user})


@sensitive_post_parameters("secret", "pin", "password")
def unlock(request: HttpRequest) -> HttpResponse:
    """Uncover the screen: its operator by PIN or password, or another member of staff, who is the operator then."""
    return _prove(request)


@sensitive_post_parameters("secret", "pin", "password")
def switch(request: HttpRequest) -> HttpResponse:
    """Change operators: `number` (or `card`) and `secret` (or `pin`, `password`)."""
    return _prove(request)


def _prove(request: HttpRequest) -> HttpResponse:
    """200 with the operator and a fresh form token, 401 with the reason; redirects for forms without script."""
    if request.method != "POST":
        return redirect("access:lock")
    actor = actor_of(request)
    if actor.kind != "staff":
        return _nobody(request)
    given = request.POST
    identifier = given.get("number") or given.get("card") or actor.number
    secret = given.get("secret") or given.get("pin") or given.get("password") or ""
    full_at = request.session.get("full_at")
    try:
        user = actions.switch_operator(actor, identifier, secret, full_at=full_at, now=time.time(), same=actor.number)
    except actions.SignInRefused as refused:
        if wants_json(request):
            return JsonResponse({"error": "refused", "message": str(refused)}, status=401)
        context = {
            "next": safe_next(request),
            "operator": request.user,
            "message": str(refused),
            "kept": _kept(request),
        }
        return render(request, "access/lock.html", context, status=401)
    if user.pk == request.user.pk:
        request.session.pop("locked", None)
        request.session["seen"] = int(time.time())
    else:
        entering.change_operator(request, user)
    if wants_json(request):
        branch = user.branch.short if user.branch else ""
        return JsonResponse({"number": user.number, "name": user.name, "branch": branch, "csrf": get_token(request)})
    if kept := _kept(request):  # a form came when the screen was hidden: it is sent at the press of a button
        return render(request, "access/resume.html", {"next": safe_next(request), "kept": kept})
    return redirect(safe_next(request))


def _kept(request: HttpRequest) -> list[tuple[str, str]]:
    """The fields of the form that came when the screen was hidden."""
    fields = [(key, value) for key, values in request.POST.lists() for value in values]
    return [(key.removeprefix("kept."), value) for key, value in fields if key.startswith("kept.")]


def _nobody(request: HttpRequest) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"error": "signed out", "message": "サインインし直してください。"}, status=401)
    return redirect("access:sign_in")
