"""When a place is open. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta

LONGEST_CLOSURE_DAYS = 400


@dataclass(frozen=True)
class Closing:
    """Closed weekdays (Monday 0 … Sunday 6) and closed dates of one branch."""

    weekdays: frozenset[int] = frozenset()
    dates: frozenset[date] = frozenset()

    def is_closed(self, day: date) -> bool:
        """Whether the branch is closed that day."""
        return day.weekday() in self.weekdays or day in self.dates


def next_open(day: date, closing: Closing) -> date:
    """The first open day on or after `day`. ValueError when there is none within 400 days."""
    for offset in range(LONGEST_CLOSURE_DAYS):
        candidate = day + timedelta(days=offset)
        if not closing.is_closed(candidate):
            return candidate
    raise ValueError(f"no open day within {LONGEST_CLOSURE_DAYS} days of {day}")


def year_end(year: int) -> tuple[date, ...]:
    """The year-end closure that begins in `year`: 29 December to 3 January."""
    return tuple(date(year, 12, 29) + timedelta(days=offset) for offset in range(6))
