"""Reads of the staff room."""

from datetime import date, datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from app.access.models import StaffUser
from app.branches import revisions
from app.office.models import Check, MaintenanceWindow, ManualRevision, MessageRead, PlannedStop, StaffMessage
from app.office.probes import GROUPS

STALE = timedelta(minutes=4)
# How long before its beginning a planned stop is announced (S-SW-006).
NOTICE = timedelta(days=7)


def status(now: datetime) -> tuple[list[tuple[str, list[Check]]], datetime | None, bool]:
    """Findings by group in the order of the screen, when the last look was, and whether looking has stopped. One SQL
    statement."""
    found = list(Check.objects.all())
    last = max((check.seen_at for check in found), default=None)
    rank = {Check.Level.BAD: 0, Check.Level.WARN: 1, Check.Level.UNKNOWN: 2}
    found.sort(key=lambda check: (rank.get(check.level, 3), check.code))
    groups = [(group, [check for check in found if check.group == group]) for group in GROUPS]
    return [(group, rows) for group, rows in groups if rows], last, last is None or now - last > STALE


def troubles() -> QuerySet[Check]:
    """What is not well. One SQL statement."""
    return Check.objects.filter(level=Check.Level.BAD)


def _for_staff(staff: StaffUser) -> Q:
    here = Q(branches=None) | Q(branches=staff.branch_id)
    return here & (Q(roles=None) | Q(roles__staffuser=staff))


def messages_for(staff: StaffUser, today: date) -> QuerySet[StaffMessage]:
    """What is up for somebody now, with `is_read`. One SQL statement."""
    read = Exists(MessageRead.objects.filter(message=OuterRef("pk"), staff=staff))
    up = StaffMessage.objects.filter(_for_staff(staff), since__lte=today, until__gte=today, withdrawn_at=None)
    return up.annotate(is_read=read).select_related("by").distinct().order_by("-since", "-pk")


def unread(staff_number: str, today: date) -> int:
    """How many messages somebody has not read. Two SQL statements."""
    staff = StaffUser.objects.filter(number=staff_number).first()
    return messages_for(staff, today).filter(is_read=False).count() if staff else 0


def sent_messages() -> QuerySet[StaffMessage]:
    """Every message with how many read it, newest first. Three SQL statements."""
    found = StaffMessage.objects.annotate(read=Count("reads")).order_by("-since", "-pk")
    return found.prefetch_related("branches", "roles").select_related("by")


def addressees(message: StaffMessage, today: date) -> QuerySet[StaffUser]:
    """Everybody in service whom a message concerns, with `has_read`, who has not first. Three SQL statements."""
    branches = [branch.pk for branch in message.branches.all()]
    roles = [role.pk for role in message.roles.all()]
    staff = StaffUser.objects.filter(is_active=True)
    staff = staff.filter(Q(valid_from=None) | Q(valid_from__lte=today), Q(valid_until=None) | Q(valid_until__gte=today))
    if branches:
        staff = staff.filter(branch__in=branches)
    if roles:
        staff = staff.filter(roles__in=roles)
    marks = MessageRead.objects.filter(message=message)
    return (
        staff.annotate(has_read=Exists(marks.filter(staff=OuterRef("pk"))))
        .select_related("branch")
        .distinct()
        .order_by("has_read", "number")
    )


def manual() -> QuerySet[ManualRevision]:
    """The version in force of every page. One SQL statement."""
    return ManualRevision.objects.order_by("slug", "-version").distinct("slug")


def open_windows(now: datetime) -> QuerySet[MaintenanceWindow]:
    """Windows in which hosts let somebody in now. One SQL statement."""
    allowed = MaintenanceWindow.objects.filter(state=MaintenanceWindow.State.ALLOWED)
    return allowed.filter(opens_at__lte=now, closes_at__gt=now)


_planned: list[PlannedStop] = []


def read_stops() -> None:
    """Take the planned stops into the process: whenever a look at the stamps finds that they changed."""
    _planned[:] = PlannedStop.objects.filter(up=True)


revisions.follow("stops", read_stops)


def announced_stops(now: datetime) -> list[PlannedStop]:
    """Planned stops that pages announce now: from seven days before until they are over.

    No SQL statement: a start page that needs no database needs none for this either. A process learns of a change by
    the next page that looks at the stamps, at the latest when it is asked for its health.
    """
    return [stop for stop in _planned if stop.starts_at - NOTICE <= now < stop.ends_at]
