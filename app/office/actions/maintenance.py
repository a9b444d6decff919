"""Maintainers' access: asked for, allowed by somebody else, open for its time, reported."""

from datetime import datetime, timedelta

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_ssh_public_key
from django.core.exceptions import ValidationError
from django.db import transaction

from app.access import actions as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.office.actions import ALLOW_MAINTENANCE, ASK_MAINTENANCE
from app.office.models import MaintenanceWindow

LONGEST = timedelta(hours=24)
State = MaintenanceWindow.State


def plain_key(text: str) -> str:
    """A public key as `type base64`, without options and comment; ValidationError for anything else."""
    parts = text.split()
    kinds = ("ssh-ed25519", "sk-ssh-ed25519@openssh.com", "ecdsa-sha2-nistp256", "ssh-rsa")
    try:
        at = next(index for index, part in enumerate(parts) if part in kinds)
        key = " ".join(parts[at : at + 2])
        load_ssh_public_key(key.encode())
    except (StopIteration, ValueError, UnsupportedAlgorithm) as wrong:
        raise ValidationError("公開鍵として読めません。ssh-ed25519 で始まる1行を入れてください。") from wrong
    return key


@transaction.atomic
def ask(
    actor: Actor,
    *,
    company: str,
    person: str,
    key: str,
    hosts: list[str],
    purpose: str,
    opens_at: datetime,
    closes_at: datetime,
    now: datetime,
) -> MaintenanceWindow:
    """Ask for access to hosts for a time of at most a day. ValidationError; NotPermitted."""
    access.require(actor, ASK_MAINTENANCE)
    if not hosts:
        raise ValidationError("対象のサーバを選んでください。")
    if closes_at <= opens_at or closes_at <= now:
        raise ValidationError("終了は開始と今より後にしてください。")
    if closes_at - opens_at > LONGEST:
        raise ValidationError("1回の申請は24時間までです。")
    window = MaintenanceWindow.objects.create(
        company=company,
        person=person,
        key=plain_key(key),
        hosts=sorted(hosts),
        purpose=purpose,
        opens_at=opens_at,
        closes_at=closes_at,
        asked_by=actor.number,
    )
    detail = {"hosts": window.hosts, "opens": opens_at.isoformat(), "closes": closes_at.isoformat()}
    audit.record(actor, ASK_MAINTENANCE, subject_type="maintenance", subject_id=window.pk, detail=detail)
    return window


@transaction.atomic
def decide(actor: Actor, window_id: int, *, allowed: bool, now: datetime) -> MaintenanceWindow:
    """Allow or refuse what somebody else asked for. ValidationError when it is one's own or decided already."""
    access.require(actor, ALLOW_MAINTENANCE)
    window = MaintenanceWindow.objects.select_for_update().get(pk=window_id)
    if window.asked_by == actor.number:
        raise ValidationError("自分の申請は承認できません。ほかの管理者に頼んでください。")
    if window.state != State.ASKED:
        raise ValidationError("この申請はすでに決まっています。")
    window.state = State.ALLOWED if allowed else State.REFUSED
    window.decided_by, window.decided_at = actor.number, now
    window.save(update_fields=["state", "decided_by", "decided_at"])
    detail = {"allowed": allowed}
    audit.record(actor, ALLOW_MAINTENANCE, subject_type="maintenance", subject_id=window_id, detail=detail)
    return window


@transaction.atomic
def end(actor: Actor, window_id: int, now: datetime) -> MaintenanceWindow:
    """Close a window before its time: hosts let nobody in any more, and end who is in within a minute."""
    access.require(actor, ALLOW_MAINTENANCE)
    window = MaintenanceWindow.objects.select_for_update().get(pk=window_id)
    if window.state in (State.ASKED, State.ALLOWED):
        window.state = State.ENDED
        window.save(update_fields=["state"])
        audit.record(actor, "office.end_maintenance", subject_type="maintenance", subject_id=window_id)
    return window


@transaction.atomic
def report(actor: Actor, window_id: int, text: str, now: datetime) -> MaintenanceWindow:
    """Say what was done; the first report stays as it is. ValidationError for a window that nobody allowed."""
    access.require(actor, ASK_MAINTENANCE)
    window = MaintenanceWindow.objects.select_for_update().get(pk=window_id)
    if window.decided_at is None or window.state == State.REFUSED:
        raise ValidationError("承認されていない接続には報告できません。")
    if window.report:
        raise ValidationError("報告はすでに出されています。")
    window.report, window.reported_at = text, now
    window.save(update_fields=["report", "reported_at"])
    audit.record(actor, "office.report_maintenance", subject_type="maintenance", subject_id=window_id)
    return window
