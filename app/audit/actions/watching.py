"""Whoever looks at many people in a short time is noticed, and somebody looks into it."""

from datetime import datetime

from django.conf import settings
from django.db import transaction

from app.access.actions import require
from app.access.actor import Actor, system
from app.access.operations import declare
from app.audit import queries, rules
from app.audit.actions.recording import record
from app.audit.models import AuditAlert

NOTICED = "audit.mass_view"
ACKNOWLEDGE = declare("audit.acknowledge", "大量閲覧の知らせを確認する", roles=())


class AlertRefused(Exception):
    """The notice is not closed; the text is for the screen."""


def watch() -> rules.Watch:
    """The limits of `settings.AUDIT_WATCH`, or the usual ones."""
    return rules.Watch(**getattr(settings, "AUDIT_WATCH", {}))


def look(now: datetime) -> int:
    """Notice everybody who saw too many people in the last minutes; returns how many notices are new.

    A notice that is still open grows instead of becoming a second one. One SQL statement, three a person noticed.
    """
    limits = watch()
    fresh = 0
    for viewer in queries.viewers(now - limits.span, now):
        if rules.too_many(viewer.people, limits):
            fresh += _notice(viewer, now)
    return fresh


@transaction.atomic
def _notice(viewer: queries.Viewer, now: datetime) -> int:
    alert = AuditAlert.objects.select_for_update().filter(actor=viewer.actor, seen_at=None).first()
    if alert:
        alert.until, alert.people = viewer.until, max(alert.people, viewer.people)
        alert.save(update_fields=["until", "people"])
        return 0
    AuditAlert.objects.create(
        actor=viewer.actor, since=viewer.since, until=viewer.until, people=viewer.people, noticed_at=now
    )
    record(
        system("audit.watch"), NOTICED, subject_type="staff", subject_id=viewer.actor, detail={"people": viewer.people}
    )
    return 1


@transaction.atomic
def acknowledge(actor: Actor, alert_id: int, finding: str, now: datetime) -> AuditAlert:
    """Close a notice with what was found. AlertRefused without words, twice, or about oneself."""
    require(actor, ACKNOWLEDGE)
    alert = AuditAlert.objects.select_for_update().filter(pk=alert_id, seen_at=None).first()
    if alert is None:
        raise AlertRefused("この知らせは確認済みです。")
    if not finding.strip():
        raise AlertRefused("確認した結果を入力してください。")
    if alert.actor == actor.number:
        raise AlertRefused("自分についての知らせは、ほかの管理者が確認します。")
    alert.seen_by, alert.seen_at, alert.finding = actor.number, now, finding.strip()[:200]
    alert.save(update_fields=["seen_by", "seen_at", "finding"])
    record(actor, ACKNOWLEDGE, subject_type="staff", subject_id=alert.actor, detail={"finding": alert.finding})
    return alert
