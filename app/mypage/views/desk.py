"""Seats and terminals: the staff's page."""

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from app.access.web import staff_page
from app.branches.models import Branch
from app.mypage import seating
from app.mypage.actions import seats
from app.mypage.actions.operations import CONFIRM_SEAT, PUT_SEAT
from app.mypage.actions.seats import SeatRefused
from app.mypage.models import Seat
from app.patrons.queries import id_of_card
from app.web.forms import OfficeForm


class SeatForm(OfficeForm):
    """A seat that readers may book."""

    kind = forms.ChoiceField(label="種類", choices=Seat.Kind.choices)
    name = forms.CharField(label="名称", max_length=20)


def _branch(request: HttpRequest) -> Branch:
    """The library of whoever is signed in."""
    return get_object_or_404(Branch, pk=request.actor.branch_id)


@staff_page(CONFIRM_SEAT)
def show(request: HttpRequest) -> HttpResponse:
    """Today at this library, by the hour and without names; a card read here confirms."""
    return _page(request, SeatForm())


def _page(request: HttpRequest, form: SeatForm, status: int = 200) -> HttpResponse:
    branch = _branch(request)
    context = {
        "branch": branch,
        "plan": seating.plan_of(branch, timezone.localdate(), None, timezone.now()),
        "seats": seating.seats_at(branch),
        "form": form,
        "may_put": PUT_SEAT.code in request.actor.operations,
    }
    return render(request, "mypage/desk_seats.html", context, status=status)


@require_POST
@staff_page(CONFIRM_SEAT)
def confirm(request: HttpRequest) -> HttpResponse:
    """A card was read: the reader has come."""
    patron_id = id_of_card(request.POST.get("number", ""))
    try:
        if patron_id is None:
            raise SeatRefused("この番号の利用者はいません。番号を確かめてください。")
        booking = seats.confirm_here(request.actor, patron_id, _branch(request))
    except SeatRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"{booking.seat.name} {timezone.localtime(booking.starts_at):%H:%M} を確定しました。")
    return redirect("seats:show")


@require_POST
@staff_page(PUT_SEAT)
def put(request: HttpRequest) -> HttpResponse:
    """Offer a seat, or take it back (`active=no`)."""
    form = SeatForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    values = form.cleaned_data
    try:
        active = request.POST.get("active") != "no"
        seats.put_seat(request.actor, _branch(request), values["kind"], values["name"], active=active)
    except ValidationError as error:
        form.add_error(None, error.messages[0])
        return _page(request, form, status=422)
    messages.success(request, "席・端末を変えました。")
    return redirect("seats:show")
