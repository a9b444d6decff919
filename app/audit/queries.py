"""Reads of the audit log."""

from datetime import date, datetime, time

from django.db.models import QuerySet
from django.utils import timezone

from app.audit.models import AuditEvent


def search(
    since: date,
    until: date,
    actor: str = "",
    operation: str = "",
    subject_type: str = "",
    subject_id: str = "",
) -> QuerySet[AuditEvent]:
    """Events between two dates (inclusive, local time), newest first; empty arguments do not restrict."""
    zone = timezone.get_current_timezone()
    events = AuditEvent.objects.filter(
        at__gte=datetime.combine(since, time.min, zone),
        # The last microsecond, as fine as the database counts; a next day need not exist.
        at__lte=datetime.combine(until, time.max, zone),
    )
    if actor:
        events = events.filter(actor=actor)
    if operation:
        events = events.filter(operation__startswith=operation)
    if subject_type:
        events = events.filter(subject_type=subject_type)
    if subject_id:
        events = events.filter(subject_id=subject_id)
    return events.order_by("-at", "-id")
