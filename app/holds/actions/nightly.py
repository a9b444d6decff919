"""Work by the clock. Each piece is one short transaction; a run that is killed is run again and loses nothing."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from app.access.actor import Actor
from app.catalog.codes import LENDABLE_STATUSES
from app.holds import queries
from app.holds.actions import shelving
from app.holds.actions.allocation import look_on_shelves
from app.holds.actions.changing import cancel_as, locked_hold
from app.holds.actions.operations import HoldRefused
from app.holds.models import OVER, Hold, HoldSet, Missed, PurchaseRequest, Status, Touched

HANDED_FOR = timedelta(minutes=30)
"""How long a fulfilled hold can come back by undoing the loan. Undo tokens of the counter live shorter."""


def allocate(now: datetime) -> int:
    """Look for waiting holds' items on the shelves, and let go of those that went elsewhere; returns the changes.

    Every few minutes: whatever made an item free (a new one, the end of a suspension, a correction in the catalogue)
    is seen here. One transaction a record.
    """
    gone = Hold.objects.filter(status=Status.PULL).filter(
        Q(item__loans__isnull=False) | Q(item__transfers__isnull=False) | ~Q(item__status__in=LENDABLE_STATUSES)
    )
    changed = 0
    for hold_id in list(gone.order_by("pk").values_list("pk", flat=True)):
        changed += _one(lambda hold_id=hold_id: _let_go(hold_id, now))
    waiting = Hold.objects.filter(status=Status.WAITING).order_by("record_id").values_list("record_id", flat=True)
    free = set(queries.on_shelves(waiting.distinct()).values_list("record_id", flat=True))
    for record_id in sorted(free):
        with transaction.atomic():
            changed += look_on_shelves([record_id], now)
    return changed


def _one(work: Callable[[], int]) -> int:
    try:
        with transaction.atomic():
            return work()
    except HoldRefused:  # somebody dealt with it meanwhile
        return 0


def _let_go(hold_id: int, now: datetime) -> int:
    hold = locked_hold(hold_id)
    if hold.status != Status.PULL:
        return 0
    shelving.back_to_queue(hold)
    look_on_shelves([hold.record_id], now)
    return 1


def expire_old(actor: Actor, now: datetime) -> int:
    """Cancel what lies so many days past its last day, where the library wants it (F-RSV-015); returns how many.

    The items join the list of those to take off the shelf.
    """
    days = queries.setting().cancel_after_days
    if days is None:
        return 0
    before = timezone.localdate(now) - timedelta(days=days)
    late = Hold.objects.filter(status=Status.READY, keep_until__lte=before).order_by("pk")
    done = 0
    for hold_id in list(late.values_list("pk", flat=True)):
        done += _one(lambda hold_id=hold_id: _expire(actor, hold_id, now))
    return done


def _expire(actor: Actor, hold_id: int, now: datetime) -> int:
    cancel_as(actor, hold_id, Status.EXPIRED, now, None)
    return 1


@transaction.atomic
def forget(now: datetime) -> int:
    """Delete what is over: fulfilled holds after half an hour, cancelled ones and answered requests after the
    library's days, misses after theirs. Returns how many holds and requests are gone."""
    setting, today = queries.setting(), timezone.localdate(now)
    shown_since = now - timedelta(days=setting.show_over_days)
    handed = Hold.objects.filter(status=Status.HANDED, ended_at__lt=now - HANDED_FOR)
    over = Hold.objects.filter(status__in=OVER, ended_at__lt=shown_since)
    gone = handed.count() + over.count()
    handed.delete()
    over.delete()
    answered = PurchaseRequest.objects.filter(
        status=PurchaseRequest.Status.DECLINED, decided_on__lt=timezone.localdate(shown_since)
    )
    gone += answered.count()
    answered.delete()
    HoldSet.objects.filter(holds=None).delete()
    Missed.objects.filter(kind=Missed.Kind.OUT, since__lt=today).delete()
    Missed.objects.filter(since__lt=today - timedelta(days=setting.missing_days)).delete()
    return gone


@transaction.atomic
def settle(now: datetime) -> int:
    """Wipe the transaction numbers that holds left on records and items (see models); returns how many rows.

    Locking a row again puts this transaction's number in place of the one that placed or fulfilled a hold. In the
    order of the ids, so that not even the order tells anything.
    """
    rows = list(Touched.objects.values_list("pk", "record_id", "item_id"))
    locked = 0
    with connection.cursor() as cursor:
        for table, ids in (
            ("catalog_item", sorted({item for _, _, item in rows if item is not None})),
            ("catalog_bibliographicrecord", sorted({record for _, record, _ in rows if record is not None})),
        ):
            cursor.execute(
                f"SELECT count(*) FROM (SELECT id FROM {table} WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE) t",  # noqa: S608
                [ids],
            )
            locked += cursor.fetchone()[0]
    Touched.objects.filter(pk__in=[pk for pk, _, _ in rows]).delete()
    return locked
