"""Reads of transfers."""

from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet
from django.utils import timezone

from app.branches.queries import closing_of
from app.transfers import rules
from app.transfers.models import Relocation, StackRequest, Transfer, TransferSetting


def setting() -> TransferSetting:
    """The library's decisions; defaults when none were made. One SQL statement."""
    return TransferSetting.objects.filter(pk=1).first() or TransferSetting(pk=1)


def _with_items() -> QuerySet[Transfer]:
    ways = Transfer.objects.select_related("item__record", "from_branch", "to_branch", "run")
    return ways.defer("item__record__marc")


def waiting_at(branch_id: int) -> list[Transfer]:
    """What leaves a place with the next runs, by run, destination and shelf. One SQL statement."""
    ways = _with_items().filter(from_branch_id=branch_id, sent_at=None)
    return list(ways.order_by("run__leaves_at", "to_branch__number", "item__call_key", "item__barcode"))


def on_the_way_to(branch_id: int) -> list[Transfer]:
    """What was sent to a place and has not arrived. One SQL statement."""
    return list(_with_items().filter(to_branch_id=branch_id, sent_at__isnull=False).order_by("sent_at", "pk"))


@dataclass(frozen=True)
class Late:
    """An item that should have arrived."""

    transfer: Transfer
    open_days: int


def missed(today: date) -> list[Late]:
    """Transfers that were sent more open days ago than the library allows, the longest first.

    Two SQL statements while the calendars are in memory."""
    limit = setting().overdue_days
    found = []
    for way in _with_items().filter(sent_at__isnull=False):
        days = rules.open_days_since(timezone.localdate(way.sent_at), today, closing_of(way.to_branch))
        if days > limit:
            found.append(Late(way, days))
    return sorted(found, key=lambda late: (-late.open_days, late.transfer.pk))


def relocations(due_by: date | None = None) -> list[Relocation]:
    """Items that stand elsewhere for a while, by day; with `due_by` those whose time is over by then (F-TRF-009).

    One SQL statement."""
    rows = Relocation.objects.select_related("item__record", "home_branch", "to_branch").defer("item__record__marc")
    if due_by is not None:
        rows = rows.filter(until__lte=due_by)
    return list(rows.order_by("until", "to_branch__number", "item__call_key"))


def stack_requests(branch_id: int) -> list[StackRequest]:
    """What a place's stack has been asked for, the oldest first. One SQL statement."""
    rows = StackRequest.objects.select_related("item__record", "desk").defer("item__record__marc")
    return list(rows.filter(item__branch_id=branch_id).order_by("fetched_at", "requested_at", "pk"))
