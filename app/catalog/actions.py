"""The only code that changes the catalogue: permission, one transaction, the index and the audit log together."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from app.access.actions import require
from app.access.actor import Actor
from app.access.operations import LIBRARIAN, declare
from app.audit import actions as audit
from app.branches.models import Branch
from app.catalog import rules, search
from app.catalog.codes import MaterialType, Origin, ShelfStatus
from app.catalog.models import BibliographicRecord, Item
from app.web import versions

VIEW = declare("catalog.view", "書誌・所蔵を探す・見る")
EDIT_RECORD = declare("catalog.edit_record", "書誌を登録・修正する", roles=(LIBRARIAN,))
EDIT_ITEM = declare("catalog.edit_item", "所蔵を登録・修正する", roles=(LIBRARIAN,))
IMPORT = declare("exchange.import", "書誌・所蔵を取り込む", roles=(LIBRARIAN,))

# What staff may change by hand; everything else of a record comes with it.
EDITABLE = (
    "title",
    "title_reading",
    "volume",
    "statement",
    "edition",
    "creators",
    "creator_readings",
    "place",
    "publisher",
    "publisher_reading",
    "issued",
    "isbn13",
    "ndc",
    "language",
    "material_type",
    "extent",
    "series",
    "subjects",
    "contents",
    "notes",
)


class CatalogError(Exception):
    """The request cannot be carried out; the text is for the screen."""


def _checked(record: BibliographicRecord) -> None:
    """Field by field what the database would refuse, in words."""
    try:
        record.clean_fields(exclude=["marc"])
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        label = str(BibliographicRecord._meta.get_field(name).verbose_name)
        raise CatalogError(f"{label}: {messages[0]}") from error


@transaction.atomic
def create_record(actor: Actor, fields: Mapping[str, Any], origin: str = Origin.STAFF) -> BibliographicRecord:
    """A new record, indexed. CatalogError says which field is wrong."""
    require(actor, EDIT_RECORD)
    record = BibliographicRecord(origin=origin, **fields)
    record.year = record.year if record.year is not None else rules.year_of(record.issued)
    _checked(record)
    record.save(force_insert=True)
    search.index([record.pk])
    audit.record(actor, EDIT_RECORD, subject_type="record", subject_id=record.pk, detail={"created": record.title[:80]})
    return record


@transaction.atomic
def update_record(actor: Actor, record_id: int, fields: Mapping[str, Any], seen: str | None = None) -> list[str]:
    """Change fields by hand; returns the names that changed (none: nothing is written). CatalogError for bad values.

    With `seen`, the token of the values that the editor's page showed, versions.Conflict when others changed them
    meanwhile. What staff changed is remembered in `kept_fields`, so that a later MARC update leaves it alone.
    """
    require(actor, EDIT_RECORD)
    record = BibliographicRecord.objects.select_for_update().filter(pk=record_id).first()
    if record is None:
        raise CatalogError("書誌が見つかりません。")
    unknown = set(fields) - set(EDITABLE)
    if unknown:
        raise CatalogError(f"修正できない項目です: {', '.join(sorted(unknown))}")
    if seen is not None:
        versions.check(seen, editable(record))
    before = {name: getattr(record, name) for name in fields}
    changed = [name for name, value in fields.items() if before[name] != value]
    if not changed:
        return []
    for name in changed:
        setattr(record, name, fields[name])
    if "issued" in changed:
        record.year = rules.year_of(record.issued)
    record.kept_fields = sorted({*record.kept_fields, *changed})
    _checked(record)
    record.save(update_fields=[*changed, "year", "kept_fields", "updated_at"])
    search.index([record.pk])
    audit.record(
        actor,
        EDIT_RECORD,
        subject_type="record",
        subject_id=record.pk,
        detail=audit.changes(before, fields),
    )
    return changed


def editable(record: BibliographicRecord) -> dict[str, Any]:
    """What staff may change by hand, as it is now."""
    return {name: getattr(record, name) for name in EDITABLE}


@dataclass(frozen=True)
class ImportOutcome:
    """How many records a batch made, changed and found unchanged."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0

    def __add__(self, other: "ImportOutcome") -> "ImportOutcome":
        return ImportOutcome(
            self.created + other.created, self.updated + other.updated, self.unchanged + other.unchanged
        )


