"""What is asked of Prometheus for a month, and how incidents and inquiries become levels."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from app.operations.sources import Prometheus
from app.upkeep import levels
from app.upkeep.rules import gone_by, month_bounds, months_back, months_due, quarter_bounds
from inventory import load

SITE = load("nagano")


class Told(Prometheus):
    """Prometheus' answers by the words in the question."""

    def __init__(self, answers: dict[str, float]) -> None:
        super().__init__("http://127.0.0.1:1")
        self.answers, self.asked = answers, []

    def now(self, expression: str):
        """One series, or none."""
        from app.operations.sources import Series

        self.asked.append(expression)
        return [Series({}, ((0.0, value),)) for words, value in self.answers.items() if words in expression]


@pytest.mark.req("S-ISM-002")
def test_a_month_is_asked_for_exactly_and_judged_by_the_contract():
    now = datetime(2026, 12, 5, 12, tzinfo=ZoneInfo("Asia/Tokyo"))
    source = Told({'opac[.].*"}[': 99.95, 'staff[.].*"}[': 99.2, "pg_up": 100.0})
    found = {row.code: row for row in levels.measure(SITE, source, "2026-11", now, [], [])}
    assert found["availability-opac"].value == 99.95
    assert found["availability-staff"].value == 99.2
    assert found["recovery"].value is None
    end = int(datetime(2026, 12, 1, tzinfo=now.tzinfo).timestamp())
    assert all(f"[{30 * 86400}s] @ {end}" in question for question in source.asked)
    with pytest.raises(ValueError, match="not begun"):
        levels.measure(SITE, source, "2027-01", now, [], [])


@dataclass
class Happened:
    """An incident or an inquiry of November."""

    received_at: datetime
    recovered_at: datetime | None = None
    arrived_at: datetime | None = None
    solved_at: datetime | None = None
    visit_at: datetime | None = None
    onsite: bool = True
    severity: str = "critical"


@pytest.mark.req("S-ISM-002")
def test_recovery_the_hour_and_the_two_days_are_counted_from_the_records():
    zone = ZoneInfo("Asia/Tokyo")

    def at(day: int, hour: int, minute: int = 0) -> datetime:
        return datetime(2026, 11, day, hour, minute, tzinfo=zone)

    incidents = [
        Happened(at(4, 10), recovered_at=at(4, 13), arrived_at=at(4, 11)),
        Happened(at(6, 10), recovered_at=at(6, 15), arrived_at=at(6, 11, 1)),
        Happened(datetime(2026, 10, 31, 10, tzinfo=zone)),
    ]
    inquiries = [
        Happened(at(11, 10), solved_at=at(13, 18)),
        Happened(at(11, 10), visit_at=at(12, 10)),
        Happened(at(11, 10), solved_at=at(14, 10)),
        Happened(at(11, 10)),
    ]
    now = datetime(2026, 12, 5, 12, tzinfo=zone)
    found = {row.code: row for row in levels.measure(SITE, Told({}), "2026-11", now, incidents, inquiries)}
    assert (found["recovery"].value, found["onsite"].value, found["inquiries"].value) == (5.0, 50.0, 50.0)
    assert (found["recovery"].goal, found["recovery"].at_most) == (4.0, True)


def test_the_clock_measures_the_running_month_and_past_ones_until_they_have_settled():
    zone = ZoneInfo("Asia/Tokyo")
    began = date(2025, 12, 15)

    def due(day: datetime, **measured: datetime) -> list[str]:
        return months_due(day, began, {f"2026-{month[1:]}": at for month, at in measured.items()})

    now = datetime(2026, 12, 8, 0, 40, tzinfo=zone)
    assert due(now) == ["2026-09", "2026-10", "2026-11", "2026-12"]
    assert due(now, m12=now) == ["2026-09", "2026-10", "2026-11", "2026-12"]
    settled = datetime(2026, 12, 6, 0, 40, tzinfo=zone)
    assert due(now, m09=settled, m10=settled, m11=settled) == ["2026-12"]
    # Measured on the last day, on the first days after it: people still enter what happened.
    assert "2026-11" in due(now, m11=datetime(2026, 11, 30, 0, 40, tzinfo=zone))
    assert "2026-11" in due(now, m11=datetime(2026, 12, 5, 0, 40, tzinfo=zone))
    # Nothing is measured of months before the service began.
    assert months_due(datetime(2026, 1, 3, tzinfo=zone), began, {}) == ["2025-12", "2026-01"]


def test_months_and_quarters():
    assert months_back(date(2026, 2, 1), 3) == ["2026-02", "2026-01", "2025-12"]
    assert [day.isoformat() for day in month_bounds("2024-02")] == ["2024-02-01", "2024-02-29"]
    assert [day.isoformat() for day in quarter_bounds("2026Q4")] == ["2026-10-01", "2026-12-31"]
    assert gone_by(["2026Q1"], "2025Q4", "2026Q2") == ["2025Q4", "2026Q2"]
    for wrong in ("2026Q5", "26Q1", "2026", "Q1"):
        with pytest.raises(ValueError, match="quarter"):
            quarter_bounds(wrong)
