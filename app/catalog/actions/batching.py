"""Changing many items or records at once: planned, looked at, carried out, and undone as one.

A plan is a change set whose changes have not happened yet. Carrying it out writes exactly what it shows: a row that
somebody changed in between stops it, so nobody is surprised.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models, transaction

from app.access.actions import require
from app.access.actor import Actor
from app.audit import actions as audit
from app.branches.models import Branch
from app.catalog import columns, search
from app.catalog.actions import changes, numbering
from app.catalog.actions.items import check_item
from app.catalog.actions.operations import BATCH, EDIT_ITEM, EDIT_RECORD, CatalogError
from app.catalog.actions.records import EDITABLE, check_record
from app.catalog.actions.undoing import Obstacle, Past, composed, locked, write
from app.catalog.models import BibliographicRecord, ChangeSet, Item
from app.catalog.selecting import MOST

ITEM_FIELDS = (
    "branch_id",
    "location",
    "shelf_mark",
    "status",
    "material_type",
    "restriction",
    "reference_only",
    "visibility",
    "acquisition",
)
RECORD_FIELDS = ("material_type", "language", "audience", "visibility", "level")
# Where a text may be exchanged for another one.
RECORD_TEXTS = ("subjects", "series", "notes", "creators", "publisher", "place", "ndc", "statement")
_INDEXED = {"branch_id", "status", "visibility"}
_FEW = 20


class PlanOutdated(CatalogError):
    """Rows were changed after the plan was made; nothing was carried out. `obstacles` names the first of them."""

    def __init__(self, obstacles: list[Obstacle]) -> None:
        super().__init__(
            f"確認の後に変わった資料があるため、実行しませんでした({len(obstacles)}件)。もう一度選び直してください。"
        )
        self.obstacles = obstacles[:_FEW]


@dataclass(frozen=True)
class Exchange:
    """A text in a field that is to be exchanged: in a list for a whole value, in a text wherever it stands."""

    name: str
    old: str
    new: str


@transaction.atomic
def plan_items(actor: Actor, ids: Sequence[int], values: Mapping[str, Any], unknown: Iterable[str] = ()) -> ChangeSet:
    """A plan that gives these items these values (ITEM_FIELDS). CatalogError when nothing would change.

    Items on loan keep their state whatever is asked. The plan's remarks say how many stay as they are, and which of
    the numbers given are `unknown`.
    """
    require(actor, BATCH)
    _check_size(ids)
    if not values or set(values) - set(ITEM_FIELDS):
        raise CatalogError("変更する項目を選んでください。")
    items = list(Item.objects.filter(pk__in=ids).order_by("call_key", "barcode"))
    for branch in {item.branch_id for item in items} | ({values["branch_id"]} if "branch_id" in values else set()):
        require(actor, EDIT_ITEM, branch)
    out = set(Item.objects.filter(pk__in=ids, loans__isnull=False).values_list("pk", flat=True))
    kept_out: set[int] = set()
    noted: list[tuple[Item, dict[str, Any], dict[str, Any]]] = []
    for item in items:
        own = dict(values)
        if item.pk in out and own.pop("status", item.status) != item.status:
            kept_out.add(item.pk)
        wanted = numbering.with_call_number(item, own)
        after = {name: value for name, value in wanted.items() if getattr(item, name) != value}
        if after:
            before = {name: getattr(item, name) for name in after}
            for name, value in after.items():
                setattr(item, name, value)
            check_item(item)
            noted.append((item, before, after))
    title = f"所蔵{len(noted)}点の一括変更: {'、'.join(_told(Item, name, values[name]) for name in values)}"
    done = {item.pk for item, _, _ in noted} | kept_out
    remarks = {"same": len(items) - len(done), "on_loan": len(kept_out), "unknown": list(unknown)}
    return _plan(actor, title, noted, remarks)


@transaction.atomic
def plan_records(
    actor: Actor,
    ids: Sequence[int],
    values: Mapping[str, Any],
    exchange: Exchange | None = None,
    unknown: Iterable[str] = (),
) -> ChangeSet:
    """A plan that gives these records these values (RECORD_FIELDS) and exchanges a text (RECORD_TEXTS).

    What it changes is protected from MARC updates, as every correction by hand is. CatalogError when nothing would
    change, and for values that cannot be.
    """
    require(actor, BATCH)
    require(actor, EDIT_RECORD)
    _check_size(ids)
    if not (values or exchange) or set(values) - set(RECORD_FIELDS) or (exchange and exchange.name not in RECORD_TEXTS):
        raise CatalogError("変更する項目を選んでください。")
    if exchange and not exchange.old:
        raise CatalogError("置き換える前の語を入力してください。")
    records = list(BibliographicRecord.objects.filter(pk__in=ids, merged__isnull=True).defer("marc").order_by("pk"))
    noted: list[tuple[BibliographicRecord, dict[str, Any], dict[str, Any]]] = []
    for record in records:
        wanted = dict(values)
        if exchange:
            wanted[exchange.name] = exchanged(getattr(record, exchange.name), exchange.old, exchange.new)
        after = {name: value for name, value in wanted.items() if getattr(record, name) != value}
        if not after:
            continue
        after["kept_fields"] = sorted({*record.kept_fields, *(name for name in after if name in EDITABLE)})
        before = {name: getattr(record, name) for name in after}
        for name, value in after.items():
            setattr(record, name, value)
        check_record(record)
        noted.append((record, before, after))
    told = [_told(BibliographicRecord, name, value) for name, value in values.items()]
    if exchange:
        told.append(f"{columns.label(BibliographicRecord, exchange.name)}「{exchange.old}」→「{exchange.new}」")
    title = f"書誌{len(noted)}件の一括変更: {'、'.join(told)}"
    return _plan(actor, title, noted, {"same": len(records) - len(noted), "unknown": list(unknown)})


def exchanged(value: Any, old: str, new: str) -> Any:
    """The value with the old text exchanged: whole values of a list (an empty new one takes it out), parts of a text.

    Pure.
    """
    if isinstance(value, list):
        found = [new if one == old else one for one in value]
        return list(dict.fromkeys(one for one in found if one)) if old in value else value
    return value.replace(old, new)


def _check_size(ids: Sequence[int]) -> None:
    if not ids:
        raise CatalogError("対象がありません。条件または番号を確かめてください。")
    if len(ids) > MOST:
        raise CatalogError(f"一度に変更できるのは{MOST:,}件までです。条件を絞ってください。")


def _told(model: type[models.Model], name: str, value: Any) -> str:
    if name == "branch_id":
        value = Branch.objects.filter(pk=value).values_list("name", flat=True).first() or value
    return f"{columns.label(model, name)}→{columns.shown(model, name, value)}"


def _plan(actor: Actor, title: str, noted: Sequence[tuple[Any, Any, Any]], remarks: Mapping[str, Any]) -> ChangeSet:
    if not noted:
        raise CatalogError("変わるものがありません。どれもすでに指定した値です。")
    with changes.open(actor, changes.Kind.BATCH, title, state=ChangeSet.State.PLANNED) as change_set:
        for obj, before, after in noted:
            change_set.note(obj, before, after)
        change_set.remark(**remarks)
    return change_set.row


@transaction.atomic
def carry_out(actor: Actor, change_set_id: int) -> ChangeSet:
    """Do what a plan shows, all of it. Again: nothing more happens. PlanOutdated when rows changed since."""
    require(actor, BATCH)
    row = ChangeSet.objects.select_for_update().filter(pk=change_set_id, kind=ChangeSet.Kind.BATCH).first()
    if row is None:
        raise CatalogError("この一括変更の計画はもうありません。")
    if row.state != ChangeSet.State.PLANNED:
        return row
    pasts = composed(row.changes.order_by("pk"))
    there = locked(pasts)
    for branch in {obj.branch_id for obj in there.values() if isinstance(obj, Item)}:
        require(actor, EDIT_ITEM, branch)
    stale = []
    rows: dict[type[models.Model], list[models.Model]] = {}
    names: dict[type[models.Model], set[str]] = {}
    for past in pasts:
        obj = there.get(past.key)
        if obj is None or any(changes.plain(getattr(obj, name)) != value for name, value in past.before.items()):
            stale.append(Obstacle(past.label, "確認の後に変わりました"))
            continue
        for name, value in past.after.items():
            setattr(obj, name, changes.restored(past.model._meta.get_field(name), value))  # type: ignore[arg-type]
        rows.setdefault(past.model, []).append(obj)
        names.setdefault(past.model, set()).update(past.after)
    stale += _lent_meanwhile(pasts)
    if stale:
        raise PlanOutdated(stale)
    for model, objects in rows.items():
        write(model, objects, sorted(names[model]))
    _settle(actor, row)
    _index(rows, names)
    detail = {"change_set": row.pk, "title": row.title, "rows": len(pasts)}
    audit.record(actor, BATCH, subject_type="change_set", subject_id=row.pk, detail=detail)
    return row


def _lent_meanwhile(pasts: Sequence[Past]) -> list[Obstacle]:
    """Items that get another state and were on the shelf when the plan was made. One SQL statement."""
    ids = [past.number for past in pasts if past.subject == "item" and "status" in past.after]
    out = Item.objects.filter(pk__in=ids, loans__isnull=False).values_list("barcode", flat=True)
    return [Obstacle(barcode, "確認の後に貸し出されました") for barcode in out]


def _settle(actor: Actor, row: ChangeSet) -> None:
    row.state = ChangeSet.State.DONE
    row.by_number, row.by_name = actor.number[:40], (actor.name or actor.number)[:80]
    row.at = changes.now()
    row.save(update_fields=["state", "by_number", "by_name", "at"])


def _index(rows: Mapping[type[models.Model], Sequence[models.Model]], names: Mapping[Any, set[str]]) -> None:
    touched = {obj.pk for obj in rows.get(BibliographicRecord, ())}
    if names.get(Item, set()) & _INDEXED:
        touched |= {item.record_id for item in rows[Item]}  # type: ignore[attr-defined]
    search.index(sorted(touched))


@transaction.atomic
def drop_plan(actor: Actor, change_set_id: int) -> None:
    """A plan that is not carried out goes away."""
    require(actor, BATCH)
    ChangeSet.objects.filter(pk=change_set_id, state=ChangeSet.State.PLANNED).delete()


@transaction.atomic
def drop_old_plans(before: datetime) -> int:
    """Plans that nobody carried out by then; returns how many. For the night."""
    return (
        ChangeSet.objects.filter(state=ChangeSet.State.PLANNED, at__lt=before).delete()[1].get("catalog.ChangeSet", 0)
    )
