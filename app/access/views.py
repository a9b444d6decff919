"""Staff sign-in and the menu."""

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from app.access import actions
from app.access.forms import SignInForm
from app.access.home import notes
from app.access.menu import groups_for
from app.access.web import actor_of, anonymous, staff_page


def _next(request: HttpRequest) -> str:
    """Where to go after sign-in: a page of this host that asked for it, else the menu."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if safe else settings.LOGIN_REDIRECT_URL


@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for number and password; on success the session is new and the staff's own."""
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = actions.sign_in_staff(form.cleaned_data["number"], form.cleaned_data["password"], anonymous(request))
        except actions.SignInRefused as refused:
            form.add_error(None, str(refused))
        else:
            login(request, user)
            return redirect(_next(request))
    status = 403 if form.non_field_errors() else 200
    return render(request, "access/sign_in.html", {"form": form, "next": _next(request)}, status=status)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    actor = actor_of(request)
    if actor.kind == "staff":
        actions.sign_out_staff(actor)
    logout(request)
    return redirect("access:sign_in")


@staff_page(actions.HOME)
def home(request: HttpRequest) -> HttpResponse:
    """What this person should know, and the menu as tiles by group: only what the roles open."""
    context = {"groups": groups_for(request.actor.operations), "notes": notes(request.actor)}
    return render(request, "access/home.html", context)
