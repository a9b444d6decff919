"""Hours of reception and of the library, as contract.yml promises them. Pure: days and moments come in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import jpholiday

from inventory import load
from inventory.schema import Hours as Row

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LONGEST_CLOSURE = 60


@dataclass(frozen=True)
class Hours:
    """Hours by day. `closed` are (month, day) of every year."""

    opens: time
    closes: time
    closes_on_holidays: time
    weekdays: frozenset[int]
    closed: frozenset[tuple[int, int]]
    zone: ZoneInfo

    def on(self, day: date) -> tuple[datetime, datetime] | None:
        """When it opens and closes on a day; None when it stays closed."""
        if day.weekday() not in self.weekdays or (day.month, day.day) in self.closed:
            return None
        closes = self.closes_on_holidays if day.weekday() >= 5 or jpholiday.is_holiday(day) else self.closes
        return datetime.combine(day, self.opens, self.zone), datetime.combine(day, closes, self.zone)

    def covers(self, at: datetime) -> bool:
        """Whether a moment lies within the hours; the minute of closing no more."""
        span = self.on(at.astimezone(self.zone).date())
        return span is not None and span[0] <= at < span[1]

    def overlaps(self, starts: datetime, ends: datetime) -> list[tuple[datetime, datetime]]:
        """The parts of [starts, ends) that lie within the hours, in order."""
        spans = (self.on(day) for day in _days(starts.astimezone(self.zone).date(), ends.astimezone(self.zone).date()))
        parts = ((max(span[0], starts), min(span[1], ends)) for span in spans if span)
        return [part for part in parts if part[0] < part[1]]

    def after_days(self, at: datetime, days: int) -> datetime:
        """The end of the hours on the `days`-th open day after the day of `at`: what is due within so many days."""
        left, day = days, at.astimezone(self.zone).date()
        for _ in range(days + LONGEST_CLOSURE):
            day += timedelta(days=1)
            span = self.on(day)
            left -= span is not None
            if span and left <= 0:
                return span[1]
        raise ValueError(f"no open day within {LONGEST_CLOSURE} days after {at}")


def _days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += timedelta(days=1)


def of(row: Row, timezone: str) -> Hours:
    """The hours of a row of contract.yml."""
    return Hours(
        opens=time.fromisoformat(row.from_),
        closes=time.fromisoformat(row.until),
        closes_on_holidays=time.fromisoformat(row.until_holidays or row.until),
        weekdays=frozenset(WEEKDAYS.index(day) for day in row.weekdays),
        closed=frozenset((int(day[:2]), int(day[3:])) for day in row.closed),
        zone=ZoneInfo(timezone),
    )


@lru_cache(maxsize=4)
def reception(inventory: str) -> Hours:
    """When calls are taken (read once per process)."""
    site = load(inventory)
    return of(site.contract.support_hours, site.organisation.timezone)


@lru_cache(maxsize=4)
def library(inventory: str) -> Hours:
    """When the main library is open (read once per process)."""
    site = load(inventory)
    return of(site.contract.opening_hours, site.organisation.timezone)
