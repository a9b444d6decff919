"""What happens to a single hold that is locked: onto the shelf, off it, told, over. For the other modules here."""

from dataclasses import replace
from datetime import date, datetime

from django.db import connection
from django.utils import timezone

from app.branches.models import Branch
from app.branches.queries import closing_of
from app.branches.rules import add_open_days
from app.catalog.models import Item
from app.holds import queries, rules
from app.holds.models import OPEN, Contact, Hold, HoldSet, HoldStatistic, Status, ToClear, Touched
from app.regulations import queries as regulations
from app.regulations.rules import Case, Terms, decide
from app.terminals import slips

SHELF_LOCK = 7301  # the first key of the advisory lock under which numbers of a hold shelf are given out


def terms_of(hold: Hold, item: Item | None, today: date) -> Terms:
    """What the regulations say about a hold at its place of collection. No SQL while the table is in memory."""
    kind = item.material_type if item else hold.record.material_type
    where = item.location if item else ""
    case = Case(hold.pickup_id, _category(hold)[0], kind, today, location=where)
    return decide(regulations.table(today), case)


def _category(hold: Hold) -> tuple[int, str]:
    """The patron's category, as id and code: with the hold where it was locked by `lock_around`, else of the patron."""
    if hasattr(hold, "category_code"):
        return hold.category, hold.category_code
    return hold.patron.category_id, hold.patron.category.code


def shelf_days(hold: Hold, today: date) -> int:
    """How many open days the item is kept for this hold."""
    return terms_of(hold, hold.item, today).hold_shelf_days.value


def make_ready(hold: Hold, branch: Branch, now: datetime) -> None:
    """Onto the hold shelf: a number, and the count of days when nobody has to be told.

    The number is the lowest that is free; two desks of a library take turns for the moment this takes.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [SHELF_LOCK, branch.pk])
    held = Hold.objects.order_by().filter(pickup=branch, shelf_number__isnull=False).values_list("shelf_number")
    taken = held.union(ToClear.objects.order_by().filter(branch=branch).values_list("shelf_number"))
    hold.status, hold.ready_at, hold.shelf_number = Status.READY, now, rules.lowest_free(number for (number,) in taken)
    hold.save(update_fields=["item", "status", "ready_at", "shelf_number"])
    if hold.contact == Contact.NONE and complete(hold):
        for one in together(hold):
            start_days(one, timezone.localdate(now))


def together(hold: Hold) -> list[Hold]:
    """The holds that are told of as one: the open ones of its set まとめて受取, else the hold alone."""
    if hold.belongs_to_id is None or hold.belongs_to.kind != HoldSet.Kind.TOGETHER:
        return [hold]
    others = Hold.objects.select_related("pickup", "item", "record", "patron__category", "belongs_to")
    return list(others.filter(belongs_to=hold.belongs_to_id, status__in=OPEN).order_by("pk"))


def complete(hold: Hold) -> bool:
    """Whether everything that is told of together is on the shelf."""
    return all(one.status == Status.READY for one in together(hold))


def start_days(hold: Hold, on: date) -> None:
    """The patron knows since this day: the shelf days count from it, on open days of the place (F-RSV-013)."""
    hold.contacted_on = on
    hold.keep_until = add_open_days(on, shelf_days(hold, on), closing_of(hold.pickup, on))
    hold.save(update_fields=["contacted_on", "keep_until"])


def on_its_way(hold: Hold) -> None:
    """Bound to its item, which is not yet at its place."""
    hold.status = Status.TRANSIT
    hold.ready_at = hold.contacted_on = hold.keep_until = hold.shelf_number = None
    hold.save(update_fields=["item", "pickup", "status", "ready_at", "contacted_on", "keep_until", "shelf_number"])


def back_to_queue(hold: Hold) -> None:
    """Waiting again, at its old place in the queue."""
    hold.item, hold.status = None, Status.WAITING
    hold.ready_at = hold.contacted_on = hold.keep_until = hold.shelf_number = None
    hold.save(update_fields=["item", "status", "ready_at", "contacted_on", "keep_until", "shelf_number"])


def end(hold: Hold, status: str, why: str, now: datetime) -> None:
    """Cancelled or expired. An item on the hold shelf stays there as one to take off."""
    today = timezone.localdate(now)
    if hold.status == Status.READY and hold.item_id is not None and hold.shelf_number is not None:
        to_clear(hold, today)
    hold.status, hold.item, hold.ended_at, hold.ended_why = status, None, now, why[:60]
    hold.ready_at = hold.contacted_on = hold.keep_until = hold.shelf_number = None
    hold.save()
    hold.entries.all().delete()
    act = HoldStatistic.Act.EXPIRE if status == Status.EXPIRED else HoldStatistic.Act.CANCEL
    count(act, hold, today)


def to_clear(hold: Hold, today: date) -> None:
    """Its item stands on the shelf for nobody now; the number is free again when it is taken off."""
    assert hold.shelf_number is not None
    ToClear.objects.create(item_id=hold.item_id, branch_id=hold.pickup_id, shelf_number=hold.shelf_number, since=today)
    touch(None, hold.item_id)


def hold_slip(hold: Hold, item: Item) -> slips.Slip:
    """The slip for the shelf: numbers, and a name only where the library wants its first syllable (F-RSV-017)."""
    code = str(hold.pk)
    if queries.setting().slip_name == "initial":
        code = f"{code} {hold.patron.kana[:1]}"
    title = f"{item.record.title} {item.record.volume}".strip()
    slip = slips.hold(
        str(hold.shelf_number), title, item.barcode, pickup=hold.pickup.name, until=hold.keep_until, code=code
    )
    if hold.keep_until is not None:
        return slip
    # The days count from the day on which the patron is told, which nobody knows yet.
    days = shelf_days(hold, timezone.localdate(hold.ready_at))
    return replace(slip, facts=(*slip.facts, ("取置期限", f"連絡日から{days}開館日")))


def touch(record_id: int | None, item_id: int | None) -> None:
    """Note what a hold points at, for the night. One SQL statement."""
    Touched.objects.create(record_id=record_id, item_id=item_id)


def count(act: str, hold: Hold, today: date) -> None:
    """One figure of one hold."""
    HoldStatistic.objects.create(act=act, **_figure(hold, today))


def uncount(act: str, hold: Hold, day: date) -> None:
    """Take one such figure of that day back; which of the equal ones does not matter."""
    figure = HoldStatistic.objects.filter(act=act, **_figure(hold, day)).first()
    if figure is not None:
        figure.delete()


def _figure(hold: Hold, day: date) -> dict[str, object]:
    code = _category(hold)[1]
    return {"on_date": day, "branch_id": hold.pickup_id, "route": hold.route, "category": code}
