"""Opening days on the staff's screen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from app.access.rules import may
from app.access.web import staff_page
from app.branches import actions as branches
from app.branches import queries as branch_queries
from app.branches.models import Branch, CalendarYear
from app.branches.queries import Day
from app.branches.rules import WEEKDAYS, Pattern, days_of, fiscal_year
from app.calendars import actions
from app.calendars.forms import CopyForm, DayForm, DeliveryForm, PatternForm


@dataclass(frozen=True)
class Place:
    """One branch in the overview."""

    branch: Branch
    weekly: str
    years: list[tuple[int, bool]]
    deliveries: str
    arrival: date | None
    open_today: bool


def _signs(weekdays: Sequence[int] | frozenset[int]) -> str:
    return "・".join(WEEKDAYS[day] for day in sorted(weekdays))


@staff_page(branches.VIEW)
def places(request: HttpRequest) -> HttpResponse:
    """Every branch: weekly closing days, which years are laid out, when the van calls."""
    today = timezone.localdate()
    there = set(CalendarYear.objects.values_list("branch_id", "year"))
    years = (fiscal_year(today), fiscal_year(today) + 1)
    lines = []
    for branch in Branch.objects.filter(is_active=True):
        lines.append(
            Place(
                branch,
                _signs([int(digit) for digit in branch.closed_weekdays]),
                [(year, (branch.pk, year) in there) for year in years],
                _signs(branch_queries.delivery_weekdays(branch)),
                branch_queries.arrival_on(branch, today),
                not branch_queries.closing_of(branch).is_closed(today),
            )
        )
    return render(request, "calendars/places.html", {"places": lines, "years": years})


@dataclass(frozen=True)
class Month:
    """One month as weeks of seven days; None beside its ends."""

    first: date
    weeks: list[list[Day | None]]
    open_days: int


def _months(days: list[Day]) -> list[Month]:
    found = []
    for month in sorted({(day.date.year, day.date.month) for day in days}):
        mine = [day for day in days if (day.date.year, day.date.month) == month]
        # Weeks begin on Sunday, as calendars on the wall do.
        cells: list[Day | None] = [None] * ((mine[0].date.weekday() + 1) % 7) + list(mine)
        cells += [None] * (-len(cells) % 7)
        weeks = [cells[place : place + 7] for place in range(0, len(cells), 7)]
        found.append(Month(mine[0].date, weeks, sum(not day.closed for day in mine)))
    return found


def _place(code: str, year: int) -> Branch:
    if not 2000 <= year <= 2100:
        raise Http404
    return get_object_or_404(Branch, code=code)


def _page(request: HttpRequest, branch: Branch, year: int, status: int = 200, **forms: Any) -> HttpResponse:
    days = days_of(year)
    shown = branch_queries.days(branch, days[0], days[-1])
    pattern = branch_queries.pattern_of(branch, year)
    start = pattern or _copied(request) or branch_queries.pattern_of(branch, year - 1) or _first_pattern(branch)
    context = {
        "branch": branch,
        "year": year,
        "laid_out": pattern is not None,
        "months": _months(shown),
        "open_days": sum(not day.closed for day in shown),
        "weekdays": "日月火水木金土",
        "today": timezone.localdate(),
        "may_change": may(request.actor.operations, branches.CALENDAR.code),
        "pattern_form": PatternForm(initial=PatternForm.initial_of(start)),
        "day_form": DayForm(initial=_day_of(request, branch)),
        "copy_form": CopyForm(initial={"year": year + 1, "branches": [branch.pk]}),
        "delivery_form": DeliveryForm(
            initial={
                "deliveries": sorted(branch_queries.delivery_weekdays(branch)),
                "closed_weekdays": list(branch.closed_weekdays),
            }
        ),
        **forms,
    }
    return render(request, "calendars/year.html", context, status=status)


def _first_pattern(branch: Branch) -> Pattern:
    return Pattern(weekdays=frozenset(int(digit) for digit in branch.closed_weekdays))


def _copied(request: HttpRequest) -> Pattern | None:
    """The pattern of another branch's year that the address names (`from=code:year`)."""
    code, _, year = request.GET.get("from", "").partition(":")
    other = Branch.objects.filter(code=code).first()
    return branch_queries.pattern_of(other, int(year)) if other and year.isdigit() else None


