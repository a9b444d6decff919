"""My Page knows its patron by the patrons' own session; these answers are kept by nobody."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from app.access.actions import SignInRefused
from app.access.actor import Actor
from app.access.web import anonymous
from app.circulation.queries import loans_of
from app.holds.queries import of_patron
from app.holds.reports import requests_of
from app.opac.forms import PasswordForm, PatronSignInForm
from app.patrons import actions as patrons
from app.patrons.models import Patron
from app.patrons.web import close_session, current_patron, open_session
from app.web.doors import door_of

# Pages to which signing in may lead back.
RETURN_TO = ("hold", "request")

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
            leads_back = request.method == "GET" and request.resolver_match.url_name in RETURN_TO
            wanted = request.path_info if leads_back else ""
            return redirect(reverse("opac:sign_in") + (f"?{urlencode({'next': wanted})}" if wanted else ""))
        if patron.must_change_password and request.resolver_match.url_name != "password":
            return redirect("opac:password")
        return view(request, patron, *args, **kwargs)

    return guarded


@never_cache
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for card number and password; on success the session is new."""
    form = PatronSignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            patron = patrons.sign_in(
                form.cleaned_data["card_number"], form.cleaned_data["password"], anonymous(request)
            )
        except SignInRefused as refused:
            form.add_error(None, str(refused))
        else:
            open_session(request, patron)
            return redirect(_wanted(request))
    return render(request, "opac/sign_in.html", {"form": form}, status=403 if form.non_field_errors() else 200)


def _wanted(request: HttpRequest) -> str:
    """The own page that was asked for before signing in, else My Page. Only addresses of this site that we sent
    ourselves: anything else in `next` is ignored."""
    path = request.GET.get("next", "")
    try:
        name = resolve(path).url_name if path.startswith("/") and not path.startswith("//") else ""
    except Resolver404:
        name = ""
    return door_of(request).prefix + path if name in RETURN_TO else reverse("opac:my")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the patron's session."""
    patron = current_patron(request)
    if patron is not None:
        patrons.sign_out(actor_of(request, patron))
    close_session(request)
    return redirect("opac:search")


@patron_page
def my_page(request: HttpRequest, patron: Patron) -> HttpResponse:
    """What the patron has on loan, the earliest due date first, overdue ones marked; what they wait for."""
    today = timezone.localdate()
    loans = [{"loan": loan, "late": (today - loan.due_on).days} for loan in loans_of(patron.pk)]
    context = {
        "patron": patron,
        "loans": loans,
        "late": sum(1 for row in loans if row["late"] > 0),
        "lines": of_patron(patron.pk),
        "requests": requests_of(patron.pk),
        "today": today,
    }
    return render(request, "opac/my.html", context)


@sensitive_post_parameters("old", "new", "again")
@patron_page
def password(request: HttpRequest, patron: Patron) -> HttpResponse:
    """Change the own password; required once after a temporary one."""
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            patrons.change_own_password(
                actor_of(request, patron), patron, form.cleaned_data["old"], form.cleaned_data["new"]
            )
        except ValidationError as error:
            fields = error.message_dict if hasattr(error, "error_dict") else {"new": error.messages}
            for name, problems in fields.items():
                for problem in problems:
                    form.add_error(name if name in form.fields else None, problem)
        else:
            open_session(request, patron)
            return redirect("opac:my")
    return render(request, "opac/password.html", {"form": form, "patron": patron})
