"""Reads of the staff catalogue."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Prefetch

from app.catalog.codes import Origin
from app.catalog.models import BibliographicRecord, Item, ItemSet
from app.circulation.queries import open_loans_for


@dataclass(frozen=True)
class StaffItem:
    """One item with the due date of its open loan; who has it is not part of the catalogue."""

    item: Item
    due_on: date | None


def record(record_id: int) -> BibliographicRecord | None:
    """One record without its MARC, or None. One SQL statement."""
    return BibliographicRecord.objects.defer("marc").filter(pk=record_id).first()


def items_of(record_id: int) -> list[StaffItem]:
    """Every item of a record, withdrawn ones too. Two SQL statements."""
    items = list(
        Item.objects.filter(record_id=record_id).select_related("branch").order_by("branch__number", "barcode")
    )
    out = open_loans_for([item.pk for item in items])
    return [StaffItem(item, out[item.pk].due_on if item.pk in out else None) for item in items]


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
