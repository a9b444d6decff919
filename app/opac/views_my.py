"""My Page knows its patron by the patrons' own session; these answers are kept by nobody."""

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from app.access.actions import SignInRefused
from app.access.web import anonymous
from app.holds.queries import of_patron
from app.holds.reports import requests_of
from app.mypage import basket
from app.mypage.forms import PasswordForm, PatronSignInForm
from app.mypage.queries import loan_lines
from app.mypage.web import actor_of, patron_page, wanted
from app.patrons import actions as patrons
from app.patrons.models import Patron
from app.patrons.web import close_session, current_patron, open_session
from app.reference.queries import applications_of, questions_of


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
            return redirect(wanted(request))
    return render(request, "opac/sign_in.html", {"form": form}, status=403 if form.non_field_errors() else 200)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the patron's session; what lies in the basket goes too, for the next person at this screen."""
    patron = current_patron(request)
    if patron is not None:
        patrons.sign_out(actor_of(request, patron))
    close_session(request)
    response = redirect("opac:search")
    basket.put(response, [])
    return response


@patron_page
def my_page(request: HttpRequest, patron: Patron) -> HttpResponse:
    """What the patron has on loan, the earliest due date first, overdue ones marked; what they wait for."""
    loans = loan_lines(patron, timezone.now())
    context = {
        "patron": patron,
        "loans": loans,
        "late": sum(line.late > 0 for line in loans),
        "renewable": sum(line.may_renew for line in loans),
        "lines": of_patron(patron.pk),
        "requests": requests_of(patron.pk),
        "questions": questions_of(patron.pk),
        "applications": applications_of(patron.pk, timezone.now()),
        "tab": "my",
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
            form.take(error)
        else:
            open_session(request, patron)
            return redirect("opac:my")
    return render(request, "opac/password.html", {"form": form, "patron": patron}, status=422 if form.errors else 200)


__all__ = ["actor_of", "my_page", "password", "patron_page", "sign_in", "sign_out"]
