"""Reads of holds. Who waits for what is told only where somebody asks for that patron, or with permission and a
record of it (`who_waits`)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from app.branches.models import Branch
from app.catalog.codes import LENDABLE_STATUSES
from app.catalog.models import Item
from app.holds import rules
from app.holds.models import (
    HAS_ITEM,
    OPEN,
    Contact,
    Hold,
    HoldSetting,
    Missed,
    Neighbour,
    Status,
    ToClear,
)
from app.patrons.models import Patron
from app.transfers.models import StackRequest, Transfer


@dataclass(frozen=True)
class Kept:
    """An item that is kept for somebody: on the hold shelf, or on its way there."""

    hold_id: int
    patron_id: int
    shelf_number: int | None
    status: str
    """transit or ready; pull while it is only looked for on the shelf."""


@dataclass(frozen=True)
class Ready:
    """What waits for a patron on a hold shelf, for the counter and My Page."""

    hold_id: int
    item_id: int
    title: str
    barcode: str
    branch_id: int
    branch: str
    shelf_number: int | None
    keep_until: date | None


def kept_for(item_id: int) -> Kept | None:
    """For whom the item is kept (on the hold shelf or on its way there), or None. One SQL statement.

    An item that is only looked for on the shelf is not kept: `free_to_lend` says whether it may go.
    """
    row = (
        Hold.objects.filter(item_id=item_id, status__in=[Status.TRANSIT, Status.READY])
        .values_list("id", "patron_id", "shelf_number", "status")
        .first()
    )
    return Kept(*row) if row else None


def waiting(record_id: int, item_id: int) -> int:
    """How many holds wait that this item could serve; suspended ones do not count here. One SQL statement."""
    return (
        Hold.objects.filter(record_id=record_id, status__in=[Status.WAITING, Status.PULL])
        .filter(Q(only_item=None) | Q(only_item_id=item_id))
        .count()
    )


def ready_for(patron_id: int) -> list[Ready]:
    """What the patron can collect, by place and shelf number. One SQL statement."""
    rows = (
        Hold.objects.filter(patron_id=patron_id, status=Status.READY)
        .order_by("pickup__number", "shelf_number", "id")
        .values_list(
            "id",
            "item_id",
            "record__title",
            "item__barcode",
            "pickup_id",
            "pickup__name",
            "shelf_number",
            "keep_until",
        )
    )
    return [Ready(*row) for row in rows]


def setting() -> HoldSetting:
    """The library's decisions; defaults when none were made. One SQL statement."""
    return HoldSetting.objects.filter(pk=1).first() or HoldSetting(pk=1)


def nearness(order: str) -> rules.Nearness:
    """The order of candidates with the places that count as one. One SQL statement."""
    near = Neighbour.objects.values_list("pickup_id", "branch_id")
    return rules.Nearness(order, frozenset((a, b) for a, b in near))


def wishes_of(holds: Iterable[Hold], today: date) -> list[rules.Wish]:
    """Holds without an item in anybody's hands, for the rules; series are judged among the given holds.

    Needs `item` with its branch for those that are looked for.
    """
    given = list(holds)
    first: dict[int, int] = {}
    for hold in given:
        if hold.belongs_to_id and hold.belongs_to.kind == "series" and hold.status in OPEN:
            first[hold.belongs_to_id] = min(first.get(hold.belongs_to_id, 10**6), hold.set_order)
    wishes = []
    for hold in given:
        if hold.status not in (Status.WAITING, Status.PULL):
            continue
        later = hold.belongs_to_id in first and hold.set_order > first[hold.belongs_to_id]
        wishes.append(
            rules.Wish(
                id=hold.pk,
                queue_at=hold.queue_at,
                pickup_id=hold.pickup_id,
                copy_id=hold.only_item_id,
                looked_for=copy_of(hold.item) if hold.item_id else None,
                asleep=later or rules.is_asleep(hold.suspended_from, hold.suspended_until, today),
            )
        )
    return wishes


def copy_of(item: Item, branch: Branch | None = None) -> rules.Copy:
    """An item as the rule sees it, standing at `branch` (by default its own place; needs `branch` loaded)."""
    place = branch or item.branch
    return rules.Copy(item.pk, place.pk, item.status == "closed_stack", place.number)


