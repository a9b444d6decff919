"""Reads of orders."""

from django.db.models import Count, F, Q, QuerySet

from app.acquisitions.models import Order, Receipt, Vendor
from app.catalog.models import BibliographicRecord, Item
from app.holds.models import OPEN


def orders(status: str, vendor_id: int | None = None) -> QuerySet[Order]:
    """Orders of a state ("" for all), the oldest open one first and the latest ended one. One SQL statement."""
    found = Order.objects.select_related("record", "branch", "vendor").defer("record__marc", "record__contents")
    if status:
        found = found.filter(status=status)
    if vendor_id:
        found = found.filter(vendor_id=vendor_id)
    return found.order_by("ordered_on", "pk") if status == Order.Status.ORDERED else found.order_by("-pk")


def receipts(order_id: int) -> QuerySet[Receipt]:
    """What arrived of an order. One SQL statement."""
    return Receipt.objects.filter(order_id=order_id).select_related("item").order_by("pk")


def state_of(record_id: int) -> tuple[int, int, int]:
    """(copies there, copies on order, holds waiting) of a record. Three SQL statements."""
    there = Item.objects.filter(record_id=record_id).exclude(status="withdrawn").count()
    coming = Order.objects.filter(record_id=record_id, status=Order.Status.ORDERED)
    ordered = sum(coming.values_list(F("copies") - F("arrived"), flat=True))
    waiting = BibliographicRecord.objects.filter(pk=record_id).aggregate(
        waiting=Count("holds", filter=Q(holds__status__in=OPEN))
    )["waiting"]
    return there, ordered, waiting


def vendors() -> QuerySet[Vendor]:
    """Booksellers, those in use first, with how many orders are open. One SQL statement."""
    waiting = Count("orders", filter=Q(orders__status=Order.Status.ORDERED))
    return Vendor.objects.annotate(open_orders=waiting).order_by("-is_active", "name")
