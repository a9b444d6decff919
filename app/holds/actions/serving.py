"""Lending completes a hold; undoing the loan brings it back. Called by circulation inside its transaction."""

from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from app.access.actor import Actor
from app.catalog.models import Item
from app.holds.actions import shelving
from app.holds.actions.allocation import lock_around, look_on_shelves
from app.holds.models import HAS_ITEM, Hold, HoldEntry, HoldStatistic, Status
from app.patrons.models import Patron


def handed_over(actor: Actor, item: Item, patron: Patron, now: datetime) -> bool:
    """The item has just been lent to the patron, who waits for it no longer; whether a hold was completed.

    Whoever else looked for this item, or was to get it, waits again at their old place. For circulation, with patron
    and item locked; permission and record are the loan's. Two SQL statements when nobody waits for the title, eight
    for a patron who collects.
    """
    _forget_places(item.pk)
    holds = lock_around([item.record_id], item.pk, wide=True)
    if not holds:
        return False
    freed = False
    for other in holds:
        if other.item_id == item.pk and other.status in HAS_ITEM and other.patron_id != patron.pk:
            shelving.back_to_queue(other)
            freed = True
    own = _own(holds, item, patron)
    if own is not None:
        freed = _complete(own, item, now) or freed
    later = _later_volumes(holds, own)
    if freed or later:
        look_on_shelves([item.record_id, *later], now)
    return own is not None


def _forget_places(item_id: int) -> None:
    """It is on no way, on no hold shelf and not missed any more: somebody has it. One SQL statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH way AS (DELETE FROM transfers_transfer WHERE item_id = %(item)s),"
            " shelf AS (DELETE FROM holds_toclear WHERE item_id = %(item)s)"
            " DELETE FROM holds_missed WHERE item_id = %(item)s",
            {"item": item_id},
        )


def _own(holds: list[Hold], item: Item, patron: Patron) -> Hold | None:
    """The patron's hold that this item fulfils: the one bound to it, else one on the title or on this very copy."""
    mine = [hold for hold in holds if hold.patron_id == patron.pk and hold.status != Status.HANDED]
    bound = [hold for hold in mine if hold.item_id == item.pk]
    fitting = [h for h in mine if h.record_id == item.record_id and h.only_item_id in (None, item.pk)]
    return next(iter(bound + fitting), None)


def _later_volumes(holds: list[Hold], own: Hold | None) -> list[int]:
    """Records whose holds were asleep until this one was handed over."""
    if own is None or own.belongs_to_id is None:
        return []
    return [h.record_id for h in holds if h.belongs_to_id == own.belongs_to_id and h.record_id != own.record_id]


def _complete(hold: Hold, item: Item, now: datetime) -> bool:
    """The row stays, as handed over, for as long as the loan can be undone; whether another copy became free."""
    other_copy = hold.item_id not in (None, item.pk)
    if other_copy and hold.status == Status.READY:
        shelving.to_clear(hold, timezone.localdate(now))
    if hold.item_id != item.pk:
        shelving.touch(hold.record_id, item.pk)
    hold.item, hold.status, hold.ended_at = item, Status.HANDED, now
    hold.ready_at = hold.contacted_on = hold.keep_until = hold.shelf_number = None
    hold.save()
    HoldEntry.objects.filter(hold=hold).delete()
    shelving.count(HoldStatistic.Act.HAND_OVER, hold, timezone.localdate(now))
    return other_copy


@transaction.atomic
def undo_handed_over(actor: Actor, item: Item, patron: Patron, now: datetime) -> bool:
    """The loan that completed a hold is undone: the patron waits again, first in line as before; whether there was one.

    The item itself goes through `in_hand` next, which finds the hold at its old place and gives the item to it. The
    figure of the hand-over is taken back.
    """
    holds = lock_around([item.record_id], item.pk)
    mine = [hold for hold in holds if (hold.item_id, hold.patron_id) == (item.pk, patron.pk)]
    hold = next((hold for hold in mine if hold.status == Status.HANDED), None)
    if hold is None:
        return False
    shelving.uncount(HoldStatistic.Act.HAND_OVER, hold, timezone.localdate(hold.ended_at))
    again = Hold.objects.filter(patron=patron, record_id=hold.record_id, only_item=hold.only_item_id)
    if again.exclude(status__in=[Status.HANDED, Status.CANCELLED, Status.EXPIRED]).exists():
        hold.delete()  # the patron has asked for it anew meanwhile
        return False
    hold.item, hold.status, hold.ended_at = None, Status.WAITING, None
    hold.save()
    return True
