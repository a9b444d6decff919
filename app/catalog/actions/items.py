"""Changing items one by one and in bulk."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import IntegrityError, transaction

from app.access.actions import require
from app.access.actor import Actor
from app.audit import actions as audit
from app.branches.models import Branch
from app.catalog import rules, search
from app.catalog.actions import changes
from app.catalog.actions.operations import EDIT_ITEM, IMPORT, CatalogError
from app.catalog.codes import Restriction, ShelfStatus, material_types
from app.catalog.models import BibliographicRecord, Item

CHANGEABLE = {
    "branch_id",
    "call_number",
    "shelf_mark",
    "location",
    "status",
    "material_type",
    "reference_only",
    "restriction",
    "attachments",
    "attachment_count",
    "acquired_on",
    "price",
}


@transaction.atomic
def add_item(
    actor: Actor,
    record_id: int,
    branch: Branch,
    barcode: str,
    *,
    call_number: str = "",
    material_type: str = "",
    location: str = "",
    reference_only: bool = False,
    **more: Any,
) -> Item:
    """A new item of a record. CatalogError for a wrong or used number; an empty call number is made by rule."""
    require(actor, EDIT_ITEM, branch)
    problem = rules.barcode_problem(barcode)
    if problem:
        raise CatalogError(problem)
    used = CatalogError(f"資料番号 {barcode} はすでに使われています。")
    if Item.objects.filter(barcode=barcode).exists():
        raise used
    record = BibliographicRecord.objects.select_for_update().defer("marc").filter(pk=record_id).first()
    if record is None:
        raise CatalogError("書誌が見つかりません。")
    item = Item(
        record=record,
        branch=branch,
        barcode=barcode,
        call_number=call_number or rules.call_number(record.ndc, (record.creator_readings or [""])[0], record.volume),
        material_type=material_type or record.material_type,
        location=location,
        reference_only=reference_only,
        **more,
    )
    try:
        with transaction.atomic():
            item.save(force_insert=True)
    except IntegrityError as error:
        # Two counters are offered the same next number; the database lets one of them have it.
        if Item.objects.filter(barcode=barcode).exists():
            raise used from error
        raise
    with changes.open(actor, changes.Kind.CREATE, f"所蔵の登録 {barcode}") as change_set:
        change_set.made(item)
    search.index([record.pk])
    audit.record(
        actor, EDIT_ITEM, subject_type="item", subject_id=barcode, detail={"record": record.pk, "branch": branch.code}
    )
    return item


@transaction.atomic
def add_items(actor: Actor, rows: Iterable[Mapping[str, Any]], *, title: str = "所蔵の取込み") -> int:
    """New items of known records in bulk, from an earlier system; returns how many. Rows are fields of Item.

    The caller has checked the values; an empty call number and material type are made from the record. CatalogError
    when somebody took one of the numbers meanwhile. One audit event for the batch.
    """
    require(actor, IMPORT)
    new = list(rows)
    if not new:
        return 0
    locked = BibliographicRecord.objects.select_for_update().defer("marc").order_by("pk")
    records = locked.in_bulk({row["record_id"] for row in new})
    items = []
    for row in new:
        record = records[row["record_id"]]
        item = Item(**row)
        item.call_number = item.call_number or rules.call_number(
            record.ndc, (record.creator_readings or [""])[0], record.volume
        )
        item.material_type = item.material_type or record.material_type
        items.append(item)
    try:
        with transaction.atomic():
            Item.objects.bulk_create(items)
    except IntegrityError as error:
        raise CatalogError("取込み中に、同じ資料番号が別に登録されました。もう一度取り込んでください。") from error
    with changes.open(actor, changes.Kind.IMPORT, title) as change_set:
        for item in items:
            change_set.made(item)
    search.index(records)
    audit.record(actor, IMPORT, subject_type="item", detail={"created": len(items)})
    return len(items)


@transaction.atomic
def update_item(actor: Actor, item_id: int, fields: Mapping[str, Any]) -> list[str]:
    """Change one item (CHANGEABLE); returns the changed names. CatalogError for a value that cannot be."""
    require(actor, EDIT_ITEM)
    item = Item.objects.select_for_update().filter(pk=item_id).first()
    if item is None:
        raise CatalogError("資料が見つかりません。")
    require(actor, EDIT_ITEM, item.branch_id)
    if set(fields) - CHANGEABLE:
        raise CatalogError("修正できない項目です。")
    if fields.get("status", item.status) not in ShelfStatus.values:
        raise CatalogError("状態の値が正しくありません。")
    if fields.get("material_type", item.material_type) not in dict(material_types(all_lines=True)):
        raise CatalogError("資料区分の値が正しくありません。")
    if fields.get("restriction", item.restriction) not in Restriction.values:
        raise CatalogError("館内利用の別の値が正しくありません。")
    count, names = (fields.get(name, getattr(item, name)) for name in ("attachment_count", "attachments"))
    if bool(count) != bool(names):
        raise CatalogError("付属物は、内容と点数の両方を入力してください。")
    before = {name: getattr(item, name) for name in fields}
    changed = [name for name, value in fields.items() if before[name] != value]
    if not changed:
        return []
    for name in changed:
        setattr(item, name, fields[name])
    item.save(update_fields=[*changed, "updated_at"])
    with changes.open(actor, changes.Kind.EDIT, f"所蔵の修正 {item.barcode}") as change_set:
        change_set.note(item, before, fields)
    if {"branch_id", "status"} & set(changed):
        search.index([item.record_id])
    audit.record(
        actor,
        EDIT_ITEM,
        subject_type="item",
        subject_id=item.barcode,
        detail=audit.changes(before, fields),
    )
    return changed


def next_barcode() -> str:
    """The item number after the highest one of ours in use. One SQL statement."""
    last = (
        Item.objects.filter(barcode__regex=rf"^{rules.ITEM_PREFIX}[0-9]{{{rules.BARCODE_LENGTH - 1}}}$")
        .order_by("-barcode")
        .values_list("barcode", flat=True)
        .first()
    )
    return rules.item_barcode(int(last[1:-1]) + 1 if last else 1)
