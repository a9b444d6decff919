"""Changing records: permission, one transaction, the index and the audit log together."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from app.access.actions import require
from app.access.actor import Actor
from app.audit import actions as audit
from app.catalog import rules, search
from app.catalog.actions.operations import EDIT_RECORD, IMPORT, CatalogError
from app.catalog.codes import Origin, material_types
from app.catalog.models import BibliographicRecord
from app.web import versions

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


def _checked(record: BibliographicRecord) -> None:
    """Field by field what the database would refuse, in words."""
    try:
        record.clean_fields(exclude=["marc", "material_type"])
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        label = str(BibliographicRecord._meta.get_field(name).verbose_name)
        raise CatalogError(f"{label}: {messages[0]}") from error
    if record.material_type not in dict(material_types(all_lines=True)):
        raise CatalogError("資料種別の値が正しくありません。")


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
