"""The one decision about an item in somebody's hands, and the looking for items on the shelves.

Locks: the item first (the caller has it), then the holds that the decision can touch, in the order of their ids. Items
that are only looked for are locked without waiting (`skip_locked`), so this cannot stand in anybody's way.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.utils import timezone

from app.access import actions as access
from app.access.actor import Actor
from app.branches.models import Branch
from app.catalog import search
from app.catalog.codes import LENDABLE_STATUSES, ShelfStatus
from app.catalog.models import Item
from app.holds import queries, rules
from app.holds.actions import shelving
from app.holds.actions.operations import HANDLE
from app.holds.models import OPEN, OVER, Hold, HoldSet, HoldStatistic, Missed, Status, ToClear
from app.terminals import slips
from app.transfers import actions as transfers
from app.transfers.models import Floating, Reason, Relocation, Transfer
from app.web.wording import wording

SHELF, HOLD_SHELF, TRANSFER = "shelf", "hold_shelf", "transfer"
OTHER_OF_ANY = "組のほかの1点が用意できたため"


@dataclass(frozen=True)
class Next:
    """Where an item in hand goes. `message` is the sentence for the screen; nobody's name is in any part."""

    kind: str
    message: str
    to_branch: Branch | None = None
    reason: str = ""
    """Of a transfer: hold, home, relocate or request."""
    hold_number: int | None = None
    shelf_number: int | None = None
    slip: slips.Slip | None = None
    fresh: bool = True
    """False when nothing changed: the item was where it belongs already."""


def lock_around(record_ids: Iterable[int], item_id: int | None = None, *, wide: bool = False) -> list[Hold]:
    """The holds of these records, of the sets they belong to, and those bound to the item, locked in the order of
    their ids, with what the rules need. One SQL statement when there are none, else three.

    A transaction locks all it will need at once, here, or two of them could wait for each other. `wide` adds the
    records of the sets' other holds, for acts after which these are looked for as well.
    """
    records = set(record_ids)
    found = _around(records, item_id)
    if wide:
        others = set(found.values()) - records
        found = _around(records | others, item_id) if others else found
    if not found:
        return []
    # Locked without joins and read afterwards: PostgreSQL rechecks a row it had to wait for against the joined rows of
    # before, and would lose a hold whose item or place has just changed.
    locked = Hold.objects.select_for_update(no_key=True).filter(pk__in=list(found)).order_by("pk")
    rows = Hold.objects.filter(pk__in=list(locked.values_list("pk", flat=True))).exclude(status__in=OVER).order_by("pk")
    return list(
        rows.select_related("item__branch", "item__record", "belongs_to", "pickup", "record")
        .defer("record__marc", "item__record__marc")
        .annotate(category=F("patron__category_id"), category_code=F("patron__category__code"))
    )


def _around(records: set[int], item_id: int | None) -> dict[int, int]:
    """The ids of those holds, each with its record. One SQL statement."""
    touching = Hold.objects.order_by().filter(record_id__in=records, status__in=OPEN)
    sets = touching.filter(belongs_to__isnull=False).values("belongs_to_id")
    columns = ("pk", "record_id")
    ids = touching.values_list(*columns).union(
        Hold.objects.order_by().filter(belongs_to_id__in=sets).values_list(*columns)
    )
    if item_id is not None:
        ids = ids.union(Hold.objects.order_by().filter(item_id=item_id).values_list(*columns))
    return dict(ids)


