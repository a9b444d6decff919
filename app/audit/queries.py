"""Reads of the audit log and of its seals."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from hashlib import sha256
from typing import Any

from django.db import connection
from django.db.models import Count, Max, Min, Q, QuerySet, Sum
from django.utils import timezone

from app.audit import rules
from app.audit.models import AuditAlert, AuditDisposal, AuditEvent, AuditSeal
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
    operations: Collection[str] = (),
) -> QuerySet[AuditEvent]:
    """Events between two dates (inclusive, local time), newest first; empty arguments do not restrict.

    `operation` is the beginning of a code; with `operations`, those codes count as well. One SQL statement when it is
    read; only the months' partitions between the dates are touched (F-AUD-004).
    """
    zone = timezone.get_current_timezone()
    events = AuditEvent.objects.filter(
        at__gte=datetime.combine(since, time.min, zone),
        # The last microsecond, as fine as the database counts; a next day need not exist.
        at__lte=datetime.combine(until, time.max, zone),
    )
    if actor:
        events = events.filter(actor=actor)
    if operation or operations:
        events = events.filter(Q(operation__startswith=operation or " ") | Q(operation__in=operations))
    if subject_type:
        events = events.filter(subject_type=subject_type)
    if subject_id:
        events = events.filter(subject_id=subject_id)
    if terminal:
        events = events.filter(terminal=terminal)
    if outcome:
        events = events.filter(outcome=outcome)
    return events.order_by("-at", "-id")


def older_than(events: QuerySet[AuditEvent], at: datetime, number: int) -> QuerySet[AuditEvent]:
    """Of a search, what comes after that event: pages go on from where they were, however many rows lie before."""
    return events.filter(Q(at__lt=at) | Q(at=at, id__lt=number))


def copied(sql: str, values: Sequence[Any] = ()) -> Iterator[bytes]:
    """The lines of `COPY (sql) TO STDOUT`, without their line ends: the fastest way to read millions of rows."""
    rest = b""
    # The driver's own cursor: Django's wrapper for debugging knows no parameters here.
    with connection.cursor() as wrapper, wrapper.cursor.copy(f"COPY ({sql}) TO STDOUT", list(values) or None) as stream:
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


@dataclass(frozen=True)
class Viewer:
    """Somebody who looked at people: how many different ones, from when to when."""

    actor: str
    people: int
    since: datetime
    until: datetime


def viewers(since: datetime, until: datetime) -> list[Viewer]:
    """Members of staff by how many different patrons they saw in that time. One SQL statement."""
    seen = AuditEvent.objects.filter(
        at__gt=since, at__lte=until, actor_kind="staff", subject_type="patron", outcome="viewed"
    )
    counted = seen.values("actor").annotate(people=Count("subject_id", distinct=True), first=Min("at"), last=Max("at"))
    rows = counted.order_by("actor").values_list("actor", "people", "first", "last")
    return [Viewer(*row) for row in rows]


def open_alerts() -> int:
    """How many notices of mass viewing nobody has looked into. One SQL statement."""
    return AuditAlert.objects.filter(seen_at=None).count()


def approved_disposals() -> list[AuditDisposal]:
    """Disposals that are approved and not done. One SQL statement."""
    return list(AuditDisposal.objects.filter(done_at=None).exclude(approved_at=None).order_by("month"))


@dataclass(frozen=True)
class KeptMonth:
    """One month of the log: how many events are sealed, until when they are kept, and its disposal if there is one."""

    month: date
    events: int
    kept_until: date
    disposable: bool
    disposal: AuditDisposal | None


def kept_months(today: date, years: int) -> list[KeptMonth]:
    """The months of the log by their seals, newest first. Two SQL statements."""
    disposals = {row.month: row for row in AuditDisposal.objects.all()}
    counted = AuditSeal.objects.values("month").annotate(events=Sum("count")).order_by("-month")
    return [
        KeptMonth(
            month=row["month"],
            events=row["events"],
            kept_until=rules.kept_until(row["month"], years),
            disposable=rules.disposable(row["month"], today, years),
            disposal=disposals.get(row["month"]),
        )
        for row in counted
    ]


def waiting_disposals() -> int:
    """How many requests for disposal wait for approval. One SQL statement."""
    return AuditDisposal.objects.filter(approved_at=None).count()
