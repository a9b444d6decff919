"""Reads of the console's own database."""

from __future__ import annotations

from datetime import datetime

from app.access.rules import LOCK_OUT, locked_out
from app.operations.models import AlertEvent, SignInMiss


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
