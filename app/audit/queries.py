"""Reads of the audit log and of its seals."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time
from hashlib import sha256
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from app.audit.models import AuditEvent, AuditSeal
from app.audit.tree import Statement

# The one form in which an event is hashed: these columns, in this order, as a line of PostgreSQL's COPY text format.
# Nothing of it depends on the session's settings. It never changes: seals of six years rest on it.
CANONICAL = (
    "id, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US'), actor_kind, actor, operation, outcome, "
    "subject_type, subject_id, purpose, host(terminal), request_id, detail::text"
)
MONTH = "to_char(at AT TIME ZONE 'Asia/Tokyo', 'YYYY-MM-01')"
MOMENT = "%Y-%m-%dT%H:%M:%S.%fZ"


def search(
    since: date,
    until: date,
    actor: str = "",
    operation: str = "",
    subject_type: str = "",
    subject_id: str = "",
    terminal: str = "",
    outcome: str = "",
) -> QuerySet[AuditEvent]:
    """Events between two dates (inclusive, local time), newest first; empty arguments do not restrict.

    One SQL statement when it is read; only the months' partitions between the dates are touched (F-AUD-004).
    """
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
    if terminal:
        events = events.filter(terminal=terminal)
    if outcome:
        events = events.filter(outcome=outcome)
    return events.order_by("-at", "-id")


def copied(sql: str, values: Sequence[Any] = ()) -> Iterator[bytes]:
    """The lines of `COPY (sql) TO STDOUT`, without their line ends: the fastest way to read millions of rows."""
    rest = b""
    with connection.cursor() as cursor, cursor.copy(f"COPY ({sql}) TO STDOUT", list(values) or None) as stream:
        for data in stream:
            *lines, rest = (rest + bytes(data)).split(b"\n")
            yield from lines


def statement_of(seal: AuditSeal) -> Statement:
    """What a seal says, as it is signed, chained and copied."""
    return Statement(
        number=seal.number,
        at=seal.at.astimezone(UTC).strftime(MOMENT),
        month=seal.month.isoformat(),
        count=seal.count,
        spans=seal.spans,
        top=seal.top,
        root=seal.root,
        prints=sha256(bytes(seal.prints)).hexdigest(),
        waiting=seal.waiting,
        previous=seal.previous,
        key=seal.key,
    )


def seals_after(number: int) -> Iterator[AuditSeal]:
    """The seals after that one, in order; prefetched in pieces. One SQL statement."""
    return AuditSeal.objects.filter(number__gt=number).order_by("number").iterator(2000)


def unsealed_since() -> datetime | None:
    """When the oldest event was written that no seal has yet; None when all are sealed. Two SQL statements."""
    last = AuditSeal.objects.order_by("-number").values_list("top", flat=True).first() or 0
    return AuditEvent.objects.filter(id__gt=last).order_by("id").values_list("at", flat=True).first()
