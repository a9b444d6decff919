"""Quarters, eras and the clock."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from monitoring.reports.period import Quarter
from monitoring.reports.quarter_outlook import add_months
from monitoring.reports.wording import ranges
from office.office import era


@pytest.mark.parametrize(
    ("text", "fiscal", "days"),
    [
        ("2026Q1", "令和7年度 第4四半期", 90),
        ("2026Q2", "令和8年度 第1四半期", 91),
        ("2026Q3", "令和8年度 第2四半期", 92),
        ("2026Q4", "令和8年度 第3四半期", 92),
        ("2028Q1", "令和9年度 第4四半期", 91),
    ],
)
def test_a_quarter_knows_its_days_and_its_name_in_the_fiscal_year(text, fiscal, days):
    quarter = Quarter.parse(text, "Asia/Tokyo")
    assert (quarter.fiscal, len(quarter.days)) == (fiscal, days)
    assert {day.month for day in quarter.days} == set(quarter.months)


def test_the_last_second_of_a_quarter_belongs_to_it():
    quarter = Quarter.parse("2026Q4", "Asia/Tokyo")
    assert quarter.day(quarter.end.timestamp() - 1) == date(2026, 12, 31) == quarter.last_day
    assert quarter.end == datetime(2027, 1, 1, tzinfo=quarter.zone)


def test_the_first_year_of_the_era_is_called_gannen():
    assert era(date(2019, 5, 1)) == "令和元年5月1日"
    assert era(date(2026, 10, 2)) == "令和8年10月2日"
    with pytest.raises(ValueError, match="before the era"):
        era(date(2019, 4, 30))


def test_days_are_written_as_spans():
    assert (
        ranges([date(2026, 7, 1), date(2026, 7, 2), date(2026, 7, 31), date(2026, 8, 1)])
        == "7月1日〜7月2日、7月31日〜8月1日"
    )


def test_months_later_stays_within_the_month():
    assert add_months(date(2025, 12, 1), 48) == date(2029, 12, 1)
    assert add_months(date(2026, 10, 31), 4) == date(2027, 2, 28)
    assert add_months(date(2026, 12, 31), 12) == date(2027, 12, 31)
