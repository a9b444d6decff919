"""Reads of the registers. A `Desk` is one look at all of them: a register is read once, when it is asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db.models import Max
from django.utils import timezone

from app.operations.access import Role
from app.operations.queries import accounts
from app.registers import rules
from app.registers.facts import facts
from app.registers.models import Attachment, Closing, Entry, Issued, Revision
from app.registers.rules import Book, Finding, Row
from app.registers.schema import Check, Definition, FieldDef, definitions

STAGE_WORDS = {"none": "未{}", "applied": "未{}（申請中）", "approved": "{}済", "rejected": "不{}"}
# What a role of the console is called in the register of grants.
ROLES = {Role.ADMINISTRATOR: "管理", Role.OPERATOR: "運用", Role.AUDITOR: "閲覧"}


@dataclass(frozen=True)
class Seen:
    """A row as the screens show it."""

    entry: Entry
    row: Row
    findings: tuple[Finding, ...]
    settled: bool
    definition: Definition

    @property
    def level(self) -> str:
        """The worst finding's level; `settled` or `open` without one."""
        return self.findings[0].level if self.findings else ("settled" if self.settled else "open")

    @property
    def name(self) -> str:
        """What the row is called."""
        return rules.shown(self.definition.field(self.definition.name), self.row.values.get(self.definition.name))

    @property
    def stage(self) -> str:
        """How far its approval is, in the register's own word; empty where nobody approves."""
        approval = self.definition.approval
        return STAGE_WORDS[self.entry.stage].format(approval.word) if approval else ""

    @property
    def cells(self) -> list[tuple[FieldDef, str]]:
        """Every field with its value as people read it."""
        return [(f, rules.shown(f, self.row.values.get(f.key))) for f in self.definition.fields]

    @property
    def listed(self) -> list[str]:
        """The values of the list's columns."""
        return [rules.shown(f, self.row.values.get(f.key)) for f in self.definition.listed]

    @property
    def kinds(self) -> list[tuple[str, str]]:
        """The same with the kind of each column."""
        return list(zip((f.kind for f in self.definition.listed), self.listed, strict=True))


@dataclass
class Desk:
    """All registers on one day. Each register that is asked for costs one SQL statement, once."""

    today: date
    _entries: dict[str, list[Entry]] = field(default_factory=dict)
    _rows: dict[str, list[Row]] = field(default_factory=dict)

    @cached_property
    def book(self) -> Book:
        """What the rules may ask of."""
        return Book(self.today, self.rows, _Facts(facts(settings.INVENTORY), self))

    @cached_property
    def issued(self) -> Counter[int]:
        """How many papers were handed out for each row. One SQL statement."""
        return Counter(Issued.objects.exclude(entry=None).values_list("entry_id", flat=True))

    def entries(self, register: str) -> list[Entry]:
        """Rows that are not voided, in the order of their numbers."""
        if register not in self._entries:
            self._entries[register] = list(Entry.objects.filter(register=register, voided=False))
        return self._entries[register]

    def rows(self, register: str) -> Sequence[Row]:
        """The same as rules see them. What is worked out may ask of other registers, but not in a circle."""
        if register not in self._rows:
            definition = definitions()[register]
            self._rows[register] = [self._plain(definition, entry) for entry in self.entries(register)]
            if any(f.computed is not None for f in definition.fields):
                plain = self._rows[register]
                self._rows[register] = [rules.complete(definition, row, self.book) for row in plain]
        return self._rows[register]

    def _plain(self, definition: Definition, entry: Entry) -> Row:
        kept = any(paper.kept for paper in definition.papers)
        return row_of(definition, entry, self.issued[entry.pk] if kept else 0)

    def seen(self, entry: Entry) -> Seen:
        """One row with what is wrong with it."""
        definition = definitions()[entry.register]
        row = rules.complete(definition, self._plain(definition, entry), self.book)
        findings = tuple(rules.judged(definition, row, self.book)) if not entry.voided else ()
        return Seen(entry, row, findings, rules.is_settled(definition, row, self.book), definition)

    def all(self, register: str) -> list[Seen]:
        """Every row of a register."""
        return [self.seen(entry) for entry in self.entries(register)]

    def lacks(self, register: str) -> list[tuple[Check, list[str]]]:
        """What the register as a whole is wanting, check by check."""
        return rules.lacks(definitions()[register], self.rows(register), self.book)


def desk(today: date | None = None) -> Desk:
    """A look at all registers today."""
    return Desk(today or timezone.localdate())


