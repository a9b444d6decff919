"""Reads about places."""

from collections import defaultdict
from datetime import date

from app.branches.models import Branch, CalendarYear, ClosedDay, DeliveryDay
from app.branches.revisions import kept
from app.branches.rules import Closing, fiscal_year, next_delivery


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