def in_hand(actor: Actor, item: Item, branch: Branch, now: datetime) -> Next:
    """This item is in our hands at this place: where does it go?

    For actions that have locked the item (with record and branch loaded) inside their transaction and checked the
    permission: returning, arriving, pulling, receiving. The answer is carried out at once: the hold is bound, the
    transfer noted. Asking again at the same place changes nothing. Two SQL statements for an item that nobody
    waits for at its own place.
    """
    standing = _standing(item, branch, timezone.localdate(now))
    _seen(item, standing)
    holds = lock_around([item.record_id], item.pk)
    _forget_handed(holds, item)
    bound = next((h for h in holds if h.item_id == item.pk and h.status in (Status.TRANSIT, Status.READY)), None)
    if bound is not None:
        return _bound(bound, item, branch, now, standing)
    wish = _first_wish(holds, item, branch, now)
    if wish is not None:
        return _bind(wish, holds, item, branch, now, standing)
    return _home(item, branch, now, standing)


@dataclass(frozen=True)
class Standing:
    """What else is known of an item."""

    on_way_to: int | None
    missed: bool
    to_clear: bool
    floats: bool
    relocated: bool
    """Stands elsewhere for a while, and the while is over."""


@transaction.atomic
def undo_in_hand(actor: Actor, item: Item, now: datetime) -> list[int]:
    """The return that put the item in our hands is undone: whoever got it waits again at their old place, and it goes
    nowhere; the records whose holds wait again. For circulation, with the item locked and before the loan is there
    again; what else may serve those holds, `look_on_shelves` finds after it."""
    transfers.drop(item.pk)
    ToClear.objects.filter(item=item).delete()
    hold = next((h for h in lock_around([item.record_id], item.pk) if h.item_id == item.pk and h.status in OPEN), None)
    if hold is None:
        return []
    shelving.back_to_queue(hold)
    again = [hold.record_id]
    if hold.belongs_to_id and hold.belongs_to.kind == HoldSet.Kind.ANY:
        gone = Hold.objects.filter(belongs_to=hold.belongs_to_id, status=Status.CANCELLED, ended_why=OTHER_OF_ANY)
        for other in gone:
            anew = Hold.objects.filter(
                patron=other.patron_id, record=other.record_id, only_item=other.only_item_id, status__in=OPEN
            )
            if anew.exists():
                continue  # the patron has asked for it meanwhile
            shelving.uncount(HoldStatistic.Act.CANCEL, other, timezone.localdate(other.ended_at))
            other.status, other.ended_at, other.ended_why = Status.WAITING, None, ""
            other.save()
            again.append(other.record_id)
    return again


def _standing(item: Item, branch: Branch, today: date) -> Standing:
    row = (
        Item.objects.filter(pk=item.pk)
        .values_list(
            Subquery(Transfer.objects.filter(item=OuterRef("pk")).order_by().values("to_branch_id")[:1]),
            Exists(Missed.objects.filter(item=OuterRef("pk"))),
            Exists(ToClear.objects.filter(item=OuterRef("pk"))),
            Exists(Floating.objects.filter(Q(branch=None) | Q(branch=branch), material_type=OuterRef("material_type"))),
            Exists(
                Relocation.objects.filter(item=OuterRef("pk")).filter(Q(ended_at__isnull=False) | Q(until__lt=today))
            ),
        )
        .get()
    )
    return Standing(*row)


def _seen(item: Item, standing: Standing) -> None:
    if standing.missed:
        Missed.objects.filter(item=item).delete()
    if standing.to_clear:
        ToClear.objects.filter(item=item).delete()


def _forget_handed(holds: list[Hold], item: Item) -> None:
    """The loan is over: nothing remembers any more that it came from a hold."""
    over = [hold.pk for hold in holds if hold.status == Status.HANDED and hold.item_id == item.pk]
    if over:
        Hold.objects.filter(pk__in=over).delete()
        holds[:] = [hold for hold in holds if hold.pk not in over]


