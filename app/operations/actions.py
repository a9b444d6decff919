"""The only code of the console that writes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction

from app.operations.models import AlertEvent, SignInMiss
from app.operations.rules import Notified


@transaction.atomic
def record_alerts(alerts: Iterable[Notified], at: datetime) -> int:
    """Keep what Alertmanager says: a new alert is a new row, an ended one gets its end. Returns the rows touched.

    Alertmanager repeats itself; the same notification twice leaves one row.
    """
    touched = 0
    for alert in alerts:
        AlertEvent.objects.update_or_create(
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
    return touched


@transaction.atomic
def set_operator(name: str, password: str) -> bool:
    """Make the user who signs in to the console, or give a new password. Returns whether anything changed."""
    user, made = User.objects.get_or_create(username=name)
    if not made and user.is_active and user.check_password(password):
        return False
    user.set_password(password)
    user.is_active = True
    user.save()
    return True


@transaction.atomic
def note_miss(name: str, address: str | None, now: datetime) -> None:
    """Count one miss at the sign-in, and forget those of past days."""
    SignInMiss.objects.filter(at__lt=now - timedelta(days=1)).delete()
    SignInMiss.objects.create(name=name[:64], address=address, at=now)


def clear_misses(name: str) -> None:
    """Forget the misses of a name that has signed in."""
    SignInMiss.objects.filter(name=name[:64]).delete()
