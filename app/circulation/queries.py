"""Reads of loans."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from app.circulation.models import Loan, LoanRule
from app.circulation.rules import Rule


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


def rule_table() -> list[Rule]:
    """The whole rule table. One SQL statement; a library has a few dozen rows."""
    rows = LoanRule.objects.values_list(
        "branch_id",
        "category_id",
        "material_type",
        "limit",
        "period_days",
        "renewals",
        "overdue_block_days",
        "reference_allowed",
    )
    return [Rule(*row) for row in rows]