def _first_wish(holds: list[Hold], item: Item, branch: Branch, now: datetime) -> Hold | None:
    if item.status not in LENDABLE_STATUSES:
        return None
    mine = [hold for hold in holds if hold.record_id == item.record_id]
    if item.reference_only:  # only a hold that staff took for this very copy
        mine = [hold for hold in mine if hold.only_item_id == item.pk]
    if not mine:
        return None
    wishes = queries.wishes_of(holds, timezone.localdate(now))
    wishes = [wish for wish in wishes if wish.id in {hold.pk for hold in mine}]
    # How near matters only to those whose own copy is being looked for.
    searching = any(wish.looked_for is not None and wish.looked_for.id != item.pk for wish in wishes)
    nearness = queries.nearness(queries.setting().order) if searching else rules.Nearness()
    chosen = rules.who_gets(queries.copy_of(item, branch), wishes, nearness)
    return next((hold for hold in mine if chosen and hold.pk == chosen.id), None)


def _bind(hold: Hold, holds: list[Hold], item: Item, branch: Branch, now: datetime, standing: Standing) -> Next:
    """Give the item to the hold; whoever looked for this item, and the item this hold was looking for, are free."""
    freed = hold.item_id not in (None, item.pk)
    for other in holds:
        if other.pk != hold.pk and other.item_id == item.pk and other.status == Status.PULL:
            _release(other)
            freed = True
    hold.item = item
    answer = _bound(hold, item, branch, now, standing)
    shelving.touch(item.record_id, item.pk)
    freed = _others_of_any(hold, holds, now) or freed
    if freed:
        look_on_shelves([item.record_id], now)
    return answer


def _release(hold: Hold) -> None:
    hold.item, hold.status = None, Status.WAITING
    hold.save(update_fields=["item", "status"])


def _others_of_any(hold: Hold, holds: list[Hold], now: datetime) -> bool:
    """いずれか1点: the first that is in hand ends the others."""
    if not hold.belongs_to_id or hold.belongs_to.kind != HoldSet.Kind.ANY:
        return False
    others = [other for other in holds if other.belongs_to_id == hold.belongs_to_id and other.pk != hold.pk]
    for other in others:
        shelving.end(other, Status.CANCELLED, OTHER_OF_ANY, now)
    return any(other.record_id == hold.record_id for other in others)


def _bound(hold: Hold, item: Item, branch: Branch, now: datetime, standing: Standing) -> Next:
    """The hold has this item: to its shelf here, or on its way."""
    if hold.pickup_id == branch.pk:
        fresh = hold.status != Status.READY
        if fresh:
            if standing.on_way_to is not None:
                transfers.finish(item.pk, branch, now)
            shelving.make_ready(hold, branch, now)
        message = wording(
            "holds.allocation.bound",
            "予約の資料です。取置棚 {shelf_number} 番へ置いてください。",
            shelf_number=hold.shelf_number,
        )
        slip = shelving.hold_slip(hold, item)
        return Next(HOLD_SHELF, message, branch, "", hold.pk, hold.shelf_number, slip, fresh)
    if hold.status != Status.TRANSIT:
        shelving.on_its_way(hold)
    elif standing.on_way_to == branch.pk:
        transfers.finish(item.pk, branch, now)
    return _to(item, branch, hold.pickup, Reason.HOLD, now, hold.pk)


def _to(item: Item, here: Branch, there: Branch, reason: str, now: datetime, number: int | None = None) -> Next:
    way = transfers.plan(item, here, there, reason, now)
    label = Reason(reason).label
    message = f"{there.name}へ回送してください（{label}）。"
    slip = slips.transfer(
        there.short,
        label,
        item.record.title,
        item.barcode,
        delivery=way.run.name if way.run else "",
        from_=here.short,
    )
    return Next(TRANSFER, message, there, reason, number, None, slip)


def _home(item: Item, branch: Branch, now: datetime, standing: Standing) -> Next:
    """Nobody waits for it: to its own shelf, wherever that is."""
    if standing.relocated:
        _restore(item)
    if item.branch_id != branch.pk and standing.floats:
        item.branch = branch
        Item.objects.filter(pk=item.pk).update(branch=branch)
        search.index([item.record_id])
    if item.branch_id == branch.pk:
        if standing.on_way_to is not None:
            transfers.finish(item.pk, branch, now)
        where = item.location or ("書庫" if item.status == ShelfStatus.CLOSED_STACK else "")
        return Next(SHELF, f"棚へ戻してください（{' '.join(filter(None, [where, item.call_number]))}）。", branch)
    if standing.on_way_to == branch.pk:
        transfers.finish(item.pk, branch, now)
    return _to(item, branch, item.branch, Reason.RELOCATE if standing.relocated else Reason.HOME, now)


