"""Everything about one item on one page (資料照会). Who has it only for whoever may see that, and recorded."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Sum
from django.utils import timezone

from app.access import actions as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.catalog.codes import LENDABLE_STATUSES
from app.catalog.models import Item
from app.circulation.actions import ENQUIRE, SEE_BORROWER
from app.circulation.models import HandledToday, ItemTally, Loan
from app.holds import queries as holds
from app.holds.queries import Kept
from app.patrons.models import Patron
from app.transfers.models import Transfer


@dataclass(frozen=True)
class Found:
    """An item as the counter sees it. `state` is one word or two; `last` the day it was last handled, or the month."""

    item: Item
    state: str
    due_on: date | None
    renewed: int
    due_reason: str
    holds: int
    kept: Kept | None
    on_way_to: str
    times_lent: int
    last: str
    borrower: Patron | None
    may_see_borrower: bool


def of(actor: Actor, barcode: str, *, with_borrower: bool = False) -> Found | None:
    """The item of that number; None when nobody knows it. Nine SQL statements, one more with the borrower.

    `with_borrower` asks for who has it: NotPermitted without the right, and the view is recorded with the patron and
    without the item.
    """
    access.require(actor, ENQUIRE)
    if with_borrower:
        access.require(actor, SEE_BORROWER)
    items = Item.objects.select_related("record", "branch", "item_set").defer("record__marc")
    item = items.filter(barcode=barcode).first()
    if item is None:
        return None
    loan = Loan.objects.filter(item=item).first()
    today = HandledToday.objects.filter(item=item).order_by("-at").first()
    tallies = ItemTally.objects.filter(item=item)
    way = Transfer.objects.select_related("to_branch").filter(item=item).first()
    kept = holds.kept_for(item.pk)
    borrower = _borrower(actor, loan) if with_borrower and loan else None
    return Found(
        item=item,
        state=_state(item, loan, kept, way),
        due_on=loan.due_on if loan else None,
        renewed=loan.renewed if loan else 0,
        due_reason=f"{loan.due_reason}（{loan.due_changed_by}）" if loan and loan.due_reason else "",
        holds=holds.counts([item.record_id]).get(item.record_id, 0),
        kept=kept,
        on_way_to=way.to_branch.name if way else "",
        times_lent=times_lent(item.pk, out=loan is not None),
        last=_last(loan, today, tallies.order_by("-month").values_list("month", flat=True).first()),
        borrower=borrower,
        may_see_borrower=loan is not None and SEE_BORROWER.code in actor.operations,
    )


def times_lent(item_id: int, *, out: bool) -> int:
    """How often an item was lent: counted months, what came back today, and the loan that lasts. Two SQL statements."""
    counted = ItemTally.objects.filter(item_id=item_id).aggregate(n=Sum("loans"))["n"] or 0
    back = HandledToday.objects.filter(item_id=item_id, what=HandledToday.What.RETURN).count()
    return counted + back + int(out)


def _borrower(actor: Actor, loan: Loan) -> Patron:
    patron = Patron.objects.select_related("category").get(pk=loan.patron_id)
    audit.record(actor, SEE_BORROWER, outcome="viewed", subject_type="patron", subject_id=patron.pk, purpose="資料照会")
    return patron


def _state(item: Item, loan: Loan | None, kept: Kept | None, way: Transfer | None) -> str:
    if loan is not None:
        return "貸出中"
    if way is not None:
        return "回送中"
    if kept is not None and kept.shelf_number:
        return f"取置 {kept.shelf_number}"
    if item.status in LENDABLE_STATUSES and item.restriction:
        return f"{item.get_status_display()}（{item.get_restriction_display()}）"
    return item.get_status_display()


def _last(loan: Loan | None, today: HandledToday | None, month: date | None) -> str:
    days: list[tuple[datetime, str]] = []
    if loan is not None:
        days.append((loan.lent_at, "貸出"))
    if today is not None:
        days.append((today.at, today.get_what_display()))
    if days:
        at, what = max(days)
        return f"{timezone.localdate(at):%Y/%m/%d} {what}"
    # Of earlier days only the month is kept: a day would tell who had it beside the log of the counter.
    return f"{month:%Y年%m月} 貸出" if month else ""
