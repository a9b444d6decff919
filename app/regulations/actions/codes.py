"""Writes to the code tables."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from app.access import actions as access
from app.access.actor import Actor
from app.access.operations import declare
from app.audit import actions as audit
from app.branches import revisions
from app.branches.codes import ACQUISITION, LOCATION, MATERIAL_TYPE, SHELF_MARK, SHELF_STATUS, TABLES
from app.branches.models import CodeEntry
from app.catalog.codes import ShelfStatus
from app.catalog.models import Item
from app.web import versions

CODES = declare("regulations.codes", "コード表を変える", roles=())

LONGEST_CODE = {MATERIAL_TYPE: 12, LOCATION: 40, SHELF_STATUS: 12, SHELF_MARK: 10, ACQUISITION: 12}
# Codes that mean something to the program: the library names and orders them, and may not do without. A state that it
# adds itself is one in which an item is not lent.
KNOWN = {SHELF_STATUS: frozenset(ShelfStatus.values)}


@dataclass(frozen=True)
class Line:
    """One line of a code table as the editor sends it, in the order of the table."""

    code: str
    label: str
    in_use: bool = True
    is_default: bool = False


def seen_of(rows: Iterable[CodeEntry]) -> str:
    """What stands for a table's lines in the page."""
    return versions.token({row.code: _plain(row) for row in rows})


def _plain(row: CodeEntry) -> dict[str, Any]:
    return {"label": row.label, "order": row.order, "in_use": row.in_use, "default": row.is_default}


@transaction.atomic
def put_codes(actor: Actor, table: str, lines: Sequence[Line], seen: str | None = None) -> int:
    """Make a table's lines these, in this order; returns how many changed. Lines that are left out go out of use.

    `seen` is the `seen_of` of the table that was on the screen. ValidationError when somebody changed it since, for an
    empty or doubled code or name, and for two defaults.
    """
    access.require(actor, CODES)
    _check(table, lines)
    rows = list(CodeEntry.objects.select_for_update().filter(table=table))
    if seen is not None and seen != seen_of(rows):
        raise ValidationError("ほかの職員が先にこの表を変更しました。表を開き直してから、もう一度入力してください。")
    there = {row.code: row for row in rows}
    kept = {line.code for line in lines}
    gone = [Line(row.code, row.label, in_use=False) for row in there.values() if row.code not in kept]
    # The old default steps back first: at no moment are there two.
    CodeEntry.objects.filter(table=table, is_default=True).update(is_default=False)
    changed = 0
    for order, line in enumerate((*lines, *gone)):
        row = there.get(line.code)
        before = _plain(row) if row else None
        row = row or CodeEntry(table=table, code=line.code)
        row.label, row.order, row.in_use, row.is_default = line.label, order, line.in_use, line.is_default
        row.save()
        after = _plain(row)
        if before != after:
            changed += 1
            told = {"for": f"{TABLES[table]} {line.label}", "before": before, "after": after}
            audit.record(actor, CODES, subject_type="code", subject_id=f"{table}:{line.code}"[:60], detail=told)
    revisions.forget()
    return changed


def _check(table: str, lines: Sequence[Line]) -> None:
    if table not in TABLES:
        raise ValidationError("この表はここでは変えられません。")
    codes, labels = [line.code for line in lines], [line.label for line in lines if line.in_use]
    for line in lines:
        if not line.code or not line.label.strip():
            raise ValidationError("符号と名称を入力してください。")
        if len(line.code) > LONGEST_CODE[table]:
            raise ValidationError(f"符号「{line.code}」は{LONGEST_CODE[table]}文字までです。")
        if line.is_default and not line.in_use:
            raise ValidationError(f"「{line.label}」は使わないので既定にできません。")
    for what, values in (("符号", codes), ("名称", labels)):
        doubled = sorted({value for value in values if values.count(value) > 1})
        if doubled:
            raise ValidationError(f"{what}「{doubled[0]}」が重なっています。")
    missing = KNOWN.get(table, frozenset()) - {line.code for line in lines if line.in_use}
    if missing:
        names = dict(ShelfStatus.choices)
        raise ValidationError(f"「{names[min(missing)]}」はシステムが使う行なので、使用をやめることはできません。")
    if sum(line.is_default for line in lines) > 1:
        raise ValidationError("既定は1つだけ選べます。")


@transaction.atomic
def put_location_on_items(actor: Actor, old: str, new: str) -> int:
    """Write another location on every item that has the old one; returns how many. One SQL statement for any number."""
    access.require(actor, CODES)
    count = Item.objects.filter(location=old).update(location=new)
    told = {"for": f"所在 {old}", "to": new, "items": count}
    audit.record(actor, CODES, subject_type="code", subject_id=f"location:{old}"[:60], detail=told)
    return count
