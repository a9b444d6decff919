"""Receipt numbers without gaps or doubles."""

from app.reference import rules
from app.reference.models import Receipts


def next_receipt(kind: str, year: int) -> str:
    """The next receipt number of a year, inside the caller's transaction: who comes at the same moment waits."""
    Receipts.objects.get_or_create(kind=kind, year=year)
    row = Receipts.objects.select_for_update().get(kind=kind, year=year)
    row.last += 1
    row.save(update_fields=["last"])
    return rules.receipt(kind, year, row.last)
