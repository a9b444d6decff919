"""Changing records: permission, one transaction, the index and the audit log together."""

from collections.abc import Collection, Mapping
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
from app.catalog.models import BibliographicRecord, MergedRecord
from app.web import versions

# What staff may change by hand, as the edit page groups it; everything else of a record comes with it.
GROUPS: dict[str, tuple[str, ...]] = {
    "書名・著者": (
        "title",
        "title_reading",
        "volume",
        "edition",
        "creators",
        "creator_readings",
        "statement",
        "other_titles",
    ),
    "出版・形態": ("publisher", "publisher_reading", "place", "issued", "isbn13", "extent", "series", "language"),
    "分類・件名・扱い": (
        "ndc",
        "subjects",
        "subject_readings",
        "material_type",
        "audience",
        "visibility",
        "level",
        "rules_used",
    ),
    "内容・注記": ("contents", "notes", "summary", "toc", "author_note"),
    "原書・翻字・その他の番号": (
        "original_title",
        "title_translit",
        "creator_translits",
        "other_languages",
        "issn",
        "other_isbns",
        "content_type",
        "media_type",
        "carrier_type",
    ),
    "視聴覚資料": ("publisher_number", "performers", "playing_minutes", "medium", "screening"),
    "地域・行政資料": ("local_class", "local_places", "local_people", "issuing_section"),
}
EDITABLE = tuple(name for names in GROUPS.values() for name in names)


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
def update_record(
    actor: Actor,
    record_id: int,
    fields: Mapping[str, Any],
    seen: str | None = None,
    keep: Collection[str] | None = None,
) -> list[str]:
    """Change fields by hand; returns the names that changed (none: nothing is written). CatalogError for bad values.

    With `seen`, the token of the values that the editor's page showed, versions.Conflict when others changed them
    meanwhile. What staff changed is remembered in `kept_fields`, so that a later MARC update leaves it alone; `keep`
    says of the fields given which are to be protected besides (None: as before).
    """
    require(actor, EDIT_RECORD)
    record = BibliographicRecord.objects.select_for_update().filter(pk=record_id).first()
    if record is None:
        raise CatalogError("書誌が見つかりません。")
    if MergedRecord.objects.filter(record=record).exists():
        raise CatalogError("この書誌は別の書誌に統合されています。統合先を修正してください。")
    unknown = {*fields, *(keep or ())} - set(EDITABLE)
    if unknown:
        raise CatalogError(f"修正できない項目です: {', '.join(sorted(unknown))}")
    if seen is not None:
        versions.check(seen, editable(record))
    whole = {name: getattr(record, name) for name in (*EDITABLE, "year", "kept_fields")}
    changed = [name for name, value in fields.items() if whole[name] != value]
    protected = set(record.kept_fields) if keep is None else {*keep, *(set(record.kept_fields) - set(fields))}
    for name in changed:
        setattr(record, name, fields[name])
    if "issued" in changed:
        record.year = rules.year_of(record.issued)
    record.kept_fields = sorted(protected | set(changed))
    if not changed and record.kept_fields == sorted(whole["kept_fields"]):
        return []
    check_record(record)
    record.save(update_fields=[*changed, "year", "kept_fields", "updated_at"])
    after = {name: getattr(record, name) for name in whole}
    with changes.open(actor, changes.Kind.EDIT, f"書誌の修正 {record.title[:80]}") as change_set:
        change_set.note(record, whole, after)
    search.index([record.pk])
    told = changed or ["kept_fields"]
    detail = audit.changes({name: whole[name] for name in told}, {name: after[name] for name in told})
    audit.record(actor, EDIT_RECORD, subject_type="record", subject_id=record.pk, detail=detail)
    return told


def editable(record: BibliographicRecord) -> dict[str, Any]:
    """What staff may change by hand, as it is now, and what of it is protected."""
    return {name: getattr(record, name) for name in EDITABLE} | {"keep": sorted(record.kept_fields)}
