"""Pure decisions about the log: how long it is kept, and when looking becomes too much."""

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Watch:
    """How many different people somebody may look at in how many minutes before administrators are told (F-AUD-010)."""

    people: int = 100
    minutes: int = 10

    @property
    def span(self) -> timedelta:
        """The time looked back over."""
        return timedelta(minutes=self.minutes)


def too_many(people: int, watch: Watch) -> bool:
    """Whether administrators are told."""
    return people >= watch.people


def next_month(month: date) -> date:
    """The first of the month after; the last day there is, where there is none."""
    if (month.year, month.month) == (date.max.year, date.max.month):
        return date.max
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def kept_until(month: date, years: int) -> date:
    """The first day on which the events of a month need not be kept: `years` after the month's end."""
    after = next_month(month)
    return after.replace(year=min(after.year + years, date.max.year))


def disposable(month: date, today: date, years: int) -> bool:
    """Whether a month's keeping is over."""
    return kept_until(month, years) <= today