def _restore(item: Item) -> None:
    """The end of a temporary relocation: the item's own place is its place again."""
    row = Relocation.objects.select_related("home_branch").get(item=item)
    item.branch, item.location = row.home_branch, row.home_location
    Item.objects.filter(pk=item.pk).update(branch=row.home_branch, location=row.home_location)
    row.delete()
    search.index([item.record_id])


def look_on_shelves(record_ids: Iterable[int], now: datetime) -> int:
    """Choose for each waiting hold of these records a copy to look for on a shelf; returns how many holds changed.

    Inside the caller's transaction. Seven SQL statements and two per change.
    """
    records = list(record_ids)
    holds = lock_around(records)
    open_holds = [h for h in holds if h.record_id in records and h.status in (Status.WAITING, Status.PULL)]
    if not open_holds:
        return 0
    looked_for = [hold.item_id for hold in open_holds if hold.item_id]
    wanted = list(queries.on_shelves(records, looked_for).values_list("pk", flat=True))
    free = Item.objects.select_for_update(of=("self",), no_key=True, skip_locked=True).filter(pk__in=wanted)
    held = set(free.order_by("pk").values_list("pk", flat=True)) | set(looked_for)
    # Asked again now that nobody can lend them: a loan that was being made while we chose is seen here.
    copies = list(queries.on_shelves(records, looked_for).filter(pk__in=held).select_related("branch"))
    nearness = queries.nearness(queries.setting().order)
    wishes = queries.wishes_of(holds, timezone.localdate(now))
    changed = 0
    for record_id in records:
        own = {hold.pk for hold in open_holds if hold.record_id == record_id}
        found = rules.allot(
            [wish for wish in wishes if wish.id in own],
            [queries.copy_of(item) for item in copies if item.record_id == record_id],
            nearness,
        )
        changed += _look_for([hold for hold in open_holds if hold.pk in own], found, copies)
    return changed


def _look_for(holds: list[Hold], found: dict[int, int], copies: list[Item]) -> int:
    by_id = {item.pk: item for item in copies}
    moving = [hold for hold in holds if found.get(hold.pk) != hold.item_id]
    for hold in moving:
        if hold.item_id:
            _release(hold)
    for hold in moving:
        if hold.pk in found:
            hold.item, hold.status = by_id[found[hold.pk]], Status.PULL
            hold.save(update_fields=["item", "status"])
            shelving.touch(hold.record_id, hold.item_id)
    return len(moving)


@transaction.atomic
def receive(actor: Actor, barcode: str, branch: Branch, now: datetime | None = None) -> tuple[Item | None, Next | None]:
    """Somebody scans an item that is in their hands: pulled from the shelf, arrived, new, found again.

    (None, None) for an unknown number; (item, None) for an item that is on loan, which has to be returned instead.
    An item that was still in processing is ready for readers from here on (F-RSV-027).
    """
    access.require(actor, HANDLE, branch)
    known = Item.objects.select_for_update(no_key=True).filter(barcode=barcode).values_list("pk", flat=True).first()
    if known is None:
        return None, None
    item = Item.objects.select_related("record", "branch").defer("record__marc").get(pk=known)
    if item.loans.exists():
        return item, None
    if item.status in (ShelfStatus.PROCESSING, ShelfStatus.MISSING):
        item.status = ShelfStatus.IN_STOCK
        Item.objects.filter(pk=item.pk).update(status=item.status)
        search.index([item.record_id])
    return item, in_hand(actor, item, branch, now or timezone.now())
