"""A copy arrives: it becomes an item, and goes to the reader who wished for it."""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from app.access import actions as access
from app.access.actor import Actor
from app.acquisitions.actions.operations import RECEIVE, OrderRefused
from app.acquisitions.actions.ordering import locked
from app.acquisitions.models import Order, Receipt
from app.audit import actions as audit
from app.catalog import actions as catalog
from app.catalog.codes import ShelfStatus
from app.catalog.models import Item
from app.holds import actions as holds

PURCHASE = "purchase"


@dataclass(frozen=True)
class Received:
    """The new item, and where it goes: None while it is still being made ready."""

    item: Item
    next: holds.Next | None


@transaction.atomic
def receive(actor: Actor, order_id: int, barcode: str = "", price: int | None = None, *, ready: bool) -> Received:
    """One copy of an order becomes an item; an empty number is drawn. CatalogError for a wrong or used number.

    The wishes that hang on the order become holds of their own time first, so that the copy is theirs. `ready`: it came
    with its labels and can be lent, and is allotted at once; otherwise it is in processing until somebody scans it.
    """
    order = locked(order_id)
    access.require(actor, RECEIVE, order.branch)
    if order.status != Order.Status.ORDERED:
        raise OrderRefused("over", f"この発注は{order.get_status_display()}です。受け入れる冊数は残っていません。")
    today = timezone.localdate()
    for wished in order.wishes.select_related("request").order_by("request__received_at", "pk"):
        holds.fulfil(actor, wished.request_id, order.record_id)
    paid = order.expected_price if price is None else price
    item = catalog.add_item(
        actor,
        order.record_id,
        order.branch,
        barcode,
        status=ShelfStatus.PROCESSING,
        acquisition=PURCHASE,
        acquired_on=today,
        acquired_from=order.vendor.name,
        price=paid,
    )
    Receipt.objects.create(order=order, item=item, received_on=today, price=paid)
    order.arrived += 1
    if order.arrived == order.copies:
        order.status, order.ended_on = Order.Status.RECEIVED, today
    order.save(update_fields=["arrived", "status", "ended_on"])
    audit.record(actor, RECEIVE, subject_type="order", subject_id=order.pk, detail={"arrived": order.arrived})
    following = holds.receive(actor, item.barcode, order.branch)[1] if ready else None
    return Received(item, following)
