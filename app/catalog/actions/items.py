"""Changing items one by one and in bulk."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import IntegrityError, transaction

from app.access.actions import require
from app.access.actor import Actor
from app.audit import actions as audit
from app.branches import codes
from app.branches.models import Branch
from app.catalog import search
from app.catalog.actions import changes, numbering
from app.catalog.actions.importing import ImportOutcome
from app.catalog.actions.operations import EDIT_ITEM, IMPORT, CatalogError
from app.catalog.codes import Restriction, Visibility, material_types, shelf_statuses
from app.catalog.models import BibliographicRecord, Item, MergedRecord
from app.web import versions

CHANGEABLE = {
    "branch_id",
    "call_number",
    "shelf_mark",
    "classification",
    "book_mark",
    "volume_mark",
    "location",
    "status",
    "material_type",
    "reference_only",
    "restriction",
    "visibility",
    "attachments",
    "attachment_count",
    "acquired_on",
    "acquisition",
    "acquired_from",
    "price",
    "loans_before",
    "note",
}
MOST_COPIES = 20
# What the counter and the vans change of an item without a change set.
WATCHED = ("branch_id", "call_number", "location", "status", "condition")


@transaction.atomic
def add_item(
    actor: Actor,
    record_id: int,
    branch: Branch,
    barcode: str = "",
    *,
    call_number: str = "",
    material_type: str = "",
    **more: Any,
) -> Item:
    """A new item of a record. CatalogError for a wrong or used number.

    An empty number is drawn from the range for that place and material; an empty call number is made by rule. The
    call number may come whole or in its parts.
    """
    require(actor, EDIT_ITEM, branch)
    if barcode:
        numbering.check_number(barcode)
    record = BibliographicRecord.objects.select_for_update().filter(pk=record_id).first()
    if record is None:
        raise CatalogError("書誌が見つかりません。")
    if MergedRecord.objects.filter(record=record).exists():
        raise CatalogError("この書誌は別の書誌に統合されています。統合先に所蔵を登録してください。")
    material_type = material_type or record.material_type
    drawn = not barcode
    barcode = barcode or numbering.draw(branch.pk, material_type)[0]
    item = Item(record=record, branch=branch, barcode=barcode, material_type=material_type)
    for name, value in _marked(item, {**more, "call_number": call_number}).items():
        setattr(item, name, value)
    check_item(item)
    try:
        with transaction.atomic():
            item.save(force_insert=True)
    except IntegrityError as error:
        # Two counters are offered the same next number; the database lets one of them have it.
        if Item.objects.filter(barcode=barcode).exists():
            raise numbering.used(barcode) from error
        raise
    if not drawn:
        numbering.settle([barcode])
    with changes.open(actor, changes.Kind.CREATE, f"所蔵の登録 {barcode}") as change_set:
        change_set.made(item)
    search.index([record.pk])
    audit.record(
        actor, EDIT_ITEM, subject_type="item", subject_id=barcode, detail={"record": record.pk, "branch": branch.code}
    )
    return item


@transaction.atomic
def add_copies(
    actor: Actor, record_id: int, branch: Branch, barcode: str = "", *, copies: int, **more: Any
) -> list[Item]:
    """So many items of a record alike; the first has the number given, the others draw theirs. As `add_item`."""
    if not 0 < copies <= MOST_COPIES:
        raise CatalogError(f"一度に登録できるのは{MOST_COPIES}冊までです。")
    return [add_item(actor, record_id, branch, "" if number else barcode, **more) for number in range(copies)]


def _marked(item: Item, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a new item with its call number: the parts given, or the whole given, or by rule."""
    empty = {"call_number", *numbering.PARTS}
    given = {name: value for name, value in values.items() if value or name not in empty}
    if not set(given) & (empty - {"shelf_mark"}):
        made = numbering.made_for(item.record, item.material_type).fields
        given = {**made, **given}
        del given["call_number"]
    return numbering.with_call_number(item, given)