def on_shelves(record_ids: Iterable[int] | QuerySet, keep: Iterable[int] = ()) -> QuerySet[Item]:
    """The copies of these records that stand on a shelf and may be looked for: lendable, not out, on no way, kept for
    nobody, not missed. `keep`: items looked for already, which count as well."""
    bound = Hold.objects.filter(item=OuterRef("pk"), status__in=HAS_ITEM).exclude(item__in=list(keep))
    return (
        Item.objects.filter(
            record_id__in=record_ids if isinstance(record_ids, QuerySet) else list(record_ids),
            status__in=LENDABLE_STATUSES,
            reference_only=False,
            loans__isnull=True,
        )
        .exclude(Exists(bound))
        .exclude(Exists(Transfer.objects.filter(item=OuterRef("pk"))))
        .exclude(Exists(Missed.objects.filter(item=OuterRef("pk"))))
        .exclude(Exists(ToClear.objects.filter(item=OuterRef("pk"))))
        .exclude(Exists(StackRequest.objects.filter(item=OuterRef("pk"), fetched_at__isnull=False)))
    )


def free_to_lend(record_id: int, item_id: int, patron_id: int, today: date) -> bool:
    """Whether a reader at the shelf may take this copy although others wait for the title (F-RSV-009): the holds are
    served as well without it, or the reader waits for it too. One SQL statement when nobody waits, else four."""
    holds = list(
        Hold.objects.filter(record_id=record_id, status__in=[Status.WAITING, Status.PULL]).select_related(
            "item__branch", "belongs_to"
        )
    )
    if not holds or any(hold.patron_id == patron_id for hold in holds):
        return True
    looked_for = [hold.item_id for hold in holds if hold.item_id]
    copies = [copy_of(item) for item in on_shelves([record_id], looked_for).select_related("branch")]
    if item_id not in {copy.id for copy in copies}:
        return not rules.who_gets(rules.Copy(item_id, 0), wishes_of(holds, today), rules.Nearness("any"))
    return rules.spare(item_id, wishes_of(holds, today), copies, nearness(setting().order))


def counts(record_ids: Iterable[int]) -> dict[int, int]:
    """How many open holds these records have, for every member of staff and the OPAC. One SQL statement."""
    rows = Hold.objects.filter(record_id__in=list(record_ids), status__in=OPEN).order_by()
    return dict(rows.values_list("record_id").annotate(n=Count("id")))


def _shown(holds: QuerySet[Hold]) -> QuerySet[Hold]:
    """With everything that a line of a list shows; never the patron."""
    rows = holds.select_related("record", "item__branch", "pickup", "belongs_to")
    return rows.defer("record__marc", "record__contents", "record__notes")


def pull_list(branch_id: int) -> list[Hold]:
    """What is to be taken from a place's shelves, in shelf order (F-RSV-011). One SQL statement."""
    rows = _shown(Hold.objects.filter(status=Status.PULL, item__branch_id=branch_id))
    rows = rows.filter(item__loans__isnull=True)
    return list(rows.order_by("item__status", "item__location", "item__call_key", "item__barcode"))


def on_hold_shelf(branch_id: int) -> list[Hold]:
    """Everything on a place's hold shelf, by number. One SQL statement."""
    return list(_shown(Hold.objects.filter(pickup_id=branch_id, status=Status.READY)).order_by("shelf_number"))


def late_on_shelf(branch_id: int, today: date) -> list[Hold]:
    """What was not collected in time, by number (F-RSV-014). One SQL statement."""
    rows = _shown(Hold.objects.filter(pickup_id=branch_id, status=Status.READY, keep_until__lt=today))
    return list(rows.order_by("shelf_number"))


def to_clear(branch_id: int) -> list[ToClear]:
    """What stands on a place's hold shelf for nobody, by number. One SQL statement."""
    rows = ToClear.objects.filter(branch_id=branch_id).select_related("item__record", "branch")
    return list(rows.defer("item__record__marc"))


def incomplete() -> Exists:
    """A set まとめて受取 of which something is not on the shelf yet."""
    missing = [Status.WAITING, Status.PULL, Status.TRANSIT]
    others = Hold.objects.filter(belongs_to=OuterRef("belongs_to_id"), belongs_to__kind="together", status__in=missing)
    return Exists(others)


