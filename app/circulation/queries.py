"""Reads of loans."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.catalog.models import Item
from app.circulation.models import HandledToday, Loan
from app.circulation.rules import Borrower
from app.patrons.models import Patron
from app.regulations import queries as regulations
from app.regulations.rules import Case, Rule, Terms, decide

# A reader that bounces, a key held too long, a request sent twice: the same scan again within this time.
SAME_SCAN = timedelta(seconds=20)


@dataclass(frozen=True)
class OpenLoan:
    """What may be told about a loan without telling who has the item."""

    item_id: int
    due_on: date


def open_loans_for(item_ids: Iterable[int]) -> dict[int, OpenLoan]:
    """Which of these items are out, and until when. An item that is not a key is not on loan. One SQL statement."""
    rows = Loan.objects.filter(item_id__in=list(item_ids)).values_list("item_id", "due_on")
    return {item: OpenLoan(item, due) for item, due in rows}


def loans_of(patron_id: int) -> list[Loan]:
    """What a patron has, with item, record and lending branch, the earliest due date first. One SQL statement."""
    loans = Loan.objects.filter(patron_id=patron_id).select_related("item__record", "branch")
    return list(loans.defer("item__record__marc").order_by("due_on", "lent_at"))


def loans_to_end(item_ids: Iterable[int]) -> list[Loan]:
    """The loans of these items with what figures say of their patrons, and nothing more of them. One SQL statement."""
    loans = Loan.objects.filter(item_id__in=list(item_ids)).select_related("patron__category")
    return list(
        loans.only(
            "item_id",
            "branch_id",
            "lent_at",
            "due_on",
            "renewed",
            "terminal",
            "without_card",
            "due_changed_by",
            "due_reason",
            "compensation",
            "compensation_on",
            "settled",
            "patron__birth_date",
            "patron__district",
            "patron__category__code",
        ).order_by("item_id")
    )


def is_out(item_id: int) -> bool:
    """Whether an item is on loan. One SQL statement."""
    return Loan.objects.filter(item_id=item_id).exists()


def handled_since(item_id: int, since: datetime) -> bool:
    """Whether an item passed a counter after a moment of today. One SQL statement."""
    return HandledToday.objects.filter(item_id=item_id, at__gt=since).exists()


def rule_table(on: date) -> tuple[Rule, ...]:
    """The regulations in force on a day. At most two SQL statements; none while they are unchanged and just read."""
    return regulations.table(on)


def terms_for(table: Iterable[Rule], branch_id: int, category_id: int, item: Item, on: date, waiting: int = 0) -> Terms:
    """What the regulations say about this item for patrons of this category. No SQL."""
    return decide(table, Case(branch_id, category_id, item.material_type, on, waiting, item.location))


def total_terms(table: Iterable[Rule], branch_id: int, category_id: int, on: date) -> Terms:
    """What they say whatever the item is: the total that may be out, the stages of lateness. No SQL."""
    return decide(table, Case(branch_id, category_id, "", on))


def units(loans: Iterable[Loan]) -> list[Loan]:
    """One loan for each thing that counts: the pieces of a set are one. Needs `item`."""
    seen: dict[tuple[str, int], Loan] = {}
    for loan in loans:
        key = ("set", loan.item.item_set_id) if loan.item.item_set_id else ("item", loan.item_id)
        seen.setdefault(key, loan)
    return list(seen.values())


def borrower(patron: Patron, loans: Iterable[Loan], item: Item | None = None) -> Borrower:
    """A patron as the rules see them, from everything they have out (item loaded, earliest due date first). No SQL."""
    counted = units(loans)
    kind = item.material_type if item else None
    return Borrower(
        valid_until=patron.valid_until,
        stopped_until=patron.stopped_until,
        due_dates=tuple(loan.due_on for loan in counted),
        of_material=sum(1 for loan in counted if loan.item.material_type == kind),
        withdrawn=patron.withdrawn_on is not None,
    )


def compensations() -> list[Loan]:
    """The loans that are being compensated, the oldest case first, without their patrons. One SQL statement."""
    loans = Loan.objects.exclude(compensation="").select_related("item__record", "branch")
    return list(loans.defer("item__record__marc", "patron").order_by("compensation_on", "id"))