class _Facts(dict[str, Any]):
    """What the inventory says, and what the console itself knows, looked up when it is asked for."""

    def __init__(self, known: dict[str, Any], on: Desk) -> None:
        super().__init__(known)
        self._on = on

    def get(self, name: str, default: Any = None) -> Any:
        """The fact of that name."""
        if name not in self and name in _LIVING:
            self[name] = _LIVING[name](self._on)
        return super().get(name, default)


def _accounts(_: Desk) -> dict[str, str]:
    """Who can sign in to the console now, and as what."""
    return {user.get_username(): ROLES.get(actor.role, "") for user, actor in accounts() if user.is_active}


_LIVING: dict[str, Callable[[Desk], Any]] = {
    "account_roles": _accounts,
    "accounts": lambda on: list(on.book.facts.get("account_roles")),
    "closures": lambda on: [date.fromisoformat(e.values["day"]) for e in on.entries("closures")],
    "approved_companies": lambda on: [
        e.values["company"] for e in on.entries("subcontracts") if e.stage == "approved" and e.values.get("personal")
    ],
    "removed_serials": lambda on: [
        e.values["serial"] for e in on.entries("equipment") if e.values.get("removed") and e.values.get("serial")
    ],
}


def row_of(definition: Definition, entry: Entry, issued: int = 0) -> Row:
    """An entry with typed values."""
    values = {f.key: rules.typed(f, entry.values.get(f.key)) for f in definition.typed}
    return Row(entry.register, entry.number, values, entry.stage, entry.approval_number, issued)


@dataclass(frozen=True)
class Shelf:
    """One register on the index."""

    definition: Definition
    rows: int
    open: int
    late: int
    bad: int
    warned: int
    lacking: int
    closed: bool


def shelves(on: Desk) -> list[tuple[str, list[Shelf]]]:
    """The registers by group, with what needs somebody. One SQL statement for each register, and one."""
    closed = set(Closing.objects.filter(reopened_at=None).values_list("register", flat=True))
    groups: dict[str, list[Shelf]] = {}
    for definition in definitions().values():
        seen = on.all(definition.id)
        levels = [{finding.level for finding in row.findings} for row in seen]
        groups.setdefault(definition.group, []).append(
            Shelf(
                definition,
                len(seen),
                sum(not row.settled for row in seen),
                sum("late" in found for found in levels),
                sum("bad" in found for found in levels),
                sum("warn" in found for found in levels),
                sum(len(wanting) for _, wanting in on.lacks(definition.id)),
                definition.id in closed,
            )
        )
    return list(groups.items())


def matching(
    rows: Iterable[Seen], words: str = "", only: str = "", choices: dict[str, str] | None = None
) -> list[Seen]:
    """The rows that hold every word, are `only` (late, bad, warn, open, settled), and have these values."""
    wanted = words.casefold().split()
    found = []
    for seen in rows:
        text = " ".join(
            [seen.entry.number, seen.entry.approval_number, *(t for _, t in seen.cells), seen.stage]
        ).casefold()
        if not all(word in text for word in wanted):
            continue
        levels = {finding.level for finding in seen.findings} | {"settled" if seen.settled else "open"}
        if only and only not in levels and not (only == "any" and seen.findings):
            continue
        if all(_chosen(seen.row.values.get(key), value) for key, value in (choices or {}).items() if value):
            found.append(seen)
    return found


def _chosen(value: Any, wanted: str) -> bool:
    return wanted in value if isinstance(value, list) else str(value) == wanted


def entry(number: str) -> Entry | None:
    """The row of that number, voided or not. One SQL statement."""
    return Entry.objects.filter(number=number).first()


def voided(register: str) -> list[Entry]:
    """Rows that were taken back. One SQL statement."""
    return list(Entry.objects.filter(register=register, voided=True))


@dataclass(frozen=True)
class Step:
    """One revision: what it changed."""

    revision: Revision
    changes: list[tuple[str, str, str]]


def history(of: Entry) -> list[Step]:
    """Every revision of a row, newest first, with the fields it changed: label, before, after. One SQL statement."""
    definition = definitions()[of.register]
    before: dict[str, Any] = {}
    steps = []
    for revision in of.revisions.all():
        steps.append(Step(revision, _changes(definition, before, revision.values)))
        before = revision.values
    return steps[::-1]


def _changes(definition: Definition, old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, str, str]]:
    pairs = [(f, rules.typed(f, old.get(f.key)), rules.typed(f, new.get(f.key))) for f in definition.typed]
    return [(f.label, rules.shown(f, a), rules.shown(f, b)) for f, a, b in pairs if a != b]


