"""Asking for an approval, and recording what was decided."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils import timezone

from app.operations.access import ADMINISTRATOR, WRITERS, Actor, require
from app.operations.actions import Unsuitable
from app.registers.actions.rows import Hand, last_of
from app.registers.models import Entry
from app.registers.schema import Definition, definitions


def _approved_here(register: str) -> Definition:
    definition = definitions()[register]
    if definition.approval is None:
        raise Unsuitable("この台帳に決裁はありません。")
    return definition


def _now(entry: Entry) -> Entry:
    found: Entry = Entry.objects.get(pk=entry.pk)
    if found.voided:
        raise Unsuitable("取り消した行です。")
    return found


@transaction.atomic
def apply(actor: Actor, entry: Entry) -> None:
    """Ask for the approval of a row as it stands."""
    require(actor, *WRITERS)
    found = _now(entry)
    if found.stage not in ("none", "rejected"):
        raise Unsuitable("すでに申請してあります。")
    _ask(actor, _approved_here(entry.register), [found])


@transaction.atomic
def apply_all(actor: Actor, register: str) -> int:
    """Ask for the approval of every row that has none. Returns how many."""
    require(actor, *WRITERS)
    definition = _approved_here(register)
    found = list(Entry.objects.filter(register=register, voided=False, stage__in=("none", "rejected")))
    _ask(actor, definition, found)
    return len(found)


def _ask(actor: Actor, definition: Definition, entries: list[Entry]) -> None:
    hand = Hand(actor, definition)
    for entry in entries:
        hand.stands(entry, set())
        entry.stage, entry.steps_done, entry.applied_by = "applied", 0, actor.name
        hand.write(entry, "申請")
    hand.finish()


@transaction.atomic
def decide(actor: Actor, entry: Entry, *, yes: bool, person: str, on: date, note_: str = "") -> str:
    """An administrator records a step of the approval: who decided, on what day.

    Returns the approval's number when it was the last step, otherwise nothing. The one who applied does not decide.
    """
    require(actor, *ADMINISTRATOR)
    found = _now(entry)
    if found.stage != "applied":
        raise Unsuitable("申請中の行ではありません。")
    if found.applied_by == actor.name:
        raise Unsuitable("申請した本人は決裁を記録できません。別の管理者が記録してください。")
    _decided(actor, _approved_here(entry.register), [found], yes, person, on, note_)
    return found.approval_number


@transaction.atomic
def decide_all(actor: Actor, register: str, *, person: str, on: date) -> int:
    """Approve every row of a register that was applied for by somebody else. Returns how many."""
    require(actor, *ADMINISTRATOR)
    waiting = Entry.objects.filter(register=register, voided=False, stage="applied").exclude(applied_by=actor.name)
    return _decided(actor, _approved_here(register), list(waiting), True, person, on, "")


def _decided(
    actor: Actor, definition: Definition, entries: list[Entry], yes: bool, person: str, on: date, note_: str
) -> int:
    """One step further for each of them, or the end of it; the last step gives the next number of the year."""
    if not person.strip():
        raise Unsuitable("決裁した人を入力してください。")
    if on > timezone.localdate():
        raise Unsuitable("決裁の日が先の日付です。")
    approval = definition.approval
    assert approval is not None
    head = f"{approval.prefix}-{timezone.localdate():%Y}-{definition.prefix}-"
    taken = Entry.objects.filter(approval_number__startswith=head).values_list("approval_number", flat=True)
    last, hand = last_of(head, taken), Hand(actor, definition)
    for entry in entries:
        step = approval.steps[entry.steps_done]
        if not yes:
            entry.stage, entry.steps_done = "rejected", 0
        else:
            entry.steps_done += 1
            if entry.steps_done == len(approval.steps):
                last += 1
                entry.stage, entry.approval_number, entry.approved_on = "approved", f"{head}{last:03d}", on
        words = f"{step}：{'可' if yes else '否'} {person.strip()} {on} {note_}".strip()
        hand.write(entry, "決裁", f"{words} {entry.approval_number}".strip())
    hand.finish()
    return len(entries)
