"""The history of staff and grants: each change closes a span and opens the next."""

from datetime import datetime

from django.utils import timezone

from app.access.models import GrantSpan, Role, RoleGrant, StaffSpan, StaffUser


def note_staff(user: StaffUser, by: str, now: datetime | None = None) -> None:
    """Write what is so of somebody from now on; nothing when it was so before. Needs the person's row locked.

    Three SQL statements, one when nothing changed besides the roles' own.
    """
    now = now or timezone.now()
    facts = user.facts()
    open_span = StaffSpan.objects.filter(staff=user, until=None).first()
    if open_span:
        if all(getattr(open_span, key) == value for key, value in facts.items()):
            return
        open_span.until = max(now, open_span.since)
        open_span.save(update_fields=["until"])
    StaffSpan.objects.create(staff=user, since=now, by=by, **facts)


def note_grants(role: Role, by: str, now: datetime | None = None) -> int:
    """Bring the spans of a role in line with its grants; returns how many changed. Needs the role's row locked."""
    now = now or timezone.now()
    present = {grant.operation: (grant.scope, tuple(grant.branches)) for grant in RoleGrant.objects.filter(role=role)}
    known = {span.operation: span for span in GrantSpan.objects.filter(role=role.code, until=None)}
    over = [span for code, span in known.items() if present.get(code) != (span.scope, tuple(span.branches))]
    GrantSpan.objects.filter(pk__in=[span.pk for span in over]).update(until=now)
    ended = {span.operation for span in over}
    fresh = [
        GrantSpan(role=role.code, operation=code, scope=scope, branches=list(branches), since=now, by=by)
        for code, (scope, branches) in present.items()
        if code not in known or code in ended
    ]
    GrantSpan.objects.bulk_create(fresh)
    return len(over) + len(fresh)
