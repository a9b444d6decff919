"""Asking for an approval, and recording what was decided."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils import timezone

from app.operations.access import ADMINISTRATOR, WRITERS, Actor, require
from app.operations.actions import Unsuitable
from app.registers.actions.rows import advance, keep, must_be_open, next_number, stands
from app.registers.models import Entry
from app.registers.schema import definitions


@transaction.atomic
def apply(actor: Actor, entry: Entry) -> None:
    """Ask for the approval of a row as it stands."""
    require(actor, *WRITERS)
    found = _approvable(entry)
    if found.stage not in ("none", "rejected"):
        raise Unsuitable("すでに申請してあります。")
    stands(definitions()[found.register], found)
    found.stage, found.steps_done, found.applied_by = "applied", 0, actor.name
    advance(found)
    keep(actor, found, "申請")


@transaction.atomic
def decide(actor: Actor, entry: Entry, *, yes: bool, person: str, on: date, note_: str = "") -> str:
    """An administrator records a step of the approval: who decided, on what day.

    Returns the approval's number when it was the last step, otherwise nothing. The one who applied does not decide.
    """
    require(actor, *ADMINISTRATOR)
    found = _approvable(entry)
    approval = definitions()[found.register].approval
    assert approval is not None
    if found.stage != "applied":
        raise Unsuitable("申請中の行ではありません。")
    if found.applied_by == actor.name:
        raise Unsuitable("申請した本人は決裁を記録できません。別の管理者が記録してください。")
    if not person.strip():
        raise Unsuitable("決裁した人を入力してください。")
    if on > timezone.localdate():
        raise Unsuitable("決裁の日が先の日付です。")
    step = approval.steps[found.steps_done]
    if not yes:
        found.stage, found.steps_done = "rejected", 0
    else:
        found.steps_done += 1
        if found.steps_done == len(approval.steps):
            head = f"{approval.prefix}-{timezone.localdate():%Y}-{definitions()[found.register].prefix}-"
            taken = Entry.objects.filter(approval_number__startswith=head).values_list("approval_number", flat=True)
            found.stage, found.approval_number, found.approved_on = "approved", next_number(head, taken, 3), on
    advance(found)
    words = f"{step}：{'可' if yes else '否'} {person.strip()} {on} {note_}".strip()
    keep(actor, found, "決裁", f"{words} {found.approval_number}".strip())
    return found.approval_number


def _approvable(entry: Entry) -> Entry:
    if definitions()[entry.register].approval is None:
        raise Unsuitable("この台帳に決裁はありません。")
    found: Entry = Entry.objects.get(pk=entry.pk)
    if found.voided:
        raise Unsuitable("取り消した行です。")
    must_be_open(found.register)
    return found


@transaction.atomic
def decide_all(actor: Actor, register: str, *, person: str, on: date) -> int:
    """Approve every row of a register that was applied for by somebody else. Returns how many."""
    waiting = Entry.objects.filter(register=register, voided=False, stage="applied").exclude(applied_by=actor.name)
    done = 0
    for entry in waiting:
        decide(actor, entry, yes=True, person=person, on=on)
        done += 1
    return done


@transaction.atomic
def apply_all(actor: Actor, register: str) -> int:
    """Ask for the approval of every row that has none. Returns how many."""
    done = 0
    for entry in Entry.objects.filter(register=register, voided=False, stage__in=("none", "rejected")):
        apply(actor, entry)
        done += 1
    return done
