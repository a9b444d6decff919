"""Ordering, also what a reader wished for, and cancelling."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from app.access import actions as access
from app.access.actor import Actor
from app.acquisitions import rules
from app.acquisitions.actions.operations import ORDER, VENDORS, OrderRefused
from app.acquisitions.models import Order, Vendor, Wished
from app.audit import actions as audit
from app.branches.models import Branch
from app.catalog import actions as catalog
from app.catalog.models import BibliographicRecord, MergedRecord
from app.holds import actions as holds
from app.holds.models import PurchaseRequest

MOST_COPIES = 99


@dataclass(frozen=True)
class Wanted:
    """What is to be ordered. `list_price` in yen, for one copy; `again`: though an order for the record is open."""

    branch: Branch
    vendor: Vendor
    copies: int = 1
    list_price: int | None = None
    note: str = ""
    again: bool = False


@transaction.atomic
def put_vendor(actor: Actor, vendor_id: int | None, fields: Mapping[str, Any]) -> Vendor:
    """A new bookseller, or changed words about one. ValidationError names the field."""
    access.require(actor, VENDORS)
    row = Vendor.objects.select_for_update().get(pk=vendor_id) if vendor_id else Vendor()
    before = {name: getattr(row, name) for name in fields}
    for name, value in fields.items():
        setattr(row, name, value)
    row.full_clean()
    row.save()
    detail = audit.changes(before, dict(fields))
    audit.record(actor, VENDORS, subject_type="vendor", subject_id=row.pk, detail=detail)
    return row


@transaction.atomic
def order(actor: Actor, record_id: int, wanted: Wanted) -> Order:
    """Order copies of a record. OrderRefused "twice" while an order for it is open, unless `again` is said."""
    access.require(actor, ORDER, wanted.branch)
    # The record's row is the queue: two people who order the same book come one after the other.
    record = BibliographicRecord.objects.select_for_update().defer("marc").filter(pk=record_id).first()
    if record is None:
        raise OrderRefused("record", "書誌が見つかりません。番号を確かめてください。")
    if MergedRecord.objects.filter(record=record).exists():
        raise OrderRefused("record", "この書誌は別の書誌に統合されています。統合先を発注してください。")
    if not 0 < wanted.copies <= MOST_COPIES:
        raise OrderRefused("copies", f"冊数は1から{MOST_COPIES}までで入力してください。")
    if not wanted.vendor.is_active:
        raise OrderRefused("vendor", f"{wanted.vendor.name}は使わないことになっている発注先です。")
    open_now = Order.objects.filter(record=record, status=Order.Status.ORDERED)
    if not wanted.again and (copies := sum(row.copies - row.arrived for row in open_now)):
        raise OrderRefused(
            "twice", f"この資料はすでに{copies}冊を発注中です。追加で発注する時は、もう一度押してください。"
        )
    made = Order.objects.create(
        record=record,
        branch=wanted.branch,
        vendor=wanted.vendor,
        copies=wanted.copies,
        list_price=wanted.list_price,
        expected_price=rules.expected(wanted.list_price, wanted.vendor.discount_percent),
        ordered_on=timezone.localdate(),
        ordered_by=actor.number,
        note=wanted.note.strip()[:100],
    )
    detail = {"copies": made.copies, "vendor": made.vendor_id}
    audit.record(actor, ORDER, subject_type="order", subject_id=made.pk, detail=detail)
    return made


@transaction.atomic
def order_wish(actor: Actor, request_id: int, record_id: int | None, wanted: Wanted) -> Order:
    """Order what a reader wished for (F-RSV-030): the request stays beside its order until a copy is there.

    Without a record one is made from the request's own words; MARC replaces it later as it does any temporary record.
    HoldRefused for a request that is not to be bought, OrderRefused as `order`.
    """
    access.require(actor, ORDER, wanted.branch)
    wish = PurchaseRequest.objects.select_for_update(no_key=True).filter(pk=request_id).first()
    if wish is None:
        raise OrderRefused("over", "この希望はすでに終わっています。")
    if wish.status != PurchaseRequest.Status.BUY:
        raise OrderRefused("undecided", "「購入」と選定した希望だけを発注できます。")
    made = order(actor, record_id or _record_of(actor, wish), wanted)
    Wished.objects.create(request=wish, order=made)
    holds.mark_ordered(actor, wish.pk)
    return made


def _record_of(actor: Actor, wish: PurchaseRequest) -> int:
    fields = {
        "title": wish.title,
        "creators": [wish.creator] if wish.creator else [],
        "publisher": wish.publisher,
        "isbn13": wish.isbn13,
    }
    try:
        return catalog.create_record(actor, fields).pk
    except catalog.CatalogError as error:
        raise OrderRefused("record", str(error)) from error


@transaction.atomic
def cancel(actor: Actor, order_id: int, why: str) -> Order:
    """What has not arrived will not come. Readers' wishes that hung on it are to be decided on again."""
    made = locked(order_id)
    access.require(actor, ORDER, made.branch)
    if made.status != Order.Status.ORDERED:
        raise OrderRefused("over", "この発注はすでに終わっています。")
    if not why.strip():
        raise OrderRefused("why", "取り消す理由を入力してください。")
    made.status, made.ended_on, made.ended_why = Order.Status.CANCELLED, timezone.localdate(), why.strip()[:100]
    made.save(update_fields=["status", "ended_on", "ended_why"])
    for wished in made.wishes.order_by("pk"):
        holds.unmark_ordered(actor, wished.request_id)
        wished.delete()
    audit.record(actor, ORDER, subject_type="order", subject_id=made.pk, detail={"cancelled": made.ended_why})
    return made


def locked(order_id: int) -> Order:
    """An order under its lock. OrderRefused when there is none."""
    made = Order.objects.select_for_update(of=("self",)).select_related("branch", "vendor").filter(pk=order_id).first()
    if made is None:
        raise OrderRefused("unknown", "発注が見つかりません。")
    return made
