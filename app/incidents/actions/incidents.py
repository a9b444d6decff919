"""Incidents: opening by people and by alerts, the eight stages, what was told to whom, closing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from app.incidents import rules
from app.incidents.models import Incident, Remark, Stage, Telling
from app.operations.access import MACHINE, WRITERS, Actor, require
from app.operations.actions import Unsuitable, note
from app.operations.models import AlertEvent

# A clock beside the console's may be a little ahead.
AHEAD = timedelta(minutes=5)
SEVERITIES = {"critical": Incident.Severity.CRITICAL, "warning": Incident.Severity.MAJOR}
CHANGEABLE = frozenset(
    {
        "title",
        "severity",
        "host",
        "place",
        "informant",
        "received_at",
        "responded_at",
        "onsite",
        "departed_at",
        "arrived_at",
        "recovered_at",
        "assignee",
        "due",
        "impact",
        "cause",
        "cause_text",
        "measure",
        "measure_state",
        "measure_due",
        "affected_people",
        "responsibility",
        "compliance",
        "cost_yen",
        "kind",
    }
)


def numbered(model: type[models.Model], letter: str, at: datetime) -> str:
    """The next number of the year of `at`; inside a transaction, which SQLite gives to one writer at a time."""
    year = timezone.localtime(at).year
    found = model._default_manager.filter(number__startswith=f"{letter}{year}-").order_by("-number")
    return rules.next_number(letter, year, found.values_list("number", flat=True).first())


def not_ahead(**moments: datetime | None) -> None:
    """Unsuitable when one of these moments has not come yet."""
    latest = timezone.now() + AHEAD
    for label, moment in moments.items():
        if moment is not None and moment > latest:
            raise Unsuitable(f"{label}の時刻が未来です。")


@transaction.atomic
def open_incident(actor: Actor, values: Mapping[str, Any]) -> Incident:
    """Take an incident in, by telephone, mail or on patrol; its reception is the first stage."""
    require(actor, *WRITERS)
    not_ahead(受付=values["received_at"], 応答=values.get("responded_at"))
    found = Incident(**dict(values))
    found.number = numbered(Incident, "I", found.received_at)
    found.received_by = actor.name
    found.save()
    text = f"{found.get_source_display()}で受付。{found.title}"
    Stage.objects.create(incident=found, stage=1, at=found.received_at, by=actor.name, text=text)
    note(actor, "incident.opened", f"incident/{found.number}", title=found.title)
    return found


@transaction.atomic
def open_by_alert(alert: AlertEvent, actor: Actor = MACHINE) -> Incident | None:
    """Open an incident for an alert; None when one of that alert and host is open already, which learns of it."""
    require(actor, *WRITERS)
    found = Incident.objects.filter(alert=alert.name, host=alert.host, closed_at=None).first()
    if found:
        if not found.remarks.filter(at=alert.starts_at).exists() and found.received_at != alert.starts_at:
            Remark.objects.create(incident=found, at=alert.starts_at, by=actor.name, text=f"警報: {alert.summary}")
        return None
    values = {
        "source": Incident.Source.ALERT,
        "severity": SEVERITIES.get(alert.severity, Incident.Severity.MINOR),
        "title": alert.summary[:200],
        "host": alert.host,
        "alert": alert.name,
        "impact": alert.impact,
        "received_at": alert.starts_at,
    }
    return open_incident(actor, values)


def follow_alert(alert: AlertEvent) -> None:
    """A critical alert that still fires opens an incident by itself; a warning is people's to judge."""
    if alert.severity == "critical" and alert.ends_at is None:
        open_by_alert(alert)


def _open(incident_id: int) -> Incident:
    found = Incident.objects.get(pk=incident_id)
    if found.closed_at:
        raise Unsuitable(f"{found.number}は完了しています。")
    return found


