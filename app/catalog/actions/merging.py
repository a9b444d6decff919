"""Two records become one: items, holds and lists follow; undone by `undoing.undo` like every change set.

The record that goes is not deleted: it stands for the one that stays (MergedRecord), out of every search, until the
merge is undone. A temporary record gives way to the real one by the same act.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import IntegrityError, models, transaction

from app.access.actions import require
from app.access.actor import Actor
from app.audit import actions as audit
from app.catalog import search
from app.catalog.actions import changes, numbering
from app.catalog.actions.operations import EDIT_ITEM, MERGE, CatalogError
from app.catalog.codes import MaterialType, Origin
from app.catalog.followers import Follower, columns_of, followers
from app.catalog.models import BibliographicRecord, ContentsPart, DigitalLink, Item, MergedRecord

# What a record keeps for itself whatever it is merged with.
OWN = {"id", "origin", "created_at", "updated_at", "kept_fields", "other_isbns", "year", "parent_id", "part_order"}
# Columns that are of no use without another one.
COMPANIONS = {
    "subjects": ("subject_readings",),
    "creators": ("creator_readings", "creator_translits"),
    "title": ("title_reading", "title_translit"),
    "publisher": ("publisher_reading",),
    "issued": ("year",),
    "ndc": ("ndc_edition",),
    "national_number": ("control_number", "marc", "marc_format"),
}
_UNDER_THE_OTHER = {name for names in COMPANIONS.values() for name in names}
_NUMBERS = ("national_number", "control_number")


@dataclass(frozen=True)
class Merged:
    """What a merge came to."""

    change_set: int
    items: int
    followed: dict[str, int]


def mergeable() -> list[str]:
    """The columns of a record that a merge may take from the one that goes, each with its companions."""
    names = [field.attname for field in BibliographicRecord._meta.concrete_fields]
    return [name for name in names if name not in OWN | _UNDER_THE_OTHER]


def useful(goes: BibliographicRecord, stays: BibliographicRecord) -> set[str]:
    """The columns in which the record that goes says something and the one that stays does not."""
    return {name for name in mergeable() if _says(getattr(goes, name)) and not _says(getattr(stays, name))}


def _says(value: Any) -> bool:
    return value not in (None, "", [], {}, b"")


@transaction.atomic
def merge(actor: Actor, goes_id: int, stays_id: int, take: Iterable[str] = ()) -> Merged:
    """Merge one record into another; `take` names the columns (`mergeable`) that the one that stays takes over.

    Items, holds in order of receipt, volumes below it and lists follow. The same again changes nothing. CatalogError
    for the same record twice, for one that is merged elsewhere or unknown, and for unknown columns.
    """
    require(actor, MERGE)
    return _merge(actor, changes.Kind.MERGE, goes_id, stays_id, set(take))


@transaction.atomic
def replace_temporary(actor: Actor, temporary_id: int, record_id: int) -> Merged:
    """A temporary record, made at the counter or with an order, gives way to the real one.

    Its items keep their numbers, loans and holds; what was not known of them (material type, call number) they take
    from the record. CatalogError when it is no temporary record.
    """
    require(actor, EDIT_ITEM)
    origin = BibliographicRecord.objects.filter(pk=temporary_id).values_list("origin", flat=True).first()
    if origin != Origin.TEMPORARY:
        raise CatalogError("仮登録の書誌ではありません。")
    return _merge(actor, changes.Kind.REPLACE, temporary_id, record_id, set())


def _merge(actor: Actor, kind: str, goes_id: int, stays_id: int, take: set[str]) -> Merged:
    if goes_id == stays_id:
        raise CatalogError("同じ書誌どうしは統合できません。")
    if take - set(mergeable()):
        raise CatalogError("統合で選べない項目です。")
    items = list(Item.objects.select_for_update(of=("self",)).filter(record_id=goes_id).order_by("pk"))
    locked = BibliographicRecord.objects.select_for_update().order_by("pk").in_bulk([goes_id, stays_id])
    if len(locked) < 2:
        raise CatalogError("書誌が見つかりません。")
    done = MergedRecord.objects.filter(record_id__in=(goes_id, stays_id)).in_bulk()
    if goes_id in done and done[goes_id].into_id == stays_id:
        return Merged(done[goes_id].change_set_id, 0, {})
    if done:
        raise CatalogError("すでに別の書誌に統合されています。")
    goes, stays = locked[goes_id], locked[stays_id]
    title = f"{changes.Kind(kind).label} {changes.label_of(goes)} → {changes.label_of(stays)}"
    with changes.open(actor, kind, title) as change_set:
        _take_over(change_set, goes, stays, take)
        _move_items(change_set, items, stays, goes if kind == changes.Kind.REPLACE else None)
        _move_rows(change_set, goes, stays)
        change_set.made(MergedRecord.objects.create(record=goes, into=stays, change_set=change_set.row))
        followed = {follower.title: _follow(change_set, follower, goes, stays) for follower in followers()}
        change_set.remark(followed={title: n for title, n in followed.items() if n}, items=len(items))
    search.index([goes.pk, stays.pk])
    audit.record(
        actor,
        MERGE,
        subject_type="record",
        subject_id=stays.pk,
        detail={"merged": goes.pk, "items": len(items), "change_set": change_set.pk},
    )
    return Merged(change_set.pk, len(items), followed)


def _follow(
    change_set: changes.Noting, follower: Follower, goes: BibliographicRecord, stays: BibliographicRecord
) -> int:
    if follower.merge:
        return follower.merge(goes.pk, stays.pk, change_set.pk)
    return _move_all(change_set, follower.model, goes, stays)


def _take_over(
    change_set: changes.Noting, goes: BibliographicRecord, stays: BibliographicRecord, take: set[str]
) -> None:
    """The values of the record that stays. Numbers that are unique leave the other one first."""
    names = {*take, *(companion for name in take for companion in COMPANIONS.get(name, ()))}
    watched = {*names, "other_isbns", "kept_fields"}
    before = {name: getattr(stays, name) for name in watched}
    for name in names:
        setattr(stays, name, getattr(goes, name))
    # Whoever searches by an ISBN of either record finds this one.
    isbns = [goes.isbn13, *goes.other_isbns, *stays.other_isbns]
    stays.other_isbns = [isbn for isbn in dict.fromkeys(isbns) if isbn and isbn != stays.isbn13]
    stays.kept_fields = sorted({*stays.kept_fields, *(names & set(goes.kept_fields))})
    numbers = [name for name in _NUMBERS if name in names and getattr(goes, name) is not None]
    if numbers:
        old = {name: getattr(goes, name) for name in numbers}
        for name in numbers:
            setattr(goes, name, None)
        goes.save(update_fields=[*numbers, "updated_at"])
        change_set.note(goes, old, dict.fromkeys(numbers))
    after = {name: getattr(stays, name) for name in watched}
    if any(before[name] != after[name] for name in watched):
        stays.save(update_fields=[*watched, "updated_at"])
        change_set.note(stays, before, after)


def _move_items(
    change_set: changes.Noting, items: list[Item], stays: BibliographicRecord, provisional: BibliographicRecord | None
) -> None:
    """The items hang on the record that stays; those of a provisional one take from it what that could not say."""
    for item in items:
        after = {"record_id": stays.pk} | (_described(item, stays, provisional.material_type) if provisional else {})
        _change(change_set, item, after)


def describe_items(change_set: changes.Noting, record: BibliographicRecord) -> None:
    """The items of a record that was temporary take from it what it says now. For the import."""
    for item in Item.objects.select_for_update(of=("self",)).filter(record=record).order_by("pk"):
        _change(change_set, item, _described(item, record, MaterialType.BOOK))


def _described(item: Item, record: BibliographicRecord, provisional: str) -> dict[str, Any]:
    """The material type, unless somebody had chosen one, and a call number where there is none."""
    after: dict[str, Any] = {"material_type": record.material_type} if item.material_type == provisional else {}
    return after if item.call_number else after | numbering.made_for(record).fields


def _change(change_set: changes.Noting, item: Item, after: dict[str, Any]) -> None:
    before = {name: getattr(item, name) for name in after}
    for name, value in after.items():
        setattr(item, name, value)
    if after:
        item.save(update_fields=[*after, "updated_at"])
        change_set.note(item, before, after)


def _move_rows(change_set: changes.Noting, goes: BibliographicRecord, stays: BibliographicRecord) -> None:
    """What of the catalogue itself hangs on the record: volumes below it, what was merged into it, its details."""
    if stays.parent_id == goes.pk:  # a volume cannot stand below what it has become
        before = {"parent_id": goes.pk, "part_order": stays.part_order}
        stays.parent_id = goes.parent_id if goes.parent_id != stays.pk else None
        stays.part_order = goes.part_order if stays.parent_id else None
        stays.save(update_fields=["parent", "part_order", "updated_at"])
        change_set.note(stays, before, {"parent_id": stays.parent_id, "part_order": stays.part_order})
    for row in BibliographicRecord.objects.select_for_update().filter(parent=goes).exclude(pk=stays.pk).order_by("pk"):
        row.parent = stays
        row.save(update_fields=["parent", "updated_at"])
        change_set.note(row, {"parent_id": goes.pk}, {"parent_id": stays.pk})
    for merged in MergedRecord.objects.select_for_update().filter(into=goes).order_by("pk"):
        merged.into = stays
        merged.save(update_fields=["into"])
        change_set.note(merged, {"into_id": goes.pk}, {"into_id": stays.pk})
    for model in (ContentsPart, DigitalLink):
        if not model._default_manager.filter(record=stays).exists():
            _move_all(change_set, model._meta.label_lower, goes, stays)


def _move_all(change_set: changes.Noting, label: str, goes: BibliographicRecord, stays: BibliographicRecord) -> int:
    """Rows that tell of nobody follow; one that the other record has already stays behind, out of sight."""
    model = apps.get_model(label)
    moved = 0
    names = columns_of(model)
    rows: models.QuerySet[models.Model] = model._default_manager.filter(
        models.Q(*[(name, goes.pk) for name in names], _connector=models.Q.OR)
    )
    for row in rows.order_by("pk"):
        old = {f"{name}_id": getattr(row, f"{name}_id") for name in names if getattr(row, f"{name}_id") == goes.pk}
        for name in old:
            setattr(row, name, stays.pk)
        try:
            with transaction.atomic():
                row.save(update_fields=[name.removesuffix("_id") for name in old])
        except IntegrityError:
            continue
        change_set.note(row, old, dict.fromkeys(old, stays.pk))
        moved += 1
    return moved


@transaction.atomic
def catch_up() -> int:
    """What was hung on a record in the moment in which it was merged follows it now; returns how many rows. For the
    night. A few SQL statements a follower, more for what is found."""
    moved = 0
    for follower in followers():
        model = apps.get_model(follower.model)
        for name in columns_of(model):
            late = model._default_manager.filter(**{f"{name}__merged__isnull": False}).order_by()
            for record_id in set(late.values_list(f"{name}_id", flat=True)):
                row = MergedRecord.objects.get(record_id=record_id)
                if follower.merge:
                    moved += follower.merge(row.record_id, row.into_id, row.change_set_id)
    return moved
