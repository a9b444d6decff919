"""Reads of incidents and inquiries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from app.incidents import rules
from app.incidents.models import Incident, Inquiry
from app.operations import hours
from app.operations.health import site

VISIT_AFTER_DAYS = 2


@dataclass(frozen=True)
class Line:
    """An incident in a list, with what follows from its times."""

    incident: Incident
    missing: tuple[str, ...]
    minutes_to_arrival: int | None
    late: bool
    unanswered: bool

    @property
    def is_open(self) -> bool:
        """Whether something is left to do."""
        return self.incident.closed_at is None


def promised_minutes() -> int:
    """Minutes from reception to arrival that the contract promises."""
    return site(settings.INVENTORY).contract.onsite_minutes


def line(incident: Incident, now: datetime) -> Line:
    """One incident with what follows. One SQL statement unless the stages were fetched before."""
    missing = rules.missing_stages(row.stage for row in incident.stages.all())
    late = incident.onsite and rules.is_late(incident.received_at, incident.arrived_at, promised_minutes(), now)
    return Line(
        incident,
        tuple(rules.STAGES[stage] for stage in missing),
        rules.minutes_between(incident.received_at, incident.arrived_at) if incident.onsite else None,
        bool(late),
        incident.responded_at is None and reception().covers(incident.received_at),
    )


def reception() -> hours.Hours:
    """When calls are taken."""
    return hours.reception(settings.INVENTORY)


def incidents(*, only_open: bool = False, words: str = "", kind: str = "") -> list[Line]:
    """Incidents, newest first; by words in title, number or device. Two SQL statements."""
    found = Incident.objects.prefetch_related("stages")
    if only_open:
        found = found.filter(closed_at=None)
    if kind:
        found = found.filter(kind=kind)
    if words:
        found = found.filter(Q(title__contains=words) | Q(number__contains=words) | Q(host__contains=words))
    now = timezone.now()
    return [line(incident, now) for incident in found[:1000]]


def open_count() -> int:
    """How many incidents are not closed. One SQL statement."""
    return Incident.objects.filter(closed_at=None).count()


@dataclass(frozen=True)
class Moment:
    """One line of the course of an incident."""

    at: datetime
    by: str
    what: str
    text: str


def course(incident: Incident) -> list[Moment]:
    """Everything that happened, in order: stages, times, remarks, reports. Three SQL statements."""
    found = [Moment(row.at, row.by, row.get_stage_display(), row.text) for row in incident.stages.all()]
    found += [Moment(row.at, row.by, "経過", row.text) for row in incident.remarks.all()]
    found += [
        Moment(row.at, row.by, row.get_kind_display(), f"{row.to}へ{row.get_way_display()}で報告。{row.text}")
        for row in incident.tellings.all()
    ]
    times = {
        "応答": incident.responded_at,
        "出発": incident.departed_at,
        "到着": incident.arrived_at,
        "復旧": incident.recovered_at,
        "完了": incident.closed_at,
    }
    found += [Moment(at, incident.assignee, name, "") for name, at in times.items() if at]
    return sorted(found, key=lambda moment: moment.at)


@dataclass(frozen=True)
class Trend:
    """What the incidents of a quarter say together."""

    quarter: str
    total: int
    causes: dict[str, int]
    hosts: dict[str, int]
    measures: dict[str, int]
    proposals: list[rules.Proposal]
    onsite: int
    late: int


def trend(quarter: str, rows: Iterable[Incident], now: datetime) -> Trend:
    """The incidents of one quarter. No SQL."""
    own = [row for row in rows if rules.quarter_of(timezone.localtime(row.received_at).date()) == quarter]
    called = [row for row in own if row.onsite]
    return Trend(
        quarter,
        len(own),
        rules.by_cause(own),
        rules.by_host(own),
        rules.by_state(own, dict(Incident.Measure.choices)),
        rules.proposals(own),
        len(called),
        sum(rules.is_late(row.received_at, row.arrived_at, promised_minutes(), now) for row in called),
    )


def trends(today: date, quarters: int = 4) -> list[Trend]:
    """The last quarters, this one first. One SQL statement."""
    rows = list(Incident.objects.all())
    now = timezone.now()
    names, day = [], today
    for _ in range(quarters):
        names.append(rules.quarter_of(day))
        first = date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
        day = date.fromordinal(first.toordinal() - 1)
    return [trend(name, rows, now) for name in names]


@dataclass(frozen=True)
class Asked:
    """An inquiry in a list: `due` is when it must be solved or handed over to a visit."""

    inquiry: Inquiry
    due: datetime
    overdue: bool
    unanswered: bool


def inquiries(*, only_open: bool = False, words: str = "") -> list[Asked]:
    """Inquiries, newest first. One SQL statement."""
    found: QuerySet[Inquiry] = Inquiry.objects.all()
    if only_open:
        found = found.filter(solved_at=None)
    if words:
        found = found.filter(Q(subject__contains=words) | Q(text__contains=words) | Q(number__contains=words))
    now = timezone.now()
    return [asked(row, now) for row in found[:1000]]


def asked(inquiry: Inquiry, now: datetime) -> Asked:
    """One inquiry with what follows: unsolved past its second opening day, and no visit, is overdue. No SQL."""
    due = hours.library(settings.INVENTORY).after_days(inquiry.received_at, VISIT_AFTER_DAYS)
    overdue = inquiry.solved_at is None and inquiry.visit_at is None and now >= due
    unanswered = inquiry.responded_at is None and reception().covers(inquiry.received_at)
    return Asked(inquiry, due, overdue, unanswered)


def missed() -> tuple[list[Incident], list[Inquiry]]:
    """What came in within the hours of reception and nobody has responded to (受付漏れ). Two SQL statements."""
    covers = reception().covers
    return (
        [row for row in Incident.objects.filter(responded_at=None) if covers(row.received_at)],
        [row for row in Inquiry.objects.filter(responded_at=None) if covers(row.received_at)],
    )


def _iso(at: date | datetime | None) -> str | None:
    return timezone.localtime(at).isoformat() if isinstance(at, datetime) else at.isoformat() if at else None


def _fields(row: Incident | Inquiry, names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names.split()}


def _moments(row: Incident | Inquiry, names: str) -> dict[str, Any]:
    return {name: _iso(getattr(row, name)) for name in names.split()}


def records() -> dict[str, list[dict[str, Any]]]:
    """Everything, for the reports: English keys, times with zone. Five SQL statements."""
    found = Incident.objects.prefetch_related("stages", "remarks", "tellings").order_by("received_at", "pk")
    now = timezone.now()
    return {
        "incidents": [_incident(row, now) for row in found],
        "inquiries": [_inquiry(row, now) for row in Inquiry.objects.order_by("received_at", "pk")],
    }


def _incident(row: Incident, now: datetime) -> dict[str, Any]:
    seen = line(row, now)
    return {
        **_fields(row, "number kind title source severity host place alert informant received_by onsite assignee"),
        **_fields(row, "impact cause cause_text measure measure_state affected_people responsibility compliance"),
        **_fields(row, "cost_yen"),
        "cause_title": rules.CAUSES.get(row.cause, ""),
        "measure_state_title": row.get_measure_state_display(),
        "severity_title": row.get_severity_display(),
        **_moments(row, "received_at responded_at departed_at arrived_at recovered_at closed_at due measure_due"),
        "minutes_to_arrival": seen.minutes_to_arrival,
        "promised_minutes": promised_minutes(),
        "late": seen.late,
        "missing_stages": list(seen.missing),
        "stages": [
            {"stage": mark.stage, "title": mark.get_stage_display(), "at": _iso(mark.at), "by": mark.by,
             "text": mark.text}
            for mark in row.stages.all()
        ],
        "tellings": [
            {"kind": told.kind, "title": told.get_kind_display(), "at": _iso(told.at), "to": told.to, "by": told.by,
             "way": told.get_way_display(), "text": told.text}
            for told in row.tellings.all()
        ],
    }  # fmt: skip


def _inquiry(row: Inquiry, now: datetime) -> dict[str, Any]:
    seen = asked(row, now)
    return {
        **_fields(row, "number way sender place subject text received_by answer answered_by visit_by visit_text"),
        **_moments(row, "received_at responded_at solved_at visit_at"),
        "due": _iso(seen.due),
        "overdue": seen.overdue,
        "unanswered": seen.unanswered,
    }
