"""Use in the house and requests from the closed stack: counted apart from loans, with nobody's card."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from app.access import actions as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.branches.models import Branch
from app.catalog.models import Item
from app.circulation import queries
from app.circulation.actions import statistics
from app.circulation.actions.locking import lock_item, unknown
from app.circulation.actions.operations import IN_LIBRARY
from app.circulation.actions.outcome import Outcome
from app.circulation.models import HandledToday, LoanStatistic
from app.web.wording import wording


@transaction.atomic
def in_library_use(
    actor: Actor, barcode: str, branch: Branch, *, now: datetime | None = None, stack: bool = False
) -> Outcome:
    """Count that an item was read in the house, or (`stack`) fetched from the closed stack.

    It is no loan and stands in no loan figure. The same scan within seconds counts once. Five SQL statements.
    """
    access.require(actor, IN_LIBRARY, branch)
    now = now or timezone.now()
    hand = lock_item(barcode)
    if hand is None:
        return unknown(barcode)
    if queries.is_out(hand.item.pk):
        return Outcome(
            "bad",
            "on_loan",
            wording("circulation.in_library.on_loan", "貸出中の資料です。返却として読み取ってください。"),
            hand.item,
        )
    if queries.handled_since(hand.item.pk, now - queries.SAME_SCAN):
        return Outcome(
            "info", "same_scan", wording("circulation.in_library.same_scan", "読み取り済みです（1点です）。"), hand.item
        )
    return note_use(actor, hand.item, branch, now, stack=stack)


def note_use(actor: Actor, item: Item, branch: Branch, now: datetime, *, stack: bool) -> Outcome:
    """The same for an item that is locked and not on loan."""
    access.require(actor, IN_LIBRARY, branch)
    what = HandledToday.What.STACK if stack else HandledToday.What.USE
    act = LoanStatistic.Act.STACK if stack else LoanStatistic.Act.USE
    statistics.count(actor, act, None, item, branch, timezone.localdate(now))
    statistics.handled(item, what, now)
    audit.record(actor, IN_LIBRARY, subject_type="branch", subject_id=branch.code, detail={"what": str(what)})
    said = (
        wording("circulation.in_library.note_use", "書庫出納を1点記録しました。")
        if stack
        else wording("circulation.in_library.note_use_2", "館内利用を1点記録しました。")
    )
    return Outcome("ok", "stack" if stack else "in_library", said, item)