def check_item(item: Item) -> None:
    """What the database would refuse, and what no code table knows, in words."""
    known = {
        "status": (dict(shelf_statuses()), "状態"),
        "material_type": (dict(material_types(all_lines=True)), "資料区分"),
        "restriction": (Restriction.values, "館内利用の別"),
        "visibility": (Visibility.values, "公開区分"),
        "acquisition": (dict([("", ""), *codes.choices(codes.ACQUISITION, all_lines=True)]), "受入区分"),
    }
    for name, (values, label) in known.items():
        if getattr(item, name) not in values:
            raise CatalogError(f"{label}の値が正しくありません。")
    if bool(item.attachment_count) != bool(item.attachments):
        raise CatalogError("付属物は、内容と点数の両方を入力してください。")
    for name in (*numbering.PARTS, "call_number", "location", "acquired_from", "note"):
        field = Item._meta.get_field(name)
        longest = getattr(field, "max_length", None) or 0
        if len(getattr(item, name)) > longest:
            raise CatalogError(f"{field.verbose_name}は{longest}字までです。")  # type: ignore[union-attr]


@transaction.atomic
def add_items(
    actor: Actor, rows: Iterable[Mapping[str, Any]], *, title: str = "所蔵の取込み", into: int | None = None
) -> ImportOutcome:
    """New items of known records in bulk, from an earlier system. Rows are fields of Item. One change set; `into`
    goes on with an earlier batch's.

    The caller has checked the values; an empty call number and material type are made from the record. CatalogError
    when somebody took one of the numbers meanwhile. One audit event for the batch.
    """
    require(actor, IMPORT)
    new = list(rows)
    if not new:
        return ImportOutcome(change_set=into)
    locked = BibliographicRecord.objects.select_for_update().order_by("pk")
    records = locked.in_bulk({row["record_id"] for row in new})
    items = []
    for row in new:
        record = records[row["record_id"]]
        item = Item(record=record, material_type=row.get("material_type") or record.material_type)
        for name, value in _marked(item, {**row, "material_type": item.material_type}).items():
            setattr(item, name, value)
        items.append(item)
    try:
        with transaction.atomic():
            Item.objects.bulk_create(items)
    except IntegrityError as error:
        raise CatalogError("取込み中に、同じ資料番号が別に登録されました。もう一度取り込んでください。") from error
    numbering.settle(item.barcode for item in items)
    with changes.open(actor, changes.Kind.IMPORT, title, into=into) as change_set:
        for item in items:
            change_set.made(item, WATCHED)
        number = change_set.pk
    search.index(records)
    audit.record(actor, IMPORT, subject_type="item", detail={"created": len(items), "change_set": number})
    return ImportOutcome(len(items), change_set=number)


@transaction.atomic
def update_item(actor: Actor, item_id: int, fields: Mapping[str, Any], seen: str | None = None) -> list[str]:
    """Change one item (CHANGEABLE); returns the changed names. CatalogError for a value that cannot be.

    With `seen`, the token of `changeable` that the page showed, versions.Conflict when others changed it meanwhile.
    """
    require(actor, EDIT_ITEM)
    item = Item.objects.select_for_update().filter(pk=item_id).first()
    if item is None:
        raise CatalogError("資料が見つかりません。")
    require(actor, EDIT_ITEM, item.branch_id)
    if set(fields) - CHANGEABLE:
        raise CatalogError("修正できない項目です。")
    if seen is not None:
        versions.check(seen, changeable(item))
    wanted = numbering.with_call_number(item, fields)
    before = {name: getattr(item, name) for name in wanted}
    after = {name: value for name, value in wanted.items() if before[name] != value}
    if not after:
        return []
    for name, value in after.items():
        setattr(item, name, value)
    check_item(item)
    item.save(update_fields=[*after, "updated_at"])
    with changes.open(actor, changes.Kind.EDIT, f"所蔵の修正 {item.barcode}") as change_set:
        change_set.note(item, before, after)
    if {"branch_id", "status", "visibility", "reference_only", "restriction", "acquired_on"} & set(after):
        search.index([item.record_id])
    audit.record(
        actor,
        EDIT_ITEM,
        subject_type="item",
        subject_id=item.barcode,
        detail=audit.changes({name: before[name] for name in after}, after),
    )
    return list(after)


def changeable(item: Item) -> dict[str, Any]:
    """What staff may change of an item, as it is now."""
    return {name: getattr(item, name) for name in sorted(CHANGEABLE)}
