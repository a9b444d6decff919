"""Pure decisions about keeping records: no files, no ORM, no clock."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date


def last_disposable(today: date, years: int) -> date:
    """The last day of arrival whose records have been kept for their years (contract.yml: six)."""
    try:
        limit = today.replace(year=today.year - years)
    except ValueError:  # the 29th of February
        limit = today.replace(year=today.year - years, day=28)
    return date.fromordinal(limit.toordinal() - 1)


def refusal(through: date, today: date, years: int) -> str:
    """Why records up to this day may not be disposed of; empty when they may."""
    last = last_disposable(today, years)
    if through > last:
        return f"保存期間（{years}年）を過ぎていません。処分できるのは {last:%Y/%m/%d} までの記録です。"
    return ""


def affected(days: Iterable[str], through: date) -> list[str]:
    """The names of the closed days (`2026/11/22`, `2026/11/22.1`) up to a date."""
    limit = f"{through:%Y/%m/%d}"
    return [name for name in days if name.partition(".")[0] <= limit]
