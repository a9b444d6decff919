"""Reads about places."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

import jpholiday
from django.db.models import F, Q

from app.branches.models import Branch, CalendarYear, ClosedDay, DayHours, DeliveryDay
from app.branches.revisions import kept
from app.branches.rules import (
    Closing,
    Pattern,
    days_of,
    fiscal_year,
    hours_on,
    next_delivery,
    pattern_from_json,
)


def closings() -> dict[int | None, tuple[frozenset[date], frozenset[int]]]:
    """Every branch's closed dates and laid-out years; under None the dates common to all. At most three SQL
    statements; none while the calendars are unchanged and just read."""

    def load() -> dict[int | None, tuple[frozenset[date], frozenset[int]]]:
        dates: dict[int | None, set[date]] = defaultdict(set)
        years: dict[int | None, set[int]] = defaultdict(set)
        for branch, day in ClosedDay.objects.values_list("branch_id", "date"):
            dates[branch].add(day)
        for branch, year in CalendarYear.objects.values_list("branch_id", "year"):
            years[branch].add(year)
        return {key: (frozenset(dates[key]), frozenset(years[key])) for key in {*dates, *years}}

    return kept("calendar", "closings", load)


def closing_of(branch: Branch, since: date | None = None) -> Closing:
    """When a branch is closed. Same cost as `closings`; `since` is the first day of interest and changes nothing."""
    return kept("calendar", (branch.pk, branch.closed_weekdays), lambda: _closing(branch))


def _closing(branch: Branch) -> Closing:
    found = closings()
    common, _ = found.get(None, (frozenset(), frozenset()))
    own, years = found.get(branch.pk, (frozenset(), frozenset()))
    shared = frozenset(day for day in common if fiscal_year(day) not in years)
    return Closing(frozenset(int(digit) for digit in branch.closed_weekdays), own | shared, years)


def delivery_weekdays(branch: Branch) -> frozenset[int]:
    """The weekdays on which the van calls at a branch; empty when none is set. Cost as `closing_of`."""

    def load() -> frozenset[int]:
        return frozenset(DeliveryDay.objects.filter(branch=branch).values_list("weekday", flat=True))

    return kept("calendar", ("delivery", branch.pk), load)


def arrival_on(branch: Branch, sent: date) -> date | None:
    """When something sent on a day should arrive at a branch, by its delivery days; None when it has none."""
    return next_delivery(sent, delivery_weekdays(branch), closing_of(branch))


def national_holidays(year: int) -> dict[date, str]:
    """The national holidays of a fiscal year with their names, computed by law. No SQL."""
    days = days_of(year)
    return {day: name.split()[-1] for day, name in jpholiday.between(days[0], days[-1])}


def pattern_of(branch: Branch, year: int) -> Pattern | None:
    """The rules by which a fiscal year of a branch was laid out; None when it is not. One SQL statement."""
    stored = CalendarYear.objects.filter(branch=branch, year=year).values_list("pattern", flat=True).first()
    return None if stored is None else pattern_from_json(stored)


@dataclass(frozen=True)
class Day:
    """One day of a branch's calendar as it is shown."""

    date: date
    closed: bool
    reason: str
    source: str
    opens: str
    closes: str
    special: bool
    """Whether the hours are this date's own."""


def days(branch: Branch, first: date, last: date) -> list[Day]:
    """A branch's calendar day by day. At most five SQL statements for any span within one fiscal year, two more for
    each further year."""
    closing = closing_of(branch)
    rows = ClosedDay.objects.filter(Q(branch=branch) | Q(branch=None), date__range=(first, last))
    # The branch's own line speaks before the one common to all.
    reasons = {row.date: (row.reason, row.source) for row in rows.order_by(F("branch").desc(nulls_first=True))}
    special = {row.date: row for row in DayHours.objects.filter(branch=branch, date__range=(first, last))}
    years = range(fiscal_year(first), fiscal_year(last) + 1)
    patterns = {year: pattern_of(branch, year) or Pattern() for year in years}
    holidays = {day: name for year in years for day, name in national_holidays(year).items()}
    found = []
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        closed = closing.is_closed(day)
        reason, source = reasons.get(day, ("定期休館日", "weekly")) if closed else (holidays.get(day, ""), "")
        hours = hours_on(day, patterns[fiscal_year(day)], day in holidays) or ("", "")
        if day in special:
            hours = (f"{special[day].opens:%H:%M}", f"{special[day].closes:%H:%M}")
            # What was decided for this day is said before what the day is called.
            reason = reason if closed else special[day].reason or reason
        if closed:
            hours = ("", "")
        found.append(Day(day, closed, reason, source, *hours, special=day in special))
    return found
