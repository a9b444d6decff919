"""How the reports put times, spans of days, results and missing data into words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from monitoring.evidence import Evidence
from monitoring.reports.facts import Facts
from office.office import NO_DATA

RESULT = {True: "合格", False: "不合格", None: "未実施"}
SEVERITIES = {"critical": "重大", "warning": "注意", "info": "情報"}
NO_RECORD = f"{NO_DATA}（実施の記録がない）"


def clock(moment: datetime) -> str:
    """2026-07-14 10:02, which sorts."""
    return f"{moment:%Y-%m-%d %H:%M}"


def began(facts: Facts, item: Evidence) -> str:
    """When a piece of evidence began, in the customer's time."""
    return clock(item.started.astimezone(facts.quarter.zone))


def ranges(days: Iterable[date]) -> str:
    """Days as spans: 7月1日〜7月14日、7月20日."""
    spans: list[list[date]] = []
    for day in days:
        if spans and day - spans[-1][-1] == timedelta(days=1):
            spans[-1].append(day)
        else:
            spans.append([day])
    return "、".join(_day(span[0]) + (f"〜{_day(span[-1])}" if len(span) > 1 else "") for span in spans)


def _day(day: date) -> str:
    return f"{day.month}月{day.day}日"


def nothing(facts: Facts) -> str:
    """What an empty list of events means: none happened, or nobody looked."""
    return "該当なし" if facts.measured_days else NO_DATA


def service_title(facts: Facts, service: str) -> str:
    """A service's title from the inventory; its id when the inventory does not know it."""
    return next((row.title for row in facts.site.services_file.services if row.id == service), service)