@transaction.atomic
def change(actor: Actor, incident_id: int, values: Mapping[str, Any]) -> Incident:
    """Change what is known of an open incident; the record of acts keeps every value before and after."""
    require(actor, *WRITERS)
    found = _open(incident_id)
    given = {key: value for key, value in values.items() if key in CHANGEABLE and getattr(found, key) != value}
    moments = {Incident._meta.get_field(key).verbose_name: value for key, value in given.items() if key.endswith("_at")}
    not_ahead(**{str(label): value for label, value in moments.items()})
    changes = {key: [_plain(getattr(found, key)), _plain(value)] for key, value in given.items()}
    for key, value in given.items():
        setattr(found, key, value)
    if given:
        found.save(update_fields=list(given))
        note(actor, "incident.changed", f"incident/{found.number}", **changes)
    return found


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


@transaction.atomic
def record_stage(actor: Actor, incident_id: int, stage: int, at: datetime, text: str) -> Stage:
    """Record one of the eight stages as done, or say it better: the record of acts keeps what it said before."""
    require(actor, *WRITERS)
    found = _open(incident_id)
    if stage not in rules.STAGES:
        raise Unsuitable("段階は受付から再発防止までの8つです。")
    not_ahead(**{rules.STAGES[stage]: at})
    if at < found.received_at:
        raise Unsuitable("受付より前の日時は記録できません。")
    if stage == 1 and at != found.received_at:
        raise Unsuitable("受付の日時は「内容」で直してください。")
    before = found.stages.filter(stage=stage).first()
    row, _ = Stage.objects.update_or_create(
        incident=found, stage=stage, defaults={"at": at, "by": actor.name, "text": text}
    )
    said = [before.at.isoformat(), before.by, before.text] if before else None
    note(actor, "incident.stage", f"incident/{found.number}", stage=rules.STAGES[stage], text=text, before=said)
    return row


@transaction.atomic
def remark(actor: Actor, incident_id: int, at: datetime, text: str) -> None:
    """Add to the course of an open incident."""
    require(actor, *WRITERS)
    found = _open(incident_id)
    not_ahead(経過=at)
    Remark.objects.create(incident=found, at=at, by=actor.name, text=text)
    note(actor, "incident.remark", f"incident/{found.number}", text=text)


@transaction.atomic
def tell(actor: Actor, incident_id: int, values: Mapping[str, Any]) -> Telling:
    """Keep that a report was given; a final one may follow the closing."""
    require(actor, *WRITERS)
    found = Incident.objects.get(pk=incident_id)
    not_ahead(報告=values["at"])
    if values["at"] < found.received_at:
        raise Unsuitable("受付より前の報告は記録できません。")
    row = Telling.objects.create(incident=found, **{"by": actor.name, **dict(values)})
    note(actor, "incident.told", f"incident/{found.number}", kind=row.kind, to=row.to, at=row.at.isoformat())
    return row


@transaction.atomic
def close(actor: Actor, incident_id: int, at: datetime) -> Incident:
    """Close an incident. Unsuitable, with everything that is missing, until all eight stages and times are there."""
    require(actor, *WRITERS)
    found = _open(incident_id)
    lacking = [rules.STAGES[stage] for stage in rules.missing_stages(row.stage for row in found.stages.all())]
    lacking += [title for title, there in _needed(found) if not there]
    if lacking:
        raise Unsuitable("未記入のため完了にできません: " + "、".join(lacking))
    not_ahead(完了=at)
    found.closed_at = max(at, found.received_at)
    found.save(update_fields=["closed_at"])
    note(actor, "incident.closed", f"incident/{found.number}", at=found.closed_at.isoformat())
    return found


def _needed(incident: Incident) -> list[tuple[str, bool]]:
    """What a closed incident must say besides its stages."""
    needed = [
        ("応答時刻", incident.responded_at is not None),
        ("復旧時刻", incident.recovered_at is not None),
        ("原因の区分", bool(incident.cause)),
        ("責任の区分", bool(incident.responsibility)),
    ]
    if incident.onsite:
        needed += [("出発時刻", incident.departed_at is not None), ("到着時刻", incident.arrived_at is not None)]
    if incident.kind == Incident.Kind.PRIVACY:
        told = {row.kind for row in incident.tellings.all()}
        needed += [("第一報", Telling.Kind.FIRST in told), ("影響を受けた人数", incident.affected_people is not None)]
    return needed
