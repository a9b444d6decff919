"""Reads of the console's own database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User

from app.access.rules import LOCK_OUT, locked_out
from app.operations.access import TITLES, Actor, actor_of
from app.operations.models import Act, AlertEvent, SignInMiss


def alert_names() -> list[str]:
    """Names of alerts that were ever told. One SQL statement."""
    return list(AlertEvent.objects.order_by("name").values_list("name", flat=True).distinct())


def open_alerts() -> list[AlertEvent]:
    """Alerts that have not ended, newest first. One SQL statement."""
    return list(AlertEvent.objects.filter(ends_at__isnull=True))


def alert_history(limit: int = 100) -> list[AlertEvent]:
    """The last alerts, ended or not, newest first. One SQL statement."""
    return list(AlertEvent.objects.all()[:limit])


def is_locked_out(name: str, address: str | None, now: datetime) -> bool:
    """Whether this name, or this address, is refused now whatever the password. Two SQL statements."""
    recent = SignInMiss.objects.filter(at__gt=now - LOCK_OUT)
    misses = recent.filter(name=name[:64]).values_list("at", flat=True)
    return locked_out(misses, recent.filter(address=address).count() if address else 0, now)


def accounts() -> list[tuple[User, Actor]]:
    """Every account with what it may do, by name. Two SQL statements."""
    users = User.objects.prefetch_related("groups").order_by("username")
    return [(user, actor_of(user)) for user in users]


def acts(subject: str = "", actor: str = "", limit: int = 300) -> list[Act]:
    """What was changed, newest first; of one record (`incident/12`), or of one person. One SQL statement."""
    found = Act.objects.all()
    if subject:
        found = found.filter(subject=subject)
    if actor:
        found = found.filter(actor=actor)
    return list(found[:limit])


def account_rows() -> list[dict[str, Any]]:
    """Accounts as the auditor's papers list them. Two SQL statements."""
    return [
        {
            "name": user.get_username(),
            "role": TITLES[actor.role] if actor.role else "",
            "active": user.is_active,
            "last_login": user.last_login.isoformat() if user.last_login else None,
        }
        for user, actor in accounts()
    ]


def act_count() -> int:
    """How many acts were recorded. One SQL statement."""
    return Act.objects.count()
