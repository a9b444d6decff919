"""Service levels of a month: what was promised, asked of Prometheus and of the console's own records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from app.incidents.rules import is_late
from app.operations import hours
from app.operations.sources import Prometheus, SourceDown
from app.upkeep import rules
from inventory import Inventory

# Promised beyond the contract's own figures (別紙2 第2 サービス水準): seconds of an answer, hours to recovery.
RESPONSE_SECONDS = 3.0
RECOVERY_HOURS = 4.0
VISIT_AFTER_DAYS = 2


class Called(Protocol):
    """What is needed of an incident."""

    received_at: datetime
    recovered_at: datetime | None
    arrived_at: datetime | None
    onsite: bool
    severity: str


class Asked(Protocol):
    """What is needed of an inquiry."""

    received_at: datetime
    solved_at: datetime | None
    visit_at: datetime | None


@dataclass(frozen=True)
class Measured:
    """One level of one month. `value` None: nothing was measured, or nothing happened that it could be measured by."""

    code: str
    title: str
    unit: str
    goal: float
    value: float | None
    at_most: bool = False


def measure(
    site: Inventory,
    source: Prometheus,
    month: str,
    now: datetime,
    incidents: Iterable[Called],
    inquiries: Iterable[Asked],
) -> list[Measured]:
    """Every level of a month, up to `now` when it is not over. A silent Prometheus leaves its levels unmeasured."""
    first, last = rules.month_bounds(month)
    begin = datetime.combine(first, datetime.min.time(), now.tzinfo)
    end = min(datetime.combine(last + timedelta(days=1), datetime.min.time(), now.tzinfo), now)
    if end <= begin:
        raise ValueError(f"{month} has not begun")
    mine = [row for row in incidents if begin <= row.received_at < end]
    questions = [row for row in inquiries if begin <= row.received_at < end]
    return [*_served(site, source, begin, end), *_done(site, mine, questions, end)]


def _served(site: Inventory, source: Prometheus, begin: datetime, end: datetime) -> list[Measured]:
    goal = site.contract.availability_goal_percent
    span = f"[{int((end - begin).total_seconds())}s] @ {int(end.timestamp())}"
    titles = {"opac": "蔵書検索（OPAC）", "staff": "窓口業務"}
    found = []
    for name, title in titles.items():
        match = f'{{service="library",name=~"{name}[.].*"}}'
        up = _one(source, f"100 * avg(avg_over_time(probe_success{match}{span}))")
        found.append(Measured(f"availability-{name}", f"稼働率 {title}", "%", goal, up))
    data = _one(source, f"100 * avg(avg_over_time(pg_up{span}))")
    found.append(Measured("availability-data", "稼働率 データベース", "%", goal, data))
    for name, title in titles.items():
        match = f'{{service="library",name=~"{name}[.].*"}}'
        slow = _one(source, f"max(quantile_over_time(0.95, probe_duration_seconds{match}{span}))")
        found.append(Measured(f"response-{name}", f"応答（95%点） {title}", "秒", RESPONSE_SECONDS, slow, at_most=True))
    return found


def _one(source: Prometheus, expression: str) -> float | None:
    try:
        values = [series.last for series in source.now(expression)]
    except SourceDown:
        return None
    return values[0] if values else None


def _done(site: Inventory, incidents: list[Called], inquiries: list[Asked], now: datetime) -> list[Measured]:
    heavy = [row for row in incidents if row.severity == "critical"]
    ends = [(row.recovered_at or now) - row.received_at for row in heavy]
    longest = max((end.total_seconds() / 3600 for end in ends), default=None)
    called = [row for row in incidents if row.onsite]
    promised = site.contract.onsite_minutes
    in_time = [not is_late(row.received_at, row.arrived_at, promised, now) for row in called]
    solved = [_within(site, row, now) for row in inquiries]
    return [
        Measured("recovery", "重大障害の復旧時間（最長）", "時間", RECOVERY_HOURS, longest, at_most=True),
        Measured("onsite", f"駆けつけ{promised}分以内の割合", "%", 100.0, _share(in_time)),
        Measured("inquiries", "問合せを2開館日以内に解決・訪問した割合", "%", 100.0, _share(solved)),
    ]


def _within(site: Inventory, row: Asked, now: datetime) -> bool:
    done = [moment for moment in (row.solved_at, row.visit_at) if moment]
    opening = hours.of(site.contract.opening_hours, site.organisation.timezone)
    due = opening.after_days(row.received_at, VISIT_AFTER_DAYS)
    return now < due or (bool(done) and min(done) <= due)


def _share(good: list[bool]) -> float | None:
    return 100.0 * sum(good) / len(good) if good else None
