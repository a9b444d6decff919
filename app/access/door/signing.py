"""Signing in, step by step, and out."""

from collections.abc import Callable

import segno
from django.conf import settings
from django.contrib.auth import logout
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from app.access import actions, entering
from app.access.actions import second as second_factor
from app.access.actions.signing import check_staff_password
from app.access.entering import Entering
from app.access.forms import CodeForm, NewPasswordForm, SignInForm
from app.access.web import actor_of, anonymous
from app.web.context import organisation

PAGES = {"second": "access:second", "enrol": "access:enrol", "password": "access:new_password"}


def safe_next(request: HttpRequest) -> str:
    """Where to go afterwards: a page of this host that asked for it, else the menu."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if safe and target.startswith("/") else settings.LOGIN_REDIRECT_URL


@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for number and password; on success the session is new, and what else the policy asks for comes next."""
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = check_staff_password(form.cleaned_data["number"], form.cleaned_data["password"], anonymous(request))
        except actions.SignInRefused as refused:
            form.add_error(None, str(refused))
        else:
            entering.begin(request, user, safe_next(request))
            return _onward(request)
    status = 403 if form.non_field_errors() else 200
    return render(request, "access/sign_in.html", {"form": form, "next": safe_next(request)}, status=status)


def _onward(request: HttpRequest) -> HttpResponse:
    """The next page on the way in, or the one that was wanted."""
    who = entering.current(request)
    if who is None:
        return redirect("access:sign_in")
    if who.step in PAGES:
        return redirect(PAGES[who.step])
    entering.finish(request, who, anonymous(request))
    return redirect(who.target)


def _step(name: str) -> Callable[..., Callable[[HttpRequest], HttpResponse]]:
    """Let in who stands at this step; anybody else goes to where they stand."""

    def guard(view: Callable[[HttpRequest, Entering], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
        def guarded(request: HttpRequest) -> HttpResponse:
            who = entering.current(request)
            return view(request, who) if who and who.step == name else _onward(request)

        return guarded

    return guard


@_step("second")
def second(request: HttpRequest, who: Entering) -> HttpResponse:
    """Ask for the authenticator's code, or one on paper."""
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            second_factor.check_second_factor(who.user, form.cleaned_data["code"], anonymous(request), timezone.now())
        except actions.SignInRefused as refused:
            form.add_error(None, str(refused))
        else:
            entering.passed_second(request)
            return _onward(request)
    status = 403 if form.non_field_errors() else 200
    return render(request, "access/second.html", {"form": form}, status=status)


@_step("enrol")
def enrol(request: HttpRequest, who: Entering) -> HttpResponse:
    """Show the secret as a QR code until the authenticator's first code is right; then the codes for paper."""
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            codes = second_factor.confirm_enrolment(
                who.user, form.cleaned_data["code"], anonymous(request), timezone.now()
            )
        except actions.SignInRefused as refused:
            form.add_error(None, str(refused))
        else:
            entering.passed_second(request)
            return render(request, "access/recovery.html", {"codes": codes})
    secret = second_factor.begin_enrolment(who.user)
    name = organisation(settings.INVENTORY)["name_en"]
    link = f"otpauth://totp/{name}:{who.user.number}?secret={secret}&issuer={name}".replace(" ", "%20")
    context = {
        "form": form,
        "picture": segno.make(link, error="m").svg_data_uri(scale=5, border=2),
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
    }
    return render(request, "access/enrol.html", context, status=403 if form.non_field_errors() else 200)


@sensitive_post_parameters("password", "again")
def new_password(request: HttpRequest) -> HttpResponse:
    """Ask for a password of one's own in place of a temporary or an old one."""
    return _new_password(request)


@_step("password")
def _new_password(request: HttpRequest, who: Entering) -> HttpResponse:
    form = NewPasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_own_password(who.user, form.cleaned_data["password"], anonymous(request))
        except ValidationError as wrong:
            form.add_error("password", wrong)
        else:
            return _onward(request)
    return render(request, "access/new_password.html", {"form": form})


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    actor = actor_of(request)
    if actor.kind == "staff":
        actions.sign_out_staff(actor)
    logout(request)
    return redirect("access:sign_in")
