"""Reads of the console's own database."""

from __future__ import annotations

from app.operations.models import AlertEvent


def open_alerts() -> list[AlertEvent]:
    """Alerts that have not ended, newest first. One SQL statement."""
    return list(AlertEvent.objects.filter(ends_at__isnull=True))


def alert_history(limit: int = 100) -> list[AlertEvent]:
    """The last alerts, ended or not, newest first. One SQL statement."""
    return list(AlertEvent.objects.all()[:limit])
