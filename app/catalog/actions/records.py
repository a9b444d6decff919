"""Changing records: permission, one transaction, the index and the audit log together."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from app.access.actions import require
from app.access.actor import Actor
from app.audit import actions as audit
from app.catalog import rules, search
from app.catalog.actions import changes
from app.catalog.actions.operations import EDIT_RECORD, CatalogError
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


def check_record(record: BibliographicRecord) -> None:
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
    check_record(record)
    with changes.open(actor, changes.Kind.CREATE, f"書誌の登録 {record.title[:80]}") as change_set:
        record.save(force_insert=True)
        change_set.made(record)
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
    whole = {name: getattr(record, name) for name in (*EDITABLE, "year", "kept_fields")}
    before = {name: whole[name] for name in fields}
    changed = [name for name, value in fields.items() if before[name] != value]
    if not changed:
        return []
    for name in changed:
        setattr(record, name, fields[name])
    if "issued" in changed:
        record.year = rules.year_of(record.issued)
    record.kept_fields = sorted({*record.kept_fields, *changed})
    check_record(record)
    record.save(update_fields=[*changed, "year", "kept_fields", "updated_at"])
    with changes.open(actor, changes.Kind.EDIT, f"書誌の修正 {record.title[:80]}") as change_set:
        change_set.note(record, whole, {name: getattr(record, name) for name in whole})
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
