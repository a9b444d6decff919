"""Reads of work, inspections, treatments, planned stops, updates and levels."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Max, Q
from django.utils import timezone

from app.incidents.rules import quarter_of
from app.operations import hours
from app.operations.health import site
from app.upkeep import rules
from app.upkeep.models import Inspection, Level, PlannedStop, Treatment, Update, Work

NOTICE_DAYS = 7


def works(words: str = "", *, runs: str = "") -> list[Work]:
    """Work, newest first; `runs` "changed" leaves out runs that changed nothing or only looked. One SQL statement."""
    found = Work.objects.all()
    if words:
        found = found.filter(Q(title__contains=words) | Q(number__contains=words) | Q(by__contains=words))
    if runs == "changed":
        found = found.filter(check_only=False).filter(Q(run=None) | ~Q(figures__changed=0.0))
    return list(found[:500])


@dataclass(frozen=True)
class Progress:
    """An inspection and how far it is."""

    inspection: Inspection
    total: int
    undone: int
    bad: int


def progress(inspection: Inspection) -> Progress:
    """How far an inspection is. One SQL statement unless its items were fetched before."""
    results = [item.result for item in inspection.items.all()]
    return Progress(inspection, len(results), results.count(""), results.count("bad"))


def inspections() -> list[Progress]:
    """Every inspection, newest first. Two SQL statements."""
    return [progress(row) for row in Inspection.objects.prefetch_related("items")]


def inspections_missed(today: date) -> list[str]:
    """Quarters since the service began, up to this one, without a finished inspection. One SQL statement."""
    begun = site(settings.INVENTORY).contract.service_from
    done = Inspection.objects.exclude(finished_at=None).values_list("quarter", flat=True)
    first = max(begun, today.replace(year=today.year - 6, day=1))
    return rules.gone_by(done, quarter_of(first), quarter_of(today))


def treatments() -> list[Treatment]:
    """Treatments, newest first. One SQL statement."""
    return list(Treatment.objects.all()[:500])


@dataclass(frozen=True)
class Planned:
    """A planned stop with what follows: the parts of the opening hours it takes, and from when it is announced."""

    stop: PlannedStop
    overlaps: list[tuple[datetime, datetime]]
    announced_from: datetime
    short_notice: bool


def planned(stop: PlannedStop) -> Planned:
    """One planned stop with what follows. No SQL."""
    overlaps = hours.library(settings.INVENTORY).overlaps(stop.starts_at, stop.ends_at) if stop.stops else []
    begin = stop.starts_at - timedelta(days=NOTICE_DAYS)
    return Planned(stop, overlaps, begin, stop.asked_at > begin)


def stops() -> list[Planned]:
    """Planned stops, latest first. One SQL statement."""
    return [planned(row) for row in PlannedStop.objects.all()[:300]]


def announcements(now: datetime) -> list[PlannedStop]:
    """Stops the library must know of: approved and not over, or withdrawn and not yet told. One SQL statement."""
    up = Q(state=PlannedStop.State.APPROVED, ends_at__gt=now)
    gone = Q(state__in=[PlannedStop.State.CANCELLED, PlannedStop.State.DONE], told_at=None, decided_at__isnull=False)
    return list(PlannedStop.objects.filter(stops=True).filter(up | gone))


def updates(target: str = "") -> list[Update]:
    """Updates, newest first. One SQL statement."""
    found = Update.objects.all()
    return list(found.filter(target=target) if target else found)


def terminal_months(today: date, count: int = 12) -> list[tuple[str, list[Update]]]:
    """The last months, newest first, with the terminals' updates published in each. One SQL statement."""
    rows = updates(Update.Target.TERMINAL)
    return [(month, [row for row in rows if f"{row.published_on:%Y-%m}" == month]) for month in
            rules.months_back(today, count)]  # fmt: skip


def levels(months: list[str]) -> dict[str, list[Level]]:
    """The levels that were kept of these months. One SQL statement."""
    found: dict[str, list[Level]] = {month: [] for month in months}
    for row in Level.objects.filter(month__in=months).order_by("pk"):
        found[row.month].append(row)
    return found


def levels_measured() -> dict[str, datetime]:
    """When something of each month was measured last. One SQL statement."""
    return dict(Level.objects.values_list("month").annotate(Max("measured_at")).order_by())


def _iso(at: date | datetime | None) -> str | None:
    return timezone.localtime(at).isoformat() if isinstance(at, datetime) else at.isoformat() if at else None


def _row(row: Any, plain: str, moments: str) -> dict[str, Any]:
    found = {name: getattr(row, name) for name in plain.split()}
    return {**found, **{name: _iso(getattr(row, name)) for name in moments.split()}}


def records() -> dict[str, list[dict[str, Any]]]:
    """Everything, for the reports: English keys, times with zone. Seven SQL statements."""
    return {
        "work": [_work(row) for row in Work.objects.order_by("started_at", "pk")],
        "inspections": [_inspection(row) for row in Inspection.objects.prefetch_related("items").order_by("quarter")],
        "treatments": [
            {
                **_row(row, "number host mountpoint analysis act before_bytes after_bytes gained effect by",
                       "before_at after_at"),
                "reason": row.analysis,
            }
            for row in Treatment.objects.order_by("before_at", "pk")
        ],
        "maintenance": [_stop(row) for row in PlannedStop.objects.order_by("starts_at", "pk")],
        "updates": [
            {
                **_row(row, "number target title content hosts rollback verified_by verified_in verified_text passed",
                       "published_on verified_at applied_at told_at"),
                **_row(row, "applied_by applied_text told_to checks", ""),
            }
            for row in Update.objects.order_by("published_on", "pk")
        ],
        "levels": [
            _row(row, "month code title unit goal at_most value met", "measured_at")
            for row in Level.objects.order_by("month", "pk")
        ],
    }  # fmt: skip


def _work(row: Work) -> dict[str, Any]:
    return {
        **_row(row, "number title reason by hosts text changes figures result result_text check_only",
               "started_at finished_at"),
        "result_title": row.get_result_display(),
    }  # fmt: skip


def _inspection(row: Inspection) -> dict[str, Any]:
    seen = progress(row)
    return {
        **_row(row, "number quarter begun_by", "begun_at finished_at"),
        "total": seen.total,
        "undone": seen.undone,
        "bad": seen.bad,
        "items": [_row(item, "title kind result note by", "at") for item in row.items.all()],
    }


def _stop(row: PlannedStop) -> dict[str, Any]:
    seen = planned(row)
    return {
        **_row(row, "number title reason stops hosts impact rollback overlap_reason public_text state asked_by",
               "starts_at ends_at asked_at decided_at told_at"),
        **_row(row, "decided_by result_text", ""),
        "state_title": row.get_state_display(),
        "overlaps_opening_hours": bool(seen.overlaps),
    }  # fmt: skip