def _day_of(request: HttpRequest, branch: Branch) -> dict[str, Any]:
    try:
        day = date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        return {}
    shown = branch_queries.days(branch, day, day)[0]
    own = {"opens": shown.opens, "closes": shown.closes} if shown.special else {}
    return {"day": day, "closed": "1" if shown.closed else "0", "reason": shown.reason if shown.source else "", **own}


@staff_page(branches.VIEW)
def year(request: HttpRequest, code: str, year: int) -> HttpResponse:
    """A fiscal year of a branch, month by month, with the rules it comes from."""
    return _page(request, _place(code, year), year)


def _told(request: HttpRequest, changed: str, places: Sequence[Branch]) -> None:
    """Say what was changed, and move the dates that now lie on closed days."""
    messages.success(request, changed)
    moved = actions.follow_calendar(request.actor, places, "開館日の変更")
    if moved is not None:
        messages.warning(
            request,
            f"休館日に当たった返却期限 {moved.loans_moved}件・取置期限 {moved.holds_moved}件を次の開館日に変えました。",
        )


@require_POST
@staff_page(branches.CALENDAR)
def lay_out(request: HttpRequest, code: str, year: int) -> HttpResponse:
    """Lay the year out by its rules."""
    branch = _place(code, year)
    form = PatternForm(request.POST)
    if form.is_valid():
        try:
            count = actions.lay_out(request.actor, branch, year, form.pattern())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            _told(request, f"{year}年度の開館日を作成しました（休館 {count}日）。", [branch])
            return redirect("calendars:year", code, year)
    return _page(request, branch, year, 422, pattern_form=form)


@require_POST
@staff_page(branches.CALENDAR)
def day(request: HttpRequest, code: str, year: int) -> HttpResponse:
    """Open or close one day, or give it its own hours."""
    branch = _place(code, year)
    form = DayForm(request.POST)
    if form.is_valid():
        asked = form.cleaned_data
        try:
            actions.set_day(
                request.actor,
                branch,
                asked["day"],
                closed=asked["closed"] == "1",
                hours=form.hours(),
                reason=asked["reason"],
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            _told(request, f"{asked['day']:%Y/%m/%d}を変更しました。", [branch])
            return redirect("calendars:year", code, fiscal_year(asked["day"]))
    return _page(request, branch, year, 422, day_form=form)


@require_POST
@staff_page(branches.CALENDAR)
def copy(request: HttpRequest, code: str, year: int) -> HttpResponse:
    """Write the year's rules to another year or other branches."""
    branch = _place(code, year)
    form = CopyForm(request.POST)
    if form.is_valid():
        asked = form.cleaned_data
        try:
            count = actions.copy_year(
                request.actor, branch, year, list(asked["branches"]), asked["year"], with_days=asked["with_days"]
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            _told(request, f"{asked['year']}年度の開館日を{count}館に写しました。", list(asked["branches"]))
            return redirect("calendars:year", code, asked["year"])
    return _page(request, branch, year, 422, copy_form=form)


@require_POST
@staff_page(branches.CALENDAR)
def weekly(request: HttpRequest, code: str, year: int) -> HttpResponse:
    """Set the van's weekdays and the weekly closing days."""
    branch = _place(code, year)
    form = DeliveryForm(request.POST)
    if not form.is_valid():
        return _page(request, branch, year, 422, delivery_form=form)
    branches.set_delivery(request.actor, branch, form.cleaned_data["deliveries"])
    branches.set_weekly(request.actor, branch, form.cleaned_data["closed_weekdays"])
    _told(request, "曜日を変更しました。", [branch])
    return redirect("calendars:year", code, year)
