"""Holds follow their record when two records become one, and go back when that is undone."""

from collections import Counter
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from app.holds.actions import shelving
from app.holds.actions.allocation import lock_around, look_on_shelves
from app.holds.models import HAS_ITEM, OPEN, Followed, Hold, HoldStatistic, Status

ONE_OF_TWO = "同じ資料の予約と一つにしたため"
_RANK = {Status.READY: 0, Status.TRANSIT: 1, Status.PULL: 2, Status.WAITING: 3}


@transaction.atomic
def follow_merge(from_record: int, to_record: int, change_set: int = 0, now: datetime | None = None) -> int:
    """The holds of a record that is merged into another follow it; returns how many.

    For the catalogue's merge, inside its transaction. The joined queue stands in order of receipt (F-RSV-026); a
    patron who waits for both keeps the better one (in hand before waiting, then the earlier). How each stood is
    remembered under the number of the change set, until the hold is gone.
    """
    now = now or timezone.now()
    holds = lock_around([from_record, to_record])
    moving = [hold for hold in holds if hold.record_id in (from_record, to_record)]
    best_first = sorted(
        (hold for hold in moving if hold.status in OPEN),
        key=lambda hold: (hold.only_item_id is not None, _RANK[Status(hold.status)], hold.received_at, hold.pk),
    )
    seen: Counter[tuple[int, int | None]] = Counter()
    remembered: list[Followed] = []
    for hold in best_first:
        key = (hold.patron_id, hold.only_item_id)
        seen[key] += 1
        remembered.append(
            Followed(
                hold=hold,
                change_set=change_set,
                record_number=hold.record_id,
                queue_at=hold.queue_at,
                ended=seen[key] > 1,
            )
        )
        if seen[key] > 1:
            shelving.end(hold, Status.CANCELLED, ONE_OF_TWO, now)
    moved = 0
    for hold in moving:
        follows = hold.record_id == from_record
        hold.record_id = to_record
        if hold.status in OPEN:
            hold.queue_at = hold.received_at
        hold.save(update_fields=["record", "queue_at"])
        moved += follows
    Hold.objects.filter(record_id=from_record).update(record_id=to_record)
    if change_set:
        Followed.objects.bulk_create(remembered)
    if moved:
        shelving.touch(from_record, None)
        shelving.touch(to_record, None)
        look_on_shelves([to_record], now)
    return moved


@transaction.atomic
def follow_split(change_set: int, now: datetime | None = None) -> int:
    """The merge of that change set is undone: its holds go back to where they stood; returns how many changed record.

    For the catalogue's undoing, inside its transaction, when items and records are back. A hold that has got its copy
    goes where the copy went. Holds that ended since stay ended; those that the merge itself ended wait again, unless
    their patron has asked anew.
    """
    now = now or timezone.now()
    before = {row.hold_id: row for row in Followed.objects.filter(change_set=change_set)}
    if not before:
        return 0
    current = Hold.objects.filter(pk__in=before).values_list("record_id", flat=True)
    records = {*current, *(row.record_number for row in before.values())}
    lock_around(records)
    holds = Hold.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=before).order_by("pk")
    moved = 0
    for hold in holds.select_related("item", "only_item", "patron__category"):
        was = before[hold.pk]
        old_record = hold.record_id
        hold.record_id = was.record_number
        bound = hold.only_item or (hold.item if hold.status in HAS_ITEM and hold.status != Status.PULL else None)
        if bound is not None:
            hold.record_id = bound.record_id
        if was.ended and hold.status == Status.CANCELLED and hold.ended_why == ONE_OF_TWO and not _asked_anew(hold):
            shelving.uncount(HoldStatistic.Act.CANCEL, hold, timezone.localdate(hold.ended_at))
            hold.status, hold.ended_at, hold.ended_why = Status.WAITING, None, ""
        if hold.status in OPEN and (was.ended or hold.queue_at == hold.received_at):
            hold.queue_at = was.queue_at
        if hold.status == Status.PULL and hold.item is not None and hold.item.record_id != hold.record_id:
            hold.item, hold.status = None, Status.WAITING
        hold.save(update_fields=["record", "queue_at", "status", "item", "ended_at", "ended_why"])
        moved += old_record != hold.record_id
    Followed.objects.filter(change_set=change_set).delete()
    for record in sorted(records):
        shelving.touch(record, None)
    look_on_shelves(sorted(records), now)
    return moved


def _asked_anew(hold: Hold) -> bool:
    same = Hold.objects.filter(patron_id=hold.patron_id, record_id=hold.record_id, only_item_id=hold.only_item_id)
    return same.filter(status__in=OPEN).exclude(pk=hold.pk).exists()
