"""Putting a row into a register, changing it, taking it back: each act a revision and a line in the trail."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db import transaction
from django.utils import timezone

from app.operations.access import MACHINE, WRITERS, Actor, require
from app.operations.actions import Unsuitable, note
from app.registers import queries, rules
from app.registers.models import Entry, Revision
from app.registers.schema import Definition, definitions

WRITTEN = (
    "values", "version", "stage", "steps_done", "applied_by", "approval_number", "approved_on", "voided", "changed_at",
)  # fmt: skip


class Refused(Unsuitable):
    """What was filled in cannot stand; `field` says where."""

    def __init__(self, text: str, field: str = "") -> None:
        super().__init__(text)
        self.field = field


@dataclass
class Hand:
    """Writes rows of one open register, one or hundreds, by one look at the registers; `finish` keeps the revisions.

    Belongs inside a transaction. Refused when the register is closed.
    """

    actor: Actor
    definition: Definition
    now: datetime = field(default_factory=timezone.now)
    revisions: list[Revision] = field(default_factory=list)

    def __post_init__(self) -> None:
        closed = queries.closing(self.definition.id)
        if closed and self.actor is not MACHINE:
            raise Refused(
                f"この台帳は{closed.on}に締めました（{closed.number}）。変更するには、理由を付けて締めを解いてください。"
            )

    @cached_property
    def desk(self) -> queries.Desk:
        """The look by which rows are judged."""
        return queries.desk()

    @cached_property
    def _taken(self) -> dict[str, dict[Any, str]]:
        """Values that must be a row's own, with the number of the row that has them. One SQL statement."""
        rows = list(Entry.objects.filter(register=self.definition.id, voided=False).values_list("number", "values"))
        keys = [f.key for f in self.definition.typed if f.unique]
        return {key: {values.get(key): number for number, values in rows if values.get(key)} for key in keys}

    @cached_property
    def _head(self) -> str:
        return f"{self.definition.prefix}-{timezone.localdate():%Y}-"

    @cached_property
    def _last(self) -> list[int]:
        return [
            last_of(self._head, Entry.objects.filter(number__startswith=self._head).values_list("number", flat=True))
        ]

    def new(self, values: Mapping[str, Any], note_: str = "", seed: str = "") -> Entry:
        """A new row under the next number of the year (`KS-2026-0007`; none is used again)."""
        kept = {f.key: rules.stored(values.get(f.key)) for f in self.definition.typed}
        self._last[0] += 1
        number = f"{self._head}{self._last[0]:04d}"
        found = Entry(
            register=self.definition.id, number=number, values=kept, seed=seed, made_at=self.now, changed_at=self.now
        )
        self.stands(found, set(kept))
        self._spawn(found)
        found.save()
        self._revise(found, "登録", note_)
        return found

    def alter(self, entry: Entry, values: Mapping[str, Any], note_: str = "") -> bool:
        """Give a row these values, the others stay. Returns whether anything changed.

        Its approval falls unless only fields changed that may follow it.
        """
        if entry.voided:
            raise Refused("取り消した行は変更できません。")
        kept = {**entry.values, **{key: rules.stored(value) for key, value in values.items()}}
        changed = [f for f in self.definition.typed if kept.get(f.key) != entry.values.get(f.key)]
        if not changed:
            return False
        entry.values = kept
        if entry.stage != "none" and not all(f.after for f in changed):
            entry.stage, entry.steps_done, entry.applied_by = "none", 0, ""
            entry.approval_number, entry.approved_on = "", None
        self.stands(entry, {f.key for f in changed})
        self._spawn(entry)
        self.write(entry, "変更" if self.actor is not MACHINE else "構成情報の変更", note_)
        return True

    def stands(self, entry: Entry, changed: set[str]) -> None:
        """Refused when a judgement refuses the row, or a value that must be its own is another row's."""
        if self.actor is MACHINE:
            return
        row = rules.complete(self.definition, queries.row_of(self.definition, entry), self.desk.book)
        for finding in rules.judged(self.definition, row, self.desk.book):
            if finding.level == "refuse":
                raise Refused(finding.text, finding.field)
        for each in (f for f in self.definition.typed if f.unique and f.key in changed and entry.values.get(f.key)):
            other = self._taken[each.key].setdefault(entry.values[each.key], entry.number)
            if other != entry.number:
                raise Refused(f"同じ{each.label}の行があります（{other}）。", each.key)

    def write(self, entry: Entry, what: str, note_: str = "") -> None:
        """Save a row as its next version."""
        entry.version += 1
        entry.changed_at = self.now
        entry.save(update_fields=WRITTEN)
        self._revise(entry, what, note_)

    def _revise(self, entry: Entry, what: str, note_: str) -> None:
        self.revisions.append(
            Revision(
                entry=entry,
                number=entry.version,
                at=self.now,
                by=self.actor.name,
                what=what,
                note=note_[:400],
                values=entry.values,
            )
        )

    def _spawn(self, entry: Entry) -> None:
        """Each line of the field that has no number yet becomes a row of the other register, and gets its number."""
        rule = self.definition.spawn
        if rule is None:
            return
        other = Hand(self.actor, definitions()[rule.register_id], self.now)
        begin: dict[str, Any] = {f.key: f.default for f in other.definition.typed if f.default and ":" not in f.default}
        begin |= {key: timezone.localdate() for key, value in begin.items() if value == "today"}
        lines = []
        for line in str(entry.values.get(rule.field) or "").splitlines():
            text = line.strip()
            if text and not re.match(rf"{other.definition.prefix}-\d{{4}}-\d{{4,}} ", text):
                made = other.new({**begin, rule.title: text, rule.back: entry.number}, f"{entry.number}から")
                text = f"{made.number} {text}"
            if text:
                lines.append(text)
        other.finish()
        entry.values = {**entry.values, rule.field: "\n".join(lines) or None}

    def finish(self) -> None:
        """Keep the revisions of all that was written, and a line in the trail."""
        Revision.objects.bulk_create(self.revisions)
        named = [revision.entry.number for revision in self.revisions]
        if not named:
            return
        subject = f"register/{named[0]}" if len(named) == 1 else f"register/{self.definition.id}"
        what = sorted({revision.what for revision in self.revisions})
        note(self.actor, "register.kept", subject, what=what, rows=named, note=self.revisions[0].note)


def last_of(head: str, taken: Iterable[str]) -> int:
    """The last number taken under this head."""
    return max((int(number.removeprefix(head)) for number in taken), default=0)


@transaction.atomic
def add(actor: Actor, register: str, values: Mapping[str, Any], *, note_: str = "") -> Entry:
    """Put a new row into a register. Refused when it cannot stand."""
    require(actor, *WRITERS)
    hand = Hand(actor, definitions()[register])
    found = hand.new(values, note_)
    hand.finish()
    return found


@transaction.atomic
def change(actor: Actor, entry: Entry, version: int, values: Mapping[str, Any], *, note_: str = "") -> bool:
    """Change a row. Returns whether anything changed; Refused when somebody else changed it since `version`."""
    require(actor, *WRITERS)
    found = Entry.objects.get(pk=entry.pk)
    if found.version != version:
        raise Refused("表示したあとに別の人が変更しました。最新の内容を確かめて、もう一度入力してください。")
    hand = Hand(actor, definitions()[entry.register])
    changed = hand.alter(found, values, note_)
    hand.finish()
    return changed


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
    hand = Hand(actor, definitions()[found.register])
    found.voided = True
    hand.write(found, "取消", reason)
    hand.finish()
