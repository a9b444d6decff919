"""A quarter of the year in the customer's time zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from office.office import era, era_year


@dataclass(frozen=True)
class Quarter:
    """A calendar quarter: 2026Q3 is July to September 2026, the second quarter of fiscal 令和8年度."""

    year: int
    number: int
    zone: ZoneInfo

    @classmethod
    def parse(cls, text: str, zone: str) -> Quarter:
        """`2026Q3` → that quarter. ValueError with a sentence when the text is no quarter."""
        match = re.fullmatch(r"(20[0-9]{2})Q([1-4])", text)
        if match is None:
            raise ValueError(f"{text!r} is no quarter: write a year and a quarter of the calendar year, as 2026Q3")
        return cls(int(match[1]), int(match[2]), ZoneInfo(zone))

    @property
    def first_day(self) -> date:
        return date(self.year, 3 * self.number - 2, 1)

    @property
    def last_day(self) -> date:
        return self.end.date() - timedelta(days=1)

    @property
    def start(self) -> datetime:
        """The first instant."""
        return datetime(self.year, 3 * self.number - 2, 1, tzinfo=self.zone)

    @property
    def end(self) -> datetime:
        """The first instant after it."""
        year, month = (self.year + 1, 1) if self.number == 4 else (self.year, 3 * self.number + 1)
        return datetime(year, month, 1, tzinfo=self.zone)

    @property
    def days(self) -> tuple[date, ...]:
        count = (self.last_day - self.first_day).days + 1
        return tuple(self.first_day + timedelta(days=offset) for offset in range(count))

    @property
    def months(self) -> tuple[int, int, int]:
        first = self.first_day.month
        return first, first + 1, first + 2

    @property
    def fiscal(self) -> str:
        """Its name in the city's year, which begins in April: 令和8年度 第2四半期."""
        year = self.year - (1 if self.number == 1 else 0)
        return f"{era_year(date(year, 4, 1))[:-1]}年度 第{(self.number + 2) % 4 + 1}四半期"

    @property
    def span(self) -> str:
        """令和8年7月1日から令和8年9月30日まで."""
        return f"{era(self.first_day)}から{era(self.last_day)}まで"

    def day(self, moment: float | datetime) -> date:
        """The local day of an instant (Unix seconds or an aware datetime)."""
        if isinstance(moment, datetime):
            return moment.astimezone(self.zone).date()
        return datetime.fromtimestamp(moment, self.zone).date()

    def __str__(self) -> str:
        return f"{self.year}Q{self.number}"
