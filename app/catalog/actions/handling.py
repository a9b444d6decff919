"""What the counter does to items: temporary records, damage notes, sets, things that turn up again, moving shelves."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from app.access.actions import require
from app.access.actor import Actor
from app.audit import actions as audit
from app.branches.models import Branch
from app.catalog import history, search
from app.catalog.actions import changes, merging, numbering
from app.catalog.actions.operations import (
    CONDITION,
    EDIT_ITEM,
    RELOCATE,
    RESTORE,
    TEMPORARY,
    CatalogError,
)
from app.catalog.codes import Origin, ShelfStatus, shelf_statuses
from app.catalog.models import BibliographicRecord, Change, Item, ItemSet
from app.web import versions

MOST_AT_ONCE = 500
MOVABLE = ("location", "shelf_mark", "status")


@transaction.atomic
def register_temporary(actor: Actor, title: str, barcode: str, branch: Branch) -> Item:
    """An item that has no record yet, under a title typed at the counter; the search does not know it.

    It is made in order to be lent, seconds after a patron's card was read. So neither the item nor the log says when:
    its rows have the day and no hour, the event has no title; the night wipes the transaction numbers
    (`forget_when_registered`). CatalogError for an empty title and for a number that is wrong or used.
    """
    require(actor, TEMPORARY)
    title = " ".join(title.split())
    if not title:
        raise CatalogError("仮登録する題名を入力してください。")
    # Only looked at: the range's row, written by the same transaction as a loan, would tell when this was.
    numbering.check_number(barcode)
    record = BibliographicRecord.objects.create(origin=Origin.TEMPORARY, title=title)
    item = Item.objects.create(record=record, branch=branch, barcode=barcode)
    midnight = datetime.combine(timezone.localdate(), time.min, timezone.get_current_timezone())
    BibliographicRecord.objects.filter(pk=record.pk).update(created_at=midnight, updated_at=midnight)
    Item.objects.filter(pk=item.pk).update(created_at=midnight, updated_at=midnight)
    audit.record(actor, TEMPORARY, subject_type="branch", subject_id=branch.code)
    return item


@transaction.atomic
def forget_when_registered(today: date) -> int:
    """Write the temporary items of the last week and their records anew, in the order of their ids: the transactions
    that lent them leave no number there. Returns how many items. Two SQL statements."""
    midnight = datetime.combine(today - timedelta(days=7), time.min, timezone.get_current_timezone())
    fresh = BibliographicRecord.objects.filter(origin=Origin.TEMPORARY, created_at__gte=midnight)
    items = Item.objects.filter(record__in=fresh).update(updated_at=F("updated_at"))
    fresh.update(updated_at=F("updated_at"))
    return items


@transaction.atomic
def join_temporary(actor: Actor, barcode: str, record_id: int) -> Item:
    """The temporary record of this item gives way to the real one (`merging.replace_temporary`); the item itself, and
    so its loan and its holds, stay what they are. Joining again changes nothing. CatalogError otherwise."""
    require(actor, EDIT_ITEM)
    known = Item.objects.filter(barcode=barcode).first()
    if known is None:
        raise CatalogError(f"資料番号 {barcode} は登録されていません。")
    if known.record_id != record_id:
        merging.replace_temporary(actor, known.record_id, record_id)
    return Item.objects.select_related("record").get(pk=known.pk)


@transaction.atomic
def note_condition(actor: Actor, item: Item, text: str, today: date) -> None:
    """Write what is damaged or missing; the counter shows it at the next loan and return. An empty text clears it."""
    require(actor, CONDITION)
    text = " ".join(text.split())[:200]
    locked = Item.objects.select_for_update(no_key=True).get(pk=item.pk)
    if locked.condition == text:
        return
    before = locked.condition
    item.condition = locked.condition = text
    item.condition_on = locked.condition_on = today if text else None
    locked.save(update_fields=["condition", "condition_on"])
    detail = {"changed": {"condition": [before, text]}}
    audit.record(actor, CONDITION, subject_type="item", subject_id=item.barcode, detail=detail)


@transaction.atomic
def restore_to_stock(actor: Actor, item: Item) -> None:
    """A missing or withdrawn item is there again. The caller has locked it and asked."""
    require(actor, RESTORE)
    before, item.status = item.status, ShelfStatus.IN_STOCK
    item.save(update_fields=["status", "updated_at"])
    search.index([item.record_id])
    detail = {"changed": {"status": [before, str(item.status)]}}
    audit.record(actor, RESTORE, subject_type="item", subject_id=item.barcode, detail=detail)


@transaction.atomic
def put_set(actor: Actor, name: str, barcodes: Iterable[str]) -> ItemSet:
    """Make the items one set: lent and returned together. CatalogError for unknown items, for a set of fewer than
    two, for items of another set and for items that are out."""
    require(actor, EDIT_ITEM)
    wanted = list(dict.fromkeys(barcodes))
    name = " ".join(name.split())
    items = list(Item.objects.select_for_update(of=("self",)).filter(barcode__in=wanted).order_by("pk"))
    unknown = set(wanted) - {item.barcode for item in items}
    if unknown:
        raise CatalogError(f"登録されていない資料番号です: {'、'.join(sorted(unknown))}")
    if not name or len(items) < 2:
        raise CatalogError("組には名称と2点以上の資料が要ります。")
    if any(item.item_set_id for item in items):
        raise CatalogError("すでに別の組に入っている資料があります。")
    if Item.objects.filter(pk__in=[item.pk for item in items], loans__isnull=False).exists():
        raise CatalogError("貸出中の資料は組に入れられません。")
    made = ItemSet.objects.create(name=name[:100])
    Item.objects.filter(pk__in=[item.pk for item in items]).update(item_set=made)
    for item in items:
        audit.record(actor, EDIT_ITEM, subject_type="item", subject_id=item.barcode, detail={"set": name})
    return made


@transaction.atomic
def dissolve_set(actor: Actor, set_id: int) -> None:
    """The items are single again. CatalogError while any of them is out."""
    require(actor, EDIT_ITEM)
    items = list(Item.objects.select_for_update(of=("self",)).filter(item_set_id=set_id).order_by("pk"))
    if Item.objects.filter(item_set_id=set_id, loans__isnull=False).exists():
        raise CatalogError("貸出中の資料があるため、組を解けません。")
    ItemSet.objects.filter(pk=set_id).delete()
    for item in items:
        audit.record(actor, EDIT_ITEM, subject_type="item", subject_id=item.barcode, detail={"set": None})


@dataclass(frozen=True)
class Moved:
    """What a change of many items came to: numbers changed, numbers nobody knows, and items whose state stays because
    they are out (their place is changed all the same)."""

    changed: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    out: tuple[str, ...] = ()
    change_set: int | None = None
    """Where the differences stand and from where they are undone; None when nothing changed."""
    seen: str = ""
    """What stands for these differences (`web.versions`): whoever confirms them says that they are what was shown."""
    changes: tuple[history.Told, ...] = ()
    """The differences in words; of a preview only."""


@transaction.atomic
def relocate(
    actor: Actor,
    barcodes: Iterable[str],
    *,
    location: str | None = None,
    shelf_mark: str | None = None,
    status: str | None = None,
    seen: str | None = None,
) -> Moved:
    """Give many items another place, separate shelf mark or state, all at once; None leaves a column as it is.

    Every item's change is in the log with both values. CatalogError for nothing to change, too many items (500),
    values too long and unknown states. The same again changes nothing. Items on loan keep their state. With `seen` of
    a `preview_move`, versions.Conflict when it would be other differences by now.
    """
    require(actor, RELOCATE)
    wanted = list(dict.fromkeys(barcodes))
    given = {"location": location, "shelf_mark": shelf_mark, "status": status}
    values = {name: value.strip() for name, value in given.items() if value is not None}
    _check_move(wanted, values)
    items = list(Item.objects.select_for_update(of=("self",), no_key=True).filter(barcode__in=wanted).order_by("pk"))
    out_ids = set(Item.objects.filter(pk__in=[i.pk for i in items], loans__isnull=False).values_list("pk", flat=True))
    changed, same = [], []
    notes: list[tuple[Item, dict[str, str], dict[str, str]]] = []
    for item in items:
        own = {name: value for name, value in values.items() if not (name == "status" and item.pk in out_ids)}
        wanted_now = numbering.with_call_number(item, own)
        after = {name: value for name, value in wanted_now.items() if getattr(item, name) != value}
        before = {name: getattr(item, name) for name in after}
        if not after:
            same.append(item.barcode)
            continue
        for name, value in after.items():
            setattr(item, name, value)
        changed.append(item)
        notes.append((item, before, after))
    differences = {item.barcode: [before, after] for item, before, after in notes}
    if seen is not None:
        versions.check(seen, differences)
    with changes.open(actor, changes.Kind.BATCH, f"所在・状態の変更 {len(changed)}点") as change_set:
        for item, before, after in notes:
            item.save(update_fields=[*after, "updated_at"])
            change_set.note(item, before, after)
            detail = {"changed": {name: [str(before[name]), value] for name, value in after.items()}}
            audit.record(actor, RELOCATE, subject_type="item", subject_id=item.barcode, detail=detail)
        number = change_set.pk if notes else None
    if changed and "status" in values:
        search.index(sorted({item.record_id for item in changed}))
    known = {item.barcode for item in items}
    return Moved(
        changed=tuple(item.barcode for item in changed),
        same=tuple(same),
        unknown=tuple(barcode for barcode in wanted if barcode not in known),
        out=tuple(item.barcode for item in items if item.pk in out_ids) if "status" in values else (),
        change_set=number,
        seen=versions.token(differences),
    )


@transaction.atomic
def preview_move(actor: Actor, barcodes: Iterable[str], **values: str | None) -> Moved:
    """What `relocate` would do, done, told in words and rolled back: nothing of it stays."""
    moved = relocate(actor, barcodes, **values)
    rows = Change.objects.filter(change_set=moved.change_set).select_related("change_set").order_by("pk")
    moved = replace(moved, changes=tuple(history.in_words(rows)))
    transaction.set_rollback(True)
    return moved


def _check_move(wanted: list[str], values: dict[str, str]) -> None:
    if not wanted or not values:
        raise CatalogError("資料と、変更する項目を指定してください。")
    if len(wanted) > MOST_AT_ONCE:
        raise CatalogError(f"一度に変更できるのは{MOST_AT_ONCE}点までです。")
    if values.get("status", ShelfStatus.IN_STOCK) not in dict(shelf_statuses()):
        raise CatalogError("状態の値が正しくありません。")
    if len(values.get("location", "")) > 40 or len(values.get("shelf_mark", "")) > 10:
        raise CatalogError("所在は40字、別置記号は10字までです。")
