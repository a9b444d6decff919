"""The only code of the console that writes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import Group, User
from django.db import transaction
from django.utils import timezone

from app.operations import followers
from app.operations.access import ADMINISTRATOR, MACHINE, WRITERS, Actor, Role, actor_of, require
from app.operations.models import Act, AlertEvent, SignInMiss
from app.operations.rules import Notified


@transaction.atomic
def record_alerts(alerts: Iterable[Notified], at: datetime) -> int:
    """Keep what Alertmanager says: a new alert is a new row, an ended one gets its end. Returns the rows touched.

    Alertmanager repeats itself; the same notification twice leaves one row.
    """
    touched = 0
    for alert in alerts:
        event, new = AlertEvent.objects.update_or_create(
            fingerprint=alert.fingerprint,
            starts_at=alert.starts_at,
            defaults={
                "ends_at": alert.ends_at,
                "name": alert.name,
                "host": alert.host,
                "severity": alert.severity,
                "summary": alert.summary,
                "impact": alert.impact,
                "first_step": alert.first_step,
                "runbook": alert.runbook,
                "labels": alert.labels,
                "notified_at": at,
            },
        )
        touched += 1
        if new:
            followers.tell(event)
    return touched


def note(actor: Actor, event: str, subject: str, /, **detail: Any) -> None:
    """Write down who changed what; every action of the console ends with it, inside its transaction.

    `event` is dotted and never changes its meaning (`incident.opened`), `subject` names the record (`incident/12`).
    """
    Act.objects.create(
        at=timezone.now(), actor=actor.name, role=actor.role or "", event=event, subject=subject[:120], detail=detail
    )


class Unsuitable(Exception):
    """What was asked for cannot be; the sentence (Japanese) says why."""


@transaction.atomic
def set_user(name: str, password: str, role: Role) -> bool:
    """Make an account that the deployment names, or give it this password and role. Returns whether it changed."""
    user, made = User.objects.get_or_create(username=name)
    same = not made and user.is_active and user.check_password(password)
    if same and actor_of(user).role == role:
        return False
    if not same:
        user.set_password(password)
        user.is_active = True
        user.save()
    _give(user, role)
    note(MACHINE, "account.set", f"account/{name}", role=role)
    return True


@transaction.atomic
def put_account(actor: Actor, name: str, role: Role, *, password: str = "", active: bool = True) -> None:
    """An administrator makes an account or changes its role, password (empty: as it was) and whether it is in use."""
    require(actor, *ADMINISTRATOR)
    user = User.objects.filter(username=name).first()
    if user is None and not password:
        raise Unsuitable("新しい利用者にはパスワードが必要です。")
    if name == actor.name and (role != Role.ADMINISTRATOR or not active):
        raise Unsuitable("自分自身の管理者の役割は外せません。別の管理者が変更してください。")
    before = {"role": str(actor_of(user).role or ""), "active": user.is_active} if user else {}
    user = user or User(username=name)
    user.is_active = active
    if password:
        user.set_password(password)
    user.save()
    _give(user, role)
    after = {"role": str(role), "active": active}
    note(actor, "account.put", f"account/{name}", before=before, after=after, password_changed=bool(password))


def note_silence(actor: Actor, event: str, silence_id: str, **detail: Any) -> None:
    """Write down that somebody silenced an alert, or ended that; Alertmanager keeps the silence itself."""
    require(actor, *WRITERS)
    note(actor, event, f"silence/{silence_id}", **detail)


def _give(user: User, role: Role) -> None:
    group, _ = Group.objects.get_or_create(name=str(role))
    user.groups.set([group])


@transaction.atomic
def note_miss(name: str, address: str | None, now: datetime) -> None:
    """Count one miss at the sign-in, and forget those of past days."""
    SignInMiss.objects.filter(at__lt=now - timedelta(days=1)).delete()
    SignInMiss.objects.create(name=name[:64], address=address, at=now)


def clear_misses(name: str) -> None:
    """Forget the misses of a name that has signed in."""
    SignInMiss.objects.filter(name=name[:64]).delete()
