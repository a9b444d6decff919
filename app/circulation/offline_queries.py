"""What a terminal keeps a copy of, for when the line is cut: which cards may not borrow, which items somebody waits
for. Numbers only, and they leave the server as keyed hashes."""

from collections import defaultdict
from datetime import date

from django.db.models import Exists, OuterRef, Q

from app.branches.models import Branch
from app.catalog.models import Item
from app.circulation import queries, rules
from app.circulation.models import Loan
from app.holds.models import Hold, Status
from app.patrons.models import Patron, PatronCard


def stopped_cards(branch: Branch, today: date) -> list[str]:
    """Every card that may not borrow today: expired, stopped, withdrawn, lost, or overdue beyond the rules' stage.

    At most five SQL statements.
    """
    against = Q(valid_until__lt=today) | Q(stopped_until__gte=today) | Q(withdrawn_on__isnull=False)
    ids = set(Patron.objects.filter(against).values_list("pk", flat=True)) | _too_late(branch, today)
    live = PatronCard.objects.filter(patron_id__in=ids, state=PatronCard.State.LIVE).values_list("number", flat=True)
    lost = PatronCard.objects.filter(state=PatronCard.State.LOST).values_list("number", flat=True)
    return sorted({*live, *lost})


def _too_late(branch: Branch, today: date) -> set[int]:
    late: dict[tuple[int, int], list[date]] = defaultdict(list)
    rows = Loan.objects.filter(due_on__lt=today).values_list("patron_id", "patron__category_id", "due_on")
    for patron_id, category_id, due_on in rows:
        late[patron_id, category_id].append(due_on)
    table = queries.rule_table(today)
    terms = {category: queries.total_terms(table, branch.pk, category, today) for _, category in late}
    return {
        patron_id
        for (patron_id, category), days in late.items()
        if any(rules.against_patron(rules.Borrower(None, None, tuple(days)), terms[category], today))
    }


def wanted_items() -> list[str]:
    """Every item that is kept for somebody, or will be when it comes back. Two SQL statements."""
    kept = Hold.objects.filter(status__in=[Status.PULL, Status.TRANSIT, Status.READY], item__isnull=False)
    waiting = Hold.objects.filter(record_id=OuterRef("record_id"), status=Status.WAITING).filter(
        Q(only_item=None) | Q(only_item_id=OuterRef("pk"))
    )
    coming = Item.objects.filter(Exists(Loan.objects.filter(item_id=OuterRef("pk"))), Exists(waiting))
    return sorted({*kept.values_list("item__barcode", flat=True), *coming.values_list("barcode", flat=True)})
