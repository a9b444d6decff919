"""Reads of the staff catalogue."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Max, Prefetch, QuerySet, Sum
from django.db.models.functions import Coalesce

from app.catalog.codes import Origin
from app.catalog.models import BibliographicRecord, Item, ItemSet
from app.circulation.queries import open_loans_for


@dataclass(frozen=True)
class StaffItem:
    """One item with the due date of its open loan; who has it is not part of the catalogue."""

    item: Item
    due_on: date | None
    loans: int = 0
    """How often it was lent, with what an earlier system counted; the open loan counts when it is back."""
    last_month: date | None = None


def record(record_id: int) -> BibliographicRecord | None:
    """One record without its MARC, or None. One SQL statement."""
    return BibliographicRecord.objects.defer("marc").filter(pk=record_id).first()


def _with_loans(items: QuerySet[Item]) -> QuerySet[Item]:
    return items.select_related("branch").annotate(
        counted=Coalesce(Sum("tallies__loans"), 0), last_month=Max("tallies__month")
    )


def _staff_items(items: list[Any]) -> list[StaffItem]:
    out = open_loans_for([item.pk for item in items])
    return [
        StaffItem(
            item, out[item.pk].due_on if item.pk in out else None, item.counted + item.loans_before, item.last_month
        )
        for item in items
    ]


def items_of(record_id: int) -> list[StaffItem]:
    """Every item of a record in shelf order, withdrawn ones too. Two SQL statements."""
    items = _with_loans(Item.objects.filter(record_id=record_id))
    return _staff_items(list(items.order_by("branch__number", "call_key", "barcode")))


def item_in_full(item_id: int) -> StaffItem | None:
    """One item with its record, its loan's due date and how often it was lent. Two SQL statements."""
    items = _with_loans(Item.objects.filter(pk=item_id).select_related("record", "item_set").defer("record__marc"))
    return next(iter(_staff_items(list(items))), None)


def record_with_barcode(barcode: str) -> int | None:
    """The record of the item with that number, or None. One SQL statement."""
    return Item.objects.filter(barcode=barcode).values_list("record_id", flat=True).first()


def item_with_barcode(barcode: str) -> Item | None:
    """The item of that number, or None. One SQL statement."""
    return Item.objects.filter(barcode=barcode).first()


def temporary_items() -> list[Item]:
    """Items under a title typed at the counter, the oldest first. One SQL statement."""
    items = Item.objects.filter(record__origin=Origin.TEMPORARY).select_related("record", "branch")
    return list(items.defer("record__marc").order_by("created_at"))


def sets() -> list[ItemSet]:
    """Every set with its items and their records, by name. Two SQL statements."""
    pieces = Item.objects.select_related("record").defer("record__marc").order_by("barcode")
    return list(ItemSet.objects.prefetch_related(Prefetch("items", queryset=pieces)).order_by("name", "pk"))