@transaction.atomic
def import_records(actor: Actor, batch: Iterable[Mapping[str, Any]]) -> ImportOutcome:
    """Create or update records from an exchange format, matched by national number, then by control number.

    The same record again (same original bytes) is left untouched; fields that staff corrected are kept.
    One audit event for the batch.
    """
    require(actor, IMPORT)
    rows = list(batch)
    there = _known(rows)
    fresh: dict[str, BibliographicRecord] = {}
    changed: list[int] = []
    unchanged = 0
    for row in rows:
        keys = _keys(row)
        known = next((there[key] for key in keys if key in there), None)
        if known is None:
            record = BibliographicRecord(**row)
            # The same record twice in one file: the later one is the newer one.
            fresh = {k: r for k, r in fresh.items() if k not in keys} | {keys[0] if keys else f"row {id(row)}": record}
        elif bytes(known.marc or b"") == row["marc"]:
            unchanged += 1
        else:
            for name, value in row.items():
                if name not in known.kept_fields:
                    setattr(known, name, value)
            known.save()
            changed.append(known.pk)
    created = BibliographicRecord.objects.bulk_create(fresh.values())
    search.index([record.pk for record in created] + changed)
    outcome = ImportOutcome(len(created), len(changed), unchanged)
    if created or changed:
        audit.record(actor, IMPORT, subject_type="record", detail={"created": len(created), "updated": len(changed)})
    return outcome


def _keys(row: Mapping[str, Any]) -> list[str]:
    """What a record is recognised by, best first."""
    return [f"{name}:{row[name]}" for name in ("national_number", "control_number") if row.get(name)]


def _known(rows: list[Mapping[str, Any]]) -> dict[str, BibliographicRecord]:
    """The records that these rows would meet, locked, by key. Two SQL statements."""
    found: dict[str, BibliographicRecord] = {}
    for name in ("national_number", "control_number"):
        numbers = [row[name] for row in rows if row.get(name)]
        for record in BibliographicRecord.objects.select_for_update().filter(**{f"{name}__in": numbers}):
            # The same row met by its other key must stay the same object.
            same = next((r for r in found.values() if r.pk == record.pk), record)
            found[f"{name}:{getattr(record, name)}"] = same
    return found


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
    require(actor, EDIT_ITEM)
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
    search.index([record.pk])
    audit.record(
        actor, EDIT_ITEM, subject_type="item", subject_id=barcode, detail={"record": record.pk, "branch": branch.code}
    )
    return item


@transaction.atomic
def add_items(actor: Actor, rows: Iterable[Mapping[str, Any]]) -> int:
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
    search.index(records)
    audit.record(actor, IMPORT, subject_type="item", detail={"created": len(items)})
    return len(items)


@transaction.atomic
def update_item(actor: Actor, item_id: int, fields: Mapping[str, Any]) -> list[str]:
    """Change one item (branch, call number, location, status, type, reference only); returns the changed names."""
    require(actor, EDIT_ITEM)
    item = Item.objects.select_for_update().filter(pk=item_id).first()
    if item is None:
        raise CatalogError("資料が見つかりません。")
    allowed = {
        "branch_id",
        "call_number",
        "location",
        "status",
        "material_type",
        "reference_only",
        "acquired_on",
        "price",
    }
    if set(fields) - allowed:
        raise CatalogError("修正できない項目です。")
    if fields.get("status", item.status) not in ShelfStatus.values:
        raise CatalogError("状態の値が正しくありません。")
    if fields.get("material_type", item.material_type) not in MaterialType.values:
        raise CatalogError("資料区分の値が正しくありません。")
    before = {name: getattr(item, name) for name in fields}
    changed = [name for name, value in fields.items() if before[name] != value]
    if not changed:
        return []
    for name in changed:
        setattr(item, name, fields[name])
    item.save(update_fields=[*changed, "updated_at"])
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
