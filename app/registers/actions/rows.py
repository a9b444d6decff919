"""Putting a row into a register, changing it, taking it back: each act a revision and a line in the trail."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from app.operations.access import MACHINE, WRITERS, Actor, require
from app.operations.actions import Unsuitable, note
from app.registers import queries, rules
from app.registers.models import Entry, Revision
from app.registers.schema import Definition, definitions


class Refused(Unsuitable):
    """What was filled in cannot stand; `field` says where."""

    def __init__(self, text: str, field: str = "") -> None:
        super().__init__(text)
        self.field = field


@transaction.atomic
def add(actor: Actor, register: str, values: Mapping[str, Any], *, note_: str = "") -> Entry:
    """Put a new row into a register; it gets the next number of the year. Refused when it cannot stand."""
    require(actor, *WRITERS)
    definition = definitions()[register]
    now = timezone.now()
    kept = {f.key: rules.stored(values.get(f.key)) for f in definition.typed}
    found = Entry(register=register, number=number_of(definition), values=kept, made_at=now, changed_at=now)
    must_be_open(register)
    stands(definition, found)
    found.save()
    _spawn(actor, definition, found)
    keep(actor, found, "登録", note_)
    return found


@transaction.atomic
def change(actor: Actor, entry: Entry, version: int, values: Mapping[str, Any], *, note_: str = "") -> bool:
    """Give a row these values (the others stay). Returns whether anything changed.

    Refused when somebody else changed it since `version`, when the register is closed, or when it cannot stand.
    An approved row loses its approval unless only fields changed that may follow the approval.
    """
    require(actor, *WRITERS)
    definition = definitions()[entry.register]
    found = Entry.objects.get(pk=entry.pk)
    if found.version != version:
        raise Refused("表示したあとに別の人が変更しました。最新の内容を確かめて、もう一度入力してください。")
    if found.voided:
        raise Refused("取り消した行は変更できません。")
    kept = {**found.values, **{key: rules.stored(value) for key, value in values.items()}}
    changed = [f for f in definition.typed if kept.get(f.key) != found.values.get(f.key)]
    if not changed:
        return False
    if actor is not MACHINE:
        must_be_open(found.register)
    found.values = kept
    if found.stage != "none" and not all(f.after for f in changed):
        unapprove(found)
    if actor is not MACHINE:
        stands(definition, found)
    _spawn(actor, definition, found)
    advance(found)
    keep(actor, found, "変更", note_)
    return True


def stands(definition: Definition, entry: Entry) -> None:
    """Refused when a judgement refuses the row, or a value that must be its own is another row's."""
    on = queries.desk()
    row = rules.complete(definition, queries.row_of(definition, entry), on.book)
    for finding in rules.judged(definition, row, on.book):
        if finding.level == "refuse":
            raise Refused(finding.text, finding.field)
    for field in (f for f in definition.fields if f.unique and row.values.get(f.key) is not None):
        for other in on.rows(definition.id):
            if other.number != entry.number and other.values.get(field.key) == row.values[field.key]:
                raise Refused(f"同じ{field.label}の行があります（{other.number}）。", field.key)


def number_of(definition: Definition) -> str:
    """The next number of the year: `KS-2026-0007`. Numbers are never used again."""
    head = f"{definition.prefix}-{timezone.localdate():%Y}-"
    return next_number(head, Entry.objects.filter(number__startswith=head).values_list("number", flat=True), 4)


def next_number(head: str, taken: Iterable[str], width: int) -> str:
    """The number after the last one taken under this head, with leading zeros."""
    last = max((int(number.removeprefix(head)) for number in taken), default=0)
    return f"{head}{last + 1:0{width}d}"


def must_be_open(register: str) -> None:
    """Refused when the register is closed."""
    closed = queries.closing(register)
    if closed:
        raise Refused(
            f"この台帳は{closed.on}に締めました（{closed.number}）。変更するには、理由を付けて締めを解いてください。"
        )


def advance(entry: Entry) -> None:
    """Save a row as its next version."""
    entry.version += 1
    entry.changed_at = timezone.now()
    entry.save()


def keep(actor: Actor, entry: Entry, what: str, note_: str = "") -> None:
    """The revision and the trail of what was just done."""
    Revision.objects.create(
        entry=entry,
        number=entry.version,
        at=entry.changed_at,
        by=actor.name,
        what=what,
        note=note_[:400],
        values=entry.values,
    )
    note(actor, "register.kept", f"register/{entry.number}", what=what, version=entry.version, note=note_[:400])


def unapprove(entry: Entry) -> None:
    """Take the approval away: what was approved is no longer what the row says."""
    entry.stage, entry.steps_done, entry.applied_by = "none", 0, ""
    entry.approval_number, entry.approved_on = "", None


def _spawn(actor: Actor, definition: Definition, entry: Entry) -> None:
    """Each line of the field that has no number yet becomes a row of the other register, and gets its number."""
    if definition.spawn is None or actor is MACHINE:
        return
    rule = definition.spawn
    head = definitions()[rule.register_id].prefix
    lines = []
    for line in str(entry.values.get(rule.field) or "").splitlines():
        text = line.strip()
        if text and not re.match(rf"{head}-\d{{4}}-\d{{4,}} ", text):
            other = add(
                actor, rule.register_id, {rule.title: text, rule.back: entry.number}, note_=f"{entry.number}から"
            )
            text = f"{other.number} {text}"
        if text:
            lines.append(text)
    if lines:
        entry.values = {**entry.values, rule.field: "\n".join(lines)}
        entry.save()


@transaction.atomic
def void(actor: Actor, entry: Entry, reason: str) -> None:
    """Take a row back. It stays readable under its number, with the reason."""
    require(actor, *WRITERS)
    found = Entry.objects.get(pk=entry.pk)
    if found.voided:
        raise Unsuitable("すでに取り消してあります。")
    if not reason.strip():
        raise Unsuitable("取り消す理由を入力してください。")
    if found.seed:
        raise Unsuitable("構成情報から作られた行は取り消せません。構成情報を改めてください。")
    must_be_open(found.register)
    found.voided = True
    advance(found)
    keep(actor, found, "取消", reason)