def to_tell(branch_id: int | None = None) -> list[Hold]:
    """Ready holds whose patrons do not know yet, by any means; those fetched together only when all are there.

    One SQL statement."""
    rows = _shown(Hold.objects.filter(status=Status.READY, contacted_on=None)).exclude(contact=Contact.NONE)
    if branch_id is not None:
        rows = rows.filter(pickup_id=branch_id)
    return list(rows.exclude(incomplete()).order_by("pickup__number", "ready_at", "pk"))


@dataclass(frozen=True)
class Call:
    """One telephone call: whom, where, and everything there is to say at once."""

    patron_id: int
    patron: Patron
    holds: tuple[Hold, ...]
    tries: int


def phone_list(branch_id: int) -> list[Call]:
    """Whom to call about what is ready at a place, one line a person (F-RSV-019). Two SQL statements.

    Names and numbers: whoever shows it records that they were seen.
    """
    rows = _shown(Hold.objects.filter(pickup_id=branch_id, status=Status.READY, contacted_on=None))
    rows = (
        rows.filter(contact=Contact.PHONE)
        .exclude(incomplete())
        .annotate(tries=Count("entries", filter=Q(entries__kind="contact")))
    )
    by_patron: dict[int, list[Hold]] = {}
    for hold in rows.order_by("ready_at", "pk"):
        by_patron.setdefault(hold.patron_id, []).append(hold)
    patrons = Patron.objects.in_bulk(by_patron)
    return [Call(pk, patrons[pk], tuple(holds), max(hold.tries for hold in holds)) for pk, holds in by_patron.items()]


@dataclass(frozen=True)
class Line:
    """One of a patron's holds with its place in the queue (0 when it has its item or is over)."""

    hold: Hold
    place: int
    waiting: int


def of_patron(patron_id: int) -> list[Line]:
    """A patron's holds, ready ones first, with their places in the queues; cancelled ones at the end.

    Two SQL statements."""
    holds = list(
        _shown(Hold.objects.filter(patron_id=patron_id).exclude(status=Status.HANDED)).order_by("queue_at", "pk")
    )
    rank = {Status.READY: 0, Status.TRANSIT: 1, Status.PULL: 2, Status.WAITING: 3}
    holds.sort(key=lambda hold: (rank.get(Status(hold.status), 9), hold.queue_at))
    lines = _queues([hold.record_id for hold in holds if hold.status in (Status.WAITING, Status.PULL)])
    found = []
    for hold in holds:
        line = lines.get(hold.record_id, [])
        found.append(Line(hold, line.index(hold.pk) + 1 if hold.pk in line else 0, len(line)))
    return found


def _queues(record_ids: list[int]) -> dict[int, list[int]]:
    """The ids of the holds that stand in the queues of these records, in order. One SQL statement."""
    rows = Hold.objects.filter(record_id__in=record_ids, status__in=[Status.WAITING, Status.PULL])
    found: dict[int, list[int]] = {}
    for record_id, pk in rows.order_by("queue_at", "pk").values_list("record_id", "pk"):
        found.setdefault(record_id, []).append(pk)
    return found


def place_of(hold: Hold) -> int:
    """Its place in the queue, from 1; 0 when it has its item. One SQL statement."""
    if hold.status not in (Status.WAITING, Status.PULL):
        return 0
    line = _queues([hold.record_id]).get(hold.record_id, [])
    return line.index(hold.pk) + 1 if hold.pk in line else 0


def queue_of(record_id: int) -> list[Hold]:
    """The open holds of a record in order, without their patrons: for every member of staff. One SQL statement."""
    rows = _shown(Hold.objects.filter(record_id=record_id, status__in=OPEN))
    return list(rows.order_by("queue_at", "pk"))


def who_waits(record_id: int) -> list[Hold]:
    """The same with the patrons. Only for staff with WHO, who record each person they see. One SQL statement."""
    rows = Hold.objects.filter(record_id=record_id, status__in=OPEN).select_related("patron", "pickup")
    return list(rows.order_by("queue_at", "pk"))


def one(hold_id: int) -> Hold | None:
    """One hold with what its page shows, and its patron. One SQL statement."""
    return _shown(Hold.objects.filter(pk=hold_id)).select_related("patron__category").first()
