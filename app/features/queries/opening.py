"""When everything is open, from the calendars as they are at this moment."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, time, timedelta

from app.branches import notation
from app.branches import queries as branches
from app.branches.models import Branch, MobileDay
from app.branches.queries import Day
from app.branches.revisions import kept
from app.branches.rules import fiscal_year, next_open
from app.features.queries.titles import in_use


@dataclass(frozen=True)
class Visit:
    """A stop of the mobile library on a day; `cancelled` says why it does not come."""

    date: date
    course: str
    place: str
    address: str
    arrives: time
    leaves: time
    cancelled: str


@dataclass(frozen=True)
class Place:
    """One library today: its day, the next day on which it opens, and closures of the coming days that were not
    foreseen when the year was laid out."""

    branch: Branch
    today: Day
    next_open: date | None
    special: list[Day]
    visits: list[Visit]


# How far ahead closures are told on the overview.
AHEAD_DAYS = 14
# What lays a day out by rule; everything else was decided for that day.
BY_RULE = ("rule", "weekly")


def days(branch: Branch, first: date, last: date) -> list[Day]:
    """A library's days from memory; a change of any calendar, by whatever process, is seen a second later. No SQL
    statement while nothing changed, else as `branches.days`."""
    key = ("features.days", branch.pk, branch.closed_weekdays, first, last)
    return kept("calendar", key, lambda: branches.days(branch, first, last))


def today_everywhere(today: date) -> list[Place]:
    """Every library with its day and what is special soon. Four SQL statements while no calendar changed."""
    visits = visits_between(today, today)
    found = []
    for branch in in_use():
        coming = days(branch, today, today + timedelta(days=AHEAD_DAYS))
        found.append(Place(branch, coming[0], _next_open(branch, today), _special(coming), visits.get(branch.pk, [])))
    return found


def _special(shown: list[Day]) -> list[Day]:
    return [day for day in shown if (day.closed and day.source not in BY_RULE) or day.special]


def _next_open(branch: Branch, today: date) -> date | None:
    try:
        return next_open(today + timedelta(days=1), branches.closing_of(branch))
    except ValueError:  # closed for longer than anybody looks ahead
        return None


def visits_between(first: date, last: date, branch: Branch | None = None) -> dict[int, list[Visit]]:
    """The stops of the mobile libraries by library, in time's order. On a day on which its library is closed it does
    not come, and the closure says why. Two SQL statements."""
    rows = MobileDay.objects.filter(date__range=(first, last)).select_related("course__branch")
    if branch is not None:
        rows = rows.filter(course__branch=branch)
    calendars: dict[int, dict[date, Day]] = {}
    found: dict[int, list[Visit]] = defaultdict(list)
    for row in rows.prefetch_related("course__stops"):
        place = row.course.branch
        if place.pk not in calendars:
            calendars[place.pk] = {day.date: day for day in days(place, first, last)}
        closed = calendars[place.pk][row.date]
        why = row.cancelled or (closed.reason if closed.closed else "")
        found[place.pk] += [
            Visit(row.date, row.course.name, stop.name, stop.address, stop.arrives, stop.leaves, why)
            for stop in row.course.stops.all()
        ]
    for visits in found.values():
        visits.sort(key=lambda visit: (visit.date, visit.arrives, visit.course))
    return found


@dataclass(frozen=True)
class Month:
    """A month of a library as weeks from Sunday; None beside its ends."""

    first: date
    weeks: list[list[Day | None]]
    notes: list[Day]


def month(branch: Branch, first: date) -> Month:
    """One month of a library. Cost as `days`."""
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    shown = days(branch, first, last)
    cells: list[Day | None] = [None] * ((first.weekday() + 1) % 7) + list(shown)
    cells += [None] * (-len(cells) % 7)
    weeks = [cells[place : place + 7] for place in range(0, len(cells), 7)]
    return Month(first, weeks, _special(shown))


def usual_hours(branch: Branch, day: date) -> list[tuple[str, str]]:
    """The hours by weekday in force on a day: (weekdays, hours). At most one SQL statement."""
    pattern = kept(
        "calendar",
        ("features.pattern", branch.pk, fiscal_year(day)),
        lambda: branches.pattern_of(branch, fiscal_year(day)),
    )
    lines = notation.hours_text(pattern.hours).splitlines() if pattern else []
    return [(days, hours.replace("-", "～")) for days, _, hours in (line.partition(" ") for line in lines)]