def pointing_at(number: str, on: Desk) -> list[Seen]:
    """Rows of any register that link to this number."""
    found = []
    for definition in definitions().values():
        keys = [f.key for f in definition.fields if f.target]
        for each in on.entries(definition.id) if keys else ():
            values = [each.values.get(key) for key in keys]
            if any(number == value or (isinstance(value, list) and number in value) for value in values):
                found.append(on.seen(each))
    return found


def attachments(of: Entry) -> list[Attachment]:
    """The files beside a row, without their contents. One SQL statement."""
    return list(of.attachments.defer("content"))


def attachment(number: str, pk: int) -> Attachment | None:
    """One file of that row. One SQL statement."""
    return Attachment.objects.filter(entry__number=number, pk=pk).first()


def issued(register: str, of: Entry | None = None) -> list[Issued]:
    """Papers that were handed out, in the order of their numbers, without contents. One SQL statement."""
    found = Issued.objects.filter(register=register).defer("content").select_related("entry")
    return list(found.filter(entry=of) if of else found)


def copy_of(number: str) -> Issued | None:
    """One paper that was handed out. One SQL statement."""
    return Issued.objects.filter(number=number).first()


def closing(register: str) -> Closing | None:
    """The closing in force. One SQL statement."""
    return Closing.objects.filter(register=register, reopened_at=None).first()


def revision(of: Entry, number: int) -> Revision | None:
    """One revision of a row. One SQL statement."""
    return of.revisions.filter(number=number).first()


def choices(field_: FieldDef, on: Desk) -> list[tuple[str, str]]:
    """What a field may be: (value, words)."""
    if field_.choices:
        return [(text, text) for text in field_.choices]
    kind, _, name = field_.of.partition(":")
    if kind == "fact":
        return [(str(value), str(value)) for value in on.book.facts.get(name) or ()]
    definition = definitions()[name]
    shown = definition.field(definition.name)
    return [(row.number, f"{row.number} {rules.shown(shown, row.values.get(shown.key))}") for row in on.rows(name)]


def suggestions(field_: FieldDef, on: Desk) -> list[str]:
    """What a text field offers to take over."""
    return [str(value) for value in on.book.facts.get(field_.suggest.partition(":")[2]) or ()] if field_.suggest else []


def counted(rows: Iterable[Seen], field_: FieldDef) -> list[tuple[str, int]]:
    """How many rows have each value, in the order of the choices, or of the values."""
    values = [rules.shown(field_, seen.row.values.get(field_.key)) for seen in rows]
    order = [*field_.choices, *sorted({value for value in values if value not in field_.choices})]
    return [(value or "（未記入）", values.count(value)) for value in order]


def everything(today: date | None = None) -> dict[str, Any]:
    """Every register for the documents: `{id: {title, group, fields, rows, lacks}}`, rows with values by their keys."""
    on = desk(today)
    return {d.id: _register(d, on) for d in definitions().values()}


def records() -> dict[str, Any]:
    """The registers' part of `manage records`."""
    return {"registers": everything()}


def _register(definition: Definition, on: Desk) -> dict[str, Any]:
    return {
        "title": definition.title,
        "group": definition.group,
        "purpose": definition.purpose,
        "requirements": list(definition.requirements),
        "fields": [{"key": f.key, "label": f.label, "kind": f.kind} for f in definition.fields],
        "rows": [_plain(seen) for seen in on.all(definition.id)],
        "lacks": [{"text": check.text, "missing": missing} for check, missing in on.lacks(definition.id)],
    }


def _plain(seen: Seen) -> dict[str, Any]:
    found = seen.entry
    return {
        "number": found.number,
        "state": "settled" if seen.settled else "open",
        "stage": found.stage,
        "approval_number": found.approval_number,
        "approved_on": found.approved_on.isoformat() if found.approved_on else None,
        "changed_at": timezone.localtime(found.changed_at).isoformat(),
        "findings": [{"level": finding.level, "text": finding.text} for finding in seen.findings],
        "values": {key: rules.stored(value) for key, value in seen.row.values.items()},
    }


def last_change(register: str) -> datetime | None:
    """When a row of the register changed last. One SQL statement."""
    found: datetime | None = Entry.objects.filter(register=register).aggregate(at=Max("changed_at"))["at"]
    return found


def search(words: str, on: Desk) -> list[Seen]:
    """Rows of every register that hold every word. One SQL statement for each register."""
    if not words.strip():
        return []
    return [seen for d in definitions().values() for seen in matching(on.all(d.id), words)]
