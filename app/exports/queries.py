"""Reads of what was written out."""

from datetime import date

from django.db.models import Q, QuerySet

from app.exports import rules
from app.exports.models import Export


def state_of(export: Export) -> str:
    """Where an export stands: one of rules.STATE_NAMES."""
    return rules.state(
        needs_approval=export.needs_approval, approved=export.approved, erased=export.erased_at is not None
    )


def listed(number: str, everybody: bool, approver: bool = False) -> QuerySet[Export]:
    """Exports, newest first: one's own, those that wait when one may approve, or everybody's. One SQL statement."""
    found = Export.objects.select_related("requested_by", "decided_by")
    if everybody:
        return found
    mine = Q(requested_by__number=number)
    return found.filter(mine | Q(needs_approval=True, approved=None, erased_at=None) if approver else mine)


def by_id(export_id: int, number: str, everybody: bool, approver: bool = False) -> Export | None:
    """One export that the person may see, or None. One SQL statement."""
    return listed(number, everybody, approver).filter(pk=export_id).first()


def due(today: date) -> list[int]:
    """Ids of the exports whose file has to be erased today, in the order they were made. One SQL statement."""
    return list(Export.objects.filter(erased_at=None, erase_on__lte=today).order_by("id").values_list("pk", flat=True))


def waiting_for(number: str) -> int:
    """How many exports of others wait for approval. One SQL statement."""
    waiting = Export.objects.filter(needs_approval=True, approved=None, erased_at=None)
    return waiting.exclude(requested_by__number=number).count()
