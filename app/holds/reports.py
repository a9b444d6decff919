"""What is wanted, what is lacking, what was received: reads for lists and for purchase requests."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Exists, OuterRef, Q

from app.catalog.codes import LENDABLE_STATUSES
from app.catalog.models import BibliographicRecord, Item
from app.catalog.search import Query, search
from app.holds.models import OPEN, OVER, Contact, Hold, HoldStatistic, Missed, PurchaseRequest, Status, ToClear
from app.holds.queries import incomplete
from app.transfers.models import Relocation, Transfer


def owned(isbn13: str, title: str, creator: str = "") -> list[BibliographicRecord]:
    """Records that may be what a purchase request asks for: the ISBN, else the same title (and creator) (F-RSV-028).

    At most ten; `held` says whether the library has a copy. One SQL statement for each question."""
    copies = Item.objects.filter(record=OuterRef("pk")).exclude(status="withdrawn")
    records = BibliographicRecord.objects.defer("marc").annotate(held=Exists(copies))
    found = list(records.filter(isbn13=isbn13)[:10]) if isbn13 else []
    if not found and title.strip():
        ids = [hit.record_id for hit in search(Query(text=f"{title} {creator}".strip(), scope="all", size=10)).hits]
        by_id = {record.pk: record for record in records.filter(pk__in=ids)}
        found = [by_id[pk] for pk in ids if pk in by_id]
    return found


def same_wishes(isbn13: str, title: str) -> int:
    """How many open purchase requests ask for the same. One SQL statement."""
    same = Q(isbn13=isbn13) if isbn13 else Q(title=title.strip())
    return PurchaseRequest.objects.filter(same).exclude(status=PurchaseRequest.Status.DECLINED).count()


@dataclass(frozen=True)
class Demand:
    """A record with its holds and its copies that can serve them."""

    record: BibliographicRecord
    holds: int
    copies: int

    @property
    def ratio(self) -> float:
        """Holds for each copy; a record without copies counts as having one."""
        return self.holds / max(1, self.copies)


def _demands(least: int) -> list[Demand]:
    usable = [*LENDABLE_STATUSES, "processing", "repair"]
    rows = (
        Hold.objects.filter(status__in=OPEN)
        .order_by()
        .values_list("record_id")
        .annotate(n=Count("id"))
        .filter(n__gte=least)
    )
    counted = dict(rows)
    records = BibliographicRecord.objects.defer("marc", "contents", "notes").in_bulk(counted)
    copies = dict(
        Item.objects.filter(record_id__in=counted, status__in=usable, reference_only=False)
        .order_by()
        .values_list("record_id")
        .annotate(n=Count("id"))
    )
    return [Demand(records[pk], n, copies.get(pk, 0)) for pk, n in counted.items()]


def copies_needed(ratio: float, least: int = 2) -> list[Demand]:
    """Records with at least `ratio` holds for each copy, the most wanted first (F-RSV-032). Three SQL statements."""
    found = [demand for demand in _demands(least) if demand.ratio >= ratio]
    return sorted(found, key=lambda demand: (-demand.ratio, -demand.holds, demand.record.pk))


def hopeless() -> list[Demand]:
    """Records with holds and no copy that could ever serve them: lost, withdrawn, for use inside only.

    A record that never had a copy is on order and has hope. Four SQL statements."""
    without = [demand for demand in _demands(1) if not demand.copies]
    ever = set(
        Item.objects.filter(record_id__in=[demand.record.pk for demand in without])
        .order_by()
        .values_list("record_id", flat=True)
    )
    return sorted((d for d in without if d.record.pk in ever), key=lambda d: (-d.holds, d.record.pk))


def by_route(first: date, last: date, branch_id: int | None = None) -> list[tuple[str, dict[str, int], int]]:
    """Holds received by route and place: (place, {route: count}, sum), a line for each place (F-RSV-003).

    One SQL statement."""
    rows = HoldStatistic.objects.filter(act=HoldStatistic.Act.PLACE, on_date__range=(first, last))
    if branch_id is not None:
        rows = rows.filter(branch_id=branch_id)
    grouped = rows.order_by("branch__number").values_list("branch__name", "route").annotate(n=Count("id"))
    found: dict[str, dict[str, int]] = {}
    for branch, route, number in grouped:
        found.setdefault(branch, {})[route] = number
    return [(branch, routes, sum(routes.values())) for branch, routes in found.items()]


@dataclass(frozen=True)
class Work:
    """How much waits to be done at a place."""

    pull: int
    tell: int
    late: int
    clear: int
    arriving: int
    requests: int
    back: int
    """Items of a temporary relocation here whose day has come."""


def work_at(branch_id: int, today: date) -> Work:
    """The numbers of the start page. Seven SQL statements."""
    ready = Hold.objects.filter(pickup_id=branch_id, status=Status.READY)
    return Work(
        pull=Hold.objects.filter(status=Status.PULL, item__branch_id=branch_id, item__loans__isnull=True).count(),
        tell=ready.filter(contacted_on=None).exclude(contact=Contact.NONE).exclude(incomplete()).count(),
        late=ready.filter(keep_until__lt=today).count(),
        clear=ToClear.objects.filter(branch_id=branch_id).count(),
        arriving=Transfer.objects.filter(to_branch_id=branch_id, sent_at__isnull=False).count(),
        requests=PurchaseRequest.objects.filter(status=PurchaseRequest.Status.RECEIVED).count(),
        back=Relocation.objects.filter(to_branch_id=branch_id, until__lte=today, ended_at=None).count(),
    )


def missed_at(branch_id: int | None = None) -> list[Missed]:
    """What was looked for in vain. One SQL statement."""
    rows = Missed.objects.select_related("item__record", "item__branch", "branch").defer("item__record__marc")
    if branch_id is not None:
        rows = rows.filter(item__branch_id=branch_id)
    return list(rows.order_by("item__branch__number", "item__call_key", "item__barcode"))


def requests(statuses: Iterable[str]) -> list[PurchaseRequest]:
    """Purchase requests in these states, without their patrons, the oldest first. One SQL statement."""
    return list(PurchaseRequest.objects.filter(status__in=list(statuses)).select_related("pickup"))


def requests_of(patron_id: int) -> list[PurchaseRequest]:
    """A patron's purchase requests. One SQL statement."""
    return list(PurchaseRequest.objects.filter(patron_id=patron_id).select_related("pickup"))


def ended(branch_id: int, since: date) -> list[Hold]:
    """Holds of a place that ended by themselves or by hand since a day, as far as they are kept; without patrons.

    The result of the automatic cancelling (F-RSV-015). One SQL statement."""
    rows = Hold.objects.filter(pickup_id=branch_id, status__in=OVER, ended_at__date__gte=since)
    return list(rows.select_related("record").defer("record__marc").order_by("-ended_at", "-pk"))
