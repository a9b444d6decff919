"""When a place is open, and when the van comes. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

LONGEST_CLOSURE_DAYS = 400
ONE_DAY = timedelta(days=1)
WEEKDAYS = "月火水木金土日"


def fiscal_year(day: date) -> int:
    """The year of account (年度) of a day: it begins on 1 April."""
    return day.year if day.month >= 4 else day.year - 1


@dataclass(frozen=True)
class Closing:
    """When one branch is closed: on its weekly days (Monday 0 … Sunday 6) and on dates; in a fiscal year that is laid
    out, on those dates alone."""

    weekdays: frozenset[int] = frozenset()
    dates: frozenset[date] = frozenset()
    laid_out: frozenset[int] = frozenset()

    def is_closed(self, day: date) -> bool:
        """Whether the branch is closed that day."""
        if day in self.dates:
            return True
        return day.weekday() in self.weekdays and fiscal_year(day) not in self.laid_out


def next_open(day: date, closing: Closing) -> date:
    """The first open day on or after `day`. ValueError when there is none within 400 days."""
    for offset in range(LONGEST_CLOSURE_DAYS):
        candidate = day + timedelta(days=offset)
        if not closing.is_closed(candidate):
            return candidate
    raise ValueError(f"no open day within {LONGEST_CLOSURE_DAYS} days of {day}")


def add_open_days(day: date, count: int, closing: Closing) -> date:
    """The `count`-th open day after `day`; `day` itself when the count is 0. ValueError when a closure never ends."""
    for _ in range(count):
        day = next_open(day + ONE_DAY, closing)
    return day


def next_delivery(day: date, weekdays: Collection[int], closing: Closing) -> date | None:
    """The first day after `day` on which the van calls at a branch that is open. None when no van calls there or the
    branch does not open within 400 days."""
    if not weekdays:
        return None
    for offset in range(1, LONGEST_CLOSURE_DAYS):
        candidate = day + timedelta(days=offset)
        if candidate.weekday() in weekdays and not closing.is_closed(candidate):
            return candidate
    return None


def year_end(year: int) -> tuple[date, ...]:
    """The year-end closure that begins in `year`: 29 December to 3 January."""
    return tuple(date(year, 12, 29) + timedelta(days=offset) for offset in range(6))


HOLIDAY_RULES = {
    "ignore": "祝日も曜日どおり",
    "close": "祝日は休館",
    "open": "休館曜日が祝日なら開館",
    "shift": "休館曜日が祝日なら開館し、次の平日を休館",
}


@dataclass(frozen=True)
class Pattern:
    """The rules from which a year's closed days are laid out.

    `nth` holds (n, weekday) pairs, (4, 3) being the fourth Thursday; `tidy` is a day of the month (31: the last one);
    `year_end` the first and last closed day as (month, day); `hours` opening and closing time by weekday, and under 7
    those of national holidays.
    """

    weekdays: frozenset[int] = frozenset()
    nth: tuple[tuple[int, int], ...] = ()
    tidy: int = 0
    year_end: tuple[tuple[int, int], tuple[int, int]] | None = ((12, 29), (1, 3))
    holidays: str = "ignore"
    hours: Mapping[int, tuple[str, str]] = field(default_factory=dict)


def days_of(year: int) -> list[date]:
    """Every day of a fiscal year."""
    first = date(year, 4, 1)
    return [first + timedelta(days=offset) for offset in range((date(year + 1, 4, 1) - first).days)]


def lay_out(year: int, pattern: Pattern, holidays: Mapping[date, str]) -> dict[date, str]:
    """The closed days of a fiscal year with their reasons. `holidays` are the national ones of that time.

    The year-end closure stands above all; a holiday may open a weekly closing day; n-th weekdays and tidy-up days
    close even on a holiday.
    """
    days = days_of(year)
    closed: dict[date, str] = {}
    moved: list[date] = []
    for day in days:
        holiday = day in holidays
        if day.weekday() in pattern.weekdays:
            if holiday and pattern.holidays in ("open", "shift"):
                moved.append(day)
            else:
                closed[day] = "定期休館日"
        elif holiday and pattern.holidays == "close":
            closed[day] = holidays[day]
    for day in days:
        if ((day.day - 1) // 7 + 1, day.weekday()) in pattern.nth:
            closed[day] = "定例休館日"
        if pattern.tidy and day.day == min(pattern.tidy, _last_of_month(day)):
            closed[day] = "館内整理日"
    for day in _year_end_days(year, pattern):
        closed[day] = "年末年始"
    if pattern.holidays == "shift":
        for day in moved:
            put = day + ONE_DAY
            while put in closed or put in holidays:
                put += ONE_DAY
            if put <= days[-1]:
                closed[put] = "振替休館日"
    return closed


def _last_of_month(day: date) -> int:
    return ((day.replace(day=28) + timedelta(days=4)).replace(day=1) - ONE_DAY).day


def _in_year(year: int, month: int, day: int) -> date:
    """A day of a fiscal year; 29 February becomes the 28th where there is none."""
    first = date(year + (month < 4), month, 1)
    return first.replace(day=min(day, _last_of_month(first)))


def _year_end_days(year: int, pattern: Pattern) -> list[date]:
    if pattern.year_end is None:
        return []
    first, last = (_in_year(year, month, day) for month, day in pattern.year_end)
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]


def pattern_to_json(pattern: Pattern) -> dict[str, object]:
    """A pattern as the database keeps it."""
    return {
        "weekdays": sorted(pattern.weekdays),
        "nth": [list(pair) for pair in pattern.nth],
        "tidy": pattern.tidy,
        "year_end": [list(pair) for pair in pattern.year_end] if pattern.year_end else None,
        "holidays": pattern.holidays,
        "hours": {str(weekday): list(pair) for weekday, pair in sorted(pattern.hours.items())},
    }


def pattern_from_json(stored: Mapping[str, Any]) -> Pattern:
    """The pattern that `pattern_to_json` wrote; missing parts are the defaults."""
    end = stored.get("year_end")
    return Pattern(
        weekdays=frozenset(stored.get("weekdays", ())),
        nth=tuple((int(n), int(weekday)) for n, weekday in stored.get("nth", ())),
        tidy=int(stored.get("tidy", 0)),
        year_end=((end[0][0], end[0][1]), (end[1][0], end[1][1])) if end else None,
        holidays=str(stored.get("holidays", "ignore")),
        hours={int(weekday): (pair[0], pair[1]) for weekday, pair in stored.get("hours", {}).items()},
    )


HOLIDAY_HOURS = 7


def hours_on(day: date, pattern: Pattern, holiday: bool) -> tuple[str, str] | None:
    """Opening and closing time by the pattern, e.g. ("09:45", "19:00"); None when it names none for that weekday."""
    if holiday and HOLIDAY_HOURS in pattern.hours:
        return pattern.hours[HOLIDAY_HOURS]
    return pattern.hours.get(day.weekday())
