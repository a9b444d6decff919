"""What a patron takes home on paper: every title with its due date."""

from collections.abc import Collection
from datetime import date

from app.circulation.models import Loan
from app.patrons.models import Patron
from app.terminals.queries import Place
from app.terminals.slips import Line, Slip, receipt
from app.web.wording import wording

DAYS = "月火水木金土日"


def day_of(day: date) -> str:
    """A date as the counter says it: 12/7(月)."""
    return f"{day.month}/{day.day}({DAYS[day.weekday()]})"


def title_of(loan: Loan) -> str:
    """Title and volume."""
    record = loan.item.record
    return f"{record.title} {record.volume}".strip()


def receipt_of(
    loans: Collection[Loan], patron: Patron, place: Place, on: date, barcodes: Collection[str] | None = None
) -> Slip | None:
    """The receipt of these loans, or of those with these numbers; None when there is nothing to print.

    The name stands on it only where the library decided so. No SQL.
    """
    lines = tuple(
        Line(title_of(loan), day_of(loan.due_on)) for loan in loans if barcodes is None or loan.item.barcode in barcodes
    )
    if not lines or place.branch is None:
        return None
    return receipt(
        place.branch.name,
        on,
        lines,
        message=place.setting.receipt_message,
        name=patron.name if place.setting.receipt_name else "",
        title=wording("terminals.receipt.title", "貸出レシート")
        if barcodes is not None
        else wording("terminals.receipt.all", "貸出中の一覧"),
    )
