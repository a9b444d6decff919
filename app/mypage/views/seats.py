"""Seats and terminals: the reader's page."""

from datetime import date, datetime, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from app.branches.models import Branch
from app.mypage import rules, seating
from app.mypage.actions import seats
from app.mypage.actions.seats import SeatRefused
from app.mypage.web import actor_of, patron_page
from app.patrons.models import Patron
from app.terminals.models import Terminal


def _day(text: str, today: date) -> date:
    """The day asked for, within the days that can be booked; else today."""
    try:
        wanted = date.fromisoformat(text)
    except ValueError:
        return today
    return wanted if today <= wanted <= today + rules.LONGEST_AHEAD else today


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if timezone.is_aware(moment) else None


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0


def _here(request: HttpRequest) -> Branch | None:
    """The library whose terminal this is; None from anywhere else."""
    if not request.terminal:
        return None
    terminal = Terminal.objects.select_related("branch").filter(address=request.terminal).first()
    return terminal.branch if terminal else None


@patron_page
def show(request: HttpRequest, patron: Patron) -> HttpResponse:
    """A day of a library by the hour: free seats have a button, one's own can be given back."""
    branches = seating.offering()
    chosen = _number(request.GET.get("branch", ""))
    branch = next((one for one in branches if one.pk == chosen), None)
    branch = branch or next((one for one in branches if one.pk == patron.branch_id), branches[0] if branches else None)
    today = timezone.localdate()
    day = _day(request.GET.get("day", ""), today)
    context = {
        "branches": branches,
        "branch": branch,
        "day": day,
        "days": [today + timedelta(days=n) for n in range(rules.LONGEST_AHEAD.days + 1)],
        "plan": seating.plan_of(branch, day, patron.pk, timezone.now()) if branch else [],
        "here": branch is not None and _here(request) == branch,
        "tab": "seats",
    }
    return render(request, "mypage/seats.html", context)


def _back(request: HttpRequest) -> HttpResponse:
    branch, day = _number(request.POST.get("branch", "")), _day(request.POST.get("day", ""), timezone.localdate())
    return redirect(f"{reverse('mypage:seats')}?branch={branch}&day={day.isoformat()}")


@require_POST
@patron_page
def book(request: HttpRequest, patron: Patron) -> HttpResponse:
    """Book the hour whose button was pressed (`place` is seat and moment)."""
    seat, _, moment = request.POST.get("place", "").partition("@")
    starts_at = _moment(moment)
    try:
        if starts_at is None:
            raise SeatRefused(gettext("時間を選び直してください。"))
        seats.book(actor_of(request, patron), patron.pk, _number(seat), starts_at)
    except SeatRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, gettext("予約しました。開始の15分後までに、館内で確定してください。"))
    return _back(request)


@require_POST
@patron_page
def cancel(request: HttpRequest, patron: Patron, booking_id: int) -> HttpResponse:
    """Give a seat back."""
    if seats.cancel_seat(actor_of(request, patron), patron.pk, booking_id):
        messages.success(request, gettext("席の予約を取り消しました。"))
    return _back(request)


@require_POST
@patron_page
def confirm(request: HttpRequest, patron: Patron) -> HttpResponse:
    """One has come: only a terminal of that library can say so."""
    branch = _here(request)
    try:
        if branch is None:
            raise SeatRefused(gettext("確定は、図書館の中の端末か窓口でできます。"))
        seats.confirm_here(actor_of(request, patron), patron.pk, branch)
    except SeatRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, gettext("席を確定しました。"))
    return _back(request)
