"""Which numbers and call numbers items get: ranges, drawing from them, the table of rules."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from django.db import transaction

from app.access.actions import require
from app.access.actor import Actor
from app.audit import actions as audit
from app.branches import revisions
from app.catalog import callnumbers, numbers, rules
from app.catalog.actions.operations import NUMBERING, CatalogError
from app.catalog.callnumbers import CallNumber
from app.catalog.models import BibliographicRecord, CallNumberRule, Item, NumberRange
from app.catalog.naming import call_rules, described, number_ranges
from app.patrons.rules import CARD_LENGTH, CARD_PREFIX

RANGE_FIELDS = (
    "name", "prefix", "length", "check_digit", "first", "last", "next_serial", "material_type", "branch_id", "in_use",
)  # fmt: skip
RULE_FIELDS = tuple(field.name for field in fields(callnumbers.Rule))
MOST_AT_ONCE = 2000
PARTS = ("shelf_mark", "classification", "book_mark", "volume_mark")


def seed() -> None:
    """What a new library starts with: one range for every item, and rules that name biographies after their person."""
    if not NumberRange.objects.exists():
        NumberRange.objects.create(
            name="資料", prefix=rules.ITEM_PREFIX, length=rules.BARCODE_LENGTH, first=1, last=99_999_999
        )
    if not CallNumberRule.objects.exists():
        CallNumberRule.objects.bulk_create(
            [
                CallNumberRule(note="著者ヨミの1字目"),
                CallNumberRule(ndc_prefix="289", source="person", note="伝記は被伝者から"),
                CallNumberRule(ndc_prefix="289", material_type="child", shelf_mark="K", source="person"),
                CallNumberRule(material_type="picture", shelf_mark="E", class_places=0),
                CallNumberRule(material_type="kamishibai", shelf_mark="C", class_places=0, source="title"),
                CallNumberRule(material_type="child", shelf_mark="K"),
                CallNumberRule(material_type="reference", shelf_mark="R", letters=2),
                CallNumberRule(material_type="local", shelf_mark="L"),
            ]
        )


def check_number(barcode: str) -> None:
    """CatalogError when this is no number of a range in use, or an item has it."""
    problem = numbers.problem(number_ranges(), barcode)
    if problem:
        raise CatalogError(problem)
    if Item.objects.filter(barcode=barcode).exists():
        raise used(barcode)


def used(barcode: str) -> CatalogError:
    """The number stands on another item."""
    return CatalogError(f"資料番号 {barcode} はすでに使われています。")


def next_barcode(branch_id: int | None = None, material_type: str = "") -> str:
    """The number that the next item of that place and material would get; "" when the range is used up.

    Nothing is drawn: whoever registers first has it. Two SQL statements, three when it is taken already.
    """
    chosen = numbers.range_for(number_ranges(), branch_id, material_type)
    row = chosen and NumberRange.objects.filter(pk=chosen.pk).first()
    if not chosen or not row:
        return ""
    try:
        return chosen.number(_free(chosen, row.next_serial))
    except CatalogError:
        return ""


def _free(chosen: numbers.Range, serial: int) -> int:
    """The first serial from here that no item has; behind the highest one in use when this one is taken."""
    if serial <= chosen.last and Item.objects.filter(barcode=chosen.number(serial)).exists():
        between = (chosen.number(serial), chosen.number(chosen.last))
        taken = Item.objects.filter(barcode__range=between, barcode__regex=rf"^[0-9]{{{chosen.length}}}$")
        serial = chosen.serial(taken.order_by("-barcode").values_list("barcode", flat=True)[0]) + 1
    if serial > chosen.last:
        raise CatalogError(f"番号帯「{chosen.name}」の番号を使い切りました。番号帯を追加してください。")
    return serial


def draw(branch_id: int | None, material_type: str, count: int = 1) -> list[str]:
    """Take the next numbers of the range for that place and material; nobody else gets them. Within a transaction."""
    chosen = numbers.range_for(number_ranges(), branch_id, material_type)
    if chosen is None:
        raise CatalogError("使える番号帯がありません。番号帯を登録してください。")
    return take(chosen.pk, count)


def take(range_id: int, count: int) -> list[str]:
    """Take the next numbers of one range, in order. CatalogError when so many are not left. Within a transaction."""
    if not 0 < count <= MOST_AT_ONCE:
        raise CatalogError(f"一度に払い出せるのは{MOST_AT_ONCE}番までです。")
    row = NumberRange.objects.select_for_update().filter(pk=range_id, in_use=True).first()
    if row is None:
        raise CatalogError("この番号帯は使われていません。")
    chosen = range_of_row(row)
    first = _free(chosen, row.next_serial)
    if first + count - 1 > chosen.last:
        raise CatalogError(f"番号帯「{row.name}」に残っている番号は{chosen.last - first + 1}番です。")
    row.next_serial = first + count
    row.save(update_fields=["next_serial"])
    return [chosen.number(first + step) for step in range(count)]


def settle(barcodes: Iterable[str]) -> None:
    """Numbers that were given by hand or by a file: the next ones are drawn behind them. Within a transaction."""
    highest: dict[int, int] = {}
    for barcode in barcodes:
        if found := numbers.range_of(number_ranges(), barcode):
            highest[found.pk] = max(found.serial(barcode), highest.get(found.pk, 0))
    for pk, serial in sorted(highest.items()):
        NumberRange.objects.filter(pk=pk, next_serial__lte=serial).update(next_serial=serial + 1)


def range_of_row(row: NumberRange) -> numbers.Range:
    """The range as the rules see it."""
    names = ("pk", "name", "prefix", "length", "check_digit", "first", "last", "material_type", "branch_id")
    return numbers.Range(**{name: getattr(row, name) for name in names})


@transaction.atomic
def put_range(actor: Actor, values: Mapping[str, Any], range_id: int | None = None) -> NumberRange:
    """Add a range of numbers or change one (RANGE_FIELDS). CatalogError says what cannot be."""
    require(actor, NUMBERING)
    rows = {row.pk: row for row in NumberRange.objects.select_for_update().order_by("pk")}
    row = rows[range_id] if range_id in rows else NumberRange()
    before = {name: getattr(row, name) for name in RANGE_FIELDS} if row.pk else {}
    for name in RANGE_FIELDS:
        setattr(row, name, values.get(name, getattr(row, name)))
    row.next_serial = min(max(row.next_serial, row.first), row.last + 1)
    _check_range(row, [other for other in rows.values() if other.pk != row.pk and other.in_use])
    row.save()
    after = {name: getattr(row, name) for name in RANGE_FIELDS}
    audit.record(
        actor, NUMBERING, subject_type="numbers", subject_id=row.pk, detail=audit.changes(before or after, after)
    )
    revisions.forget()
    return row


def _check_range(row: NumberRange, others: Sequence[NumberRange]) -> None:
    if not row.name.strip():
        raise CatalogError("番号帯の名称を入力してください。")
    if not 4 <= row.length <= 14:
        raise CatalogError("桁数は4から14までです。")
    if row.first < 0 or row.last < row.first:
        raise CatalogError("連番の終わりは、初め以上にしてください。")
    mine = range_of_row(row)
    if mine.serial_digits < 1 or len(str(row.last)) > mine.serial_digits:
        raise CatalogError(f"連番の終わり {row.last} は、この桁数に入りません。")
    if row.in_use and row.length == CARD_LENGTH and f"{mine.number(mine.first)}".startswith(CARD_PREFIX):
        raise CatalogError(f"{CARD_PREFIX}で始まる{CARD_LENGTH}桁は利用券の番号です。")
    for other in others if row.in_use else ():
        if numbers.overlap(mine, range_of_row(other)):
            raise CatalogError(f"番号帯「{other.name}」と重なっています。")
    if not row.in_use and not others:
        raise CatalogError("使う番号帯が一つもなくなります。")


@transaction.atomic
def put_call_rules(actor: Actor, lines: Sequence[callnumbers.Rule]) -> int:
    """Make the table of call-number rules these lines; returns how many are new, changed or gone."""
    require(actor, NUMBERING)
    keys = [(line.ndc_prefix, line.material_type) for line in lines]
    doubled = next((key for key in keys if keys.count(key) > 1), None)
    if doubled:
        raise CatalogError(f"同じ条件の行が2つあります({doubled[0] or 'すべての分類'})。")
    if not all(1 <= line.letters <= 4 for line in lines):
        raise CatalogError("図書記号の字数は1から4までです。")
    there = {(row.ndc_prefix, row.material_type): row for row in CallNumberRule.objects.select_for_update()}
    changed = 0
    for line in lines:
        row = there.pop((line.ndc_prefix, line.material_type), None)
        before = {name: getattr(row, name) for name in RULE_FIELDS} if row else {}
        after = {name: getattr(line, name) for name in RULE_FIELDS}
        if before == after:
            continue
        row = row or CallNumberRule()
        for name, value in after.items():
            setattr(row, name, value)
        row.save()
        changed += 1
        _told(actor, row, before or after, after)
    for row in there.values():
        was = {name: getattr(row, name) for name in RULE_FIELDS}
        _told(actor, row, was, dict.fromkeys(RULE_FIELDS, ""))
        row.delete()
        changed += 1
    revisions.forget()
    return changed


def _told(actor: Actor, row: CallNumberRule, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    audit.record(
        actor, NUMBERING, subject_type="callrule", subject_id=str(row)[:60], detail=audit.changes(before, after)
    )


def made_for(record: BibliographicRecord, material_type: str = "") -> CallNumber:
    """The call number that the rules give an item of that record."""
    return callnumbers.make(call_rules(), described(record, material_type or record.material_type))


def columns_for(text: str) -> dict[str, str]:
    """The columns of an item for a call number written as one; without parts when they would not fit."""
    parts = callnumbers.parse(text)
    fits = all(len(getattr(parts, name)) <= (Item._meta.get_field(name).max_length or 0) for name in PARTS)
    if fits:
        return parts.fields
    return {"classification": "", "book_mark": "", "volume_mark": "", "call_number": text}


def with_call_number(item: Item, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values to write so that the call number and its parts stay one; unchanged when neither is among them."""
    values = dict(values)
    if "call_number" in values and values["call_number"] != item.call_number:
        given = columns_for(values["call_number"]) if values["call_number"] else CallNumber().fields
        return values | given
    values.pop("call_number", None)
    if not set(PARTS) & set(values):
        return values
    has_parts = any(getattr(item, name) for name in PARTS[1:])
    own = {name: getattr(item, name) for name in PARTS}
    if not has_parts and item.call_number not in ("", item.shelf_mark):
        own = callnumbers.parse(item.call_number).fields | ({"shelf_mark": item.shelf_mark} if item.shelf_mark else {})
    parts = CallNumber(**{name: "".join(str(values.get(name, own[name])).split()) for name in PARTS})
    return values | parts.fields
