"""The register of staff: one by one, and all or none by spreadsheet."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from app.access.actions.passwords import put_password
from app.access.actions.permission import require
from app.access.actions.spans import note_staff
from app.access.actor import Actor
from app.access.models import Appointment, Role, StaffUser
from app.access.operations import declare
from app.access.planning import StaffLine
from app.audit import actions as audit
from app.branches.models import Branch

MANAGE_STAFF = declare("access.manage_staff", "職員を登録・変更する", roles=())
VIEW_STAFF = declare("access.view_staff", "職員の一覧を見る", roles=(), kind="view")
PRINT_STAFF = declare("access.print_staff", "職員証・仮パスワードを印刷する", roles=(), kind="print")

# Without letters and digits that are read as one another on paper.
LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class Issued:
    """A temporary password, to be handed over on paper and nowhere kept."""

    number: str
    name: str
    password: str


@transaction.atomic
def put_staff(
    actor: Actor,
    number: str,
    *,
    name: str,
    roles: tuple[str, ...],
    branch: str | None = None,
    password: str | None = None,
    card: str | None = None,
    valid_from: date | None = None,
    valid_until: date | None = None,
) -> StaffUser:
    """Create or change a member of staff. ValidationError for a password against the policy; Role.DoesNotExist
    and Branch.DoesNotExist for unknown codes. What is None stays as it is."""
    require(actor, MANAGE_STAFF)
    user = StaffUser.objects.select_for_update().filter(number=number).first() or StaffUser(number=number)
    before = _told(user)
    user.name = name
    user.branch = Branch.objects.get(code=branch) if branch else user.branch
    user.card = card or user.card
    user.valid_from = valid_from or user.valid_from
    user.valid_until = valid_until or user.valid_until
    if password is not None:
        put_password(user, password, temporary=False)
    elif user.pk is None:
        user.set_unusable_password()
    user.save()
    user.roles.set([Role.objects.get(code=code) for code in roles])
    note_staff(user, actor.number)
    audit.record(
        actor, MANAGE_STAFF, subject_type="staff", subject_id=number, detail=audit.changes(before, _told(user))
    )
    return user


def _told(user: StaffUser) -> dict[str, Any]:
    """What the log tells of a member of staff."""
    return {
        "name": user.name,
        "branch": user.branch.code if user.branch else "",
        "valid_from": user.valid_from,
        "valid_until": user.valid_until,
        "roles": sorted(user.roles.values_list("code", flat=True)) if user.pk else [],
    }


@transaction.atomic
def change_staff(actor: Actor, user_id: int, line: StaffLine, *, active: bool) -> StaffUser:
    """Set all that the register says of one person, as checked by `planning`. The number never changes."""
    require(actor, MANAGE_STAFF)
    user = StaffUser.objects.select_for_update().get(pk=user_id)
    user.is_active = active
    _write(actor, user, line)
    return user


@transaction.atomic
def add_staff(actor: Actor, lines: list[StaffLine]) -> list[Issued]:
    """Register or change everybody of a checked table; whoever is new gets a temporary password.

    The caller shows the passwords once. ValidationError when a number turned up meanwhile.
    """
    require(actor, MANAGE_STAFF)
    there = {
        user.number: user
        for user in StaffUser.objects.select_for_update().filter(number__in=[line.number for line in lines])
    }
    issued = []
    for line in lines:
        user = there.get(line.number)
        if user is None:
            user = StaffUser(number=line.number, name=line.name)
            password = temporary_password()
            put_password(user, password, temporary=True)
            issued.append(Issued(line.number, line.name, password))
        elif user.name != line.name:
            raise ValidationError(f"職員番号{line.number}は、すでに{user.name}さんのものです。")
        _write(actor, user, line)
    return issued


def _write(actor: Actor, user: StaffUser, line: StaffLine) -> None:
    before = _told(user)
    user.name, user.branch_id, user.card = line.name, line.branch_id, line.card or None
    user.valid_from, user.valid_until = line.valid_from, line.valid_until
    user.save()
    user.roles.set(Role.objects.filter(code__in=line.roles))
    note_staff(user, actor.number)
    detail = audit.changes(before, _told(user))
    audit.record(actor, MANAGE_STAFF, subject_type="staff", subject_id=line.number, detail=detail)


@transaction.atomic
def reissue_password(actor: Actor, user_id: int) -> Issued:
    """A new temporary password for who forgot theirs; their sessions end (the session's hash changes with it)."""
    require(actor, MANAGE_STAFF)
    user = StaffUser.objects.select_for_update().get(pk=user_id)
    password = temporary_password()
    put_password(user, password, temporary=True)
    audit.record(actor, "access.reissue_password", subject_type="staff", subject_id=user.number)
    return Issued(user.number, user.name, password)


def temporary_password() -> str:
    """Four groups of four letters: 80 bits less what look-alikes cost, and it can be read aloud."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))


@transaction.atomic
def appoint(actor: Actor, user_id: int, role_code: str, branch_id: int | None, since: date, until: date) -> Appointment:
    """Give somebody a further role for a time. ValidationError when it would end before it begins."""
    require(actor, MANAGE_STAFF)
    if until < since:
        raise ValidationError("終了日は開始日以後にしてください。")
    user = StaffUser.objects.select_for_update().get(pk=user_id)
    role = Role.objects.get(code=role_code)
    made = Appointment.objects.create(staff=user, role=role, branch_id=branch_id, since=since, until=until)
    audit.record(
        actor,
        "access.appoint",
        subject_type="staff",
        subject_id=user.number,
        detail={"role": role_code, "since": since.isoformat(), "until": until.isoformat()},
    )
    return made


@transaction.atomic
def withdraw_appointment(actor: Actor, appointment_id: int, now: datetime) -> None:
    """End an appointment before its day; what was so until now stays in the history."""
    require(actor, MANAGE_STAFF)
    made = Appointment.objects.select_for_update().select_related("staff").get(pk=appointment_id)
    if made.withdrawn_at is None:
        made.withdrawn_at = now
        made.save(update_fields=["withdrawn_at"])
        audit.record(actor, "access.withdraw_appointment", subject_type="staff", subject_id=made.staff.number)


def record_print(actor: Actor, what: str, count: int) -> None:
    """Check that the actor may print about staff, and log it."""
    require(actor, PRINT_STAFF)
    audit.record(actor, PRINT_STAFF, detail={"what": what, "count": count, "on": timezone.localdate().isoformat()})
