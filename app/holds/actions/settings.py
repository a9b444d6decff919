"""The library's decisions about holds."""

from typing import Any

from django.db import transaction

from app.access import actions as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.branches.models import Branch
from app.holds.actions.operations import SET
from app.holds.models import HoldSetting, Neighbour


@transaction.atomic
def put_setting(actor: Actor, values: dict[str, Any]) -> HoldSetting:
    """Change what holds go by; the values are fields of HoldSetting, checked by the form."""
    access.require(actor, SET)
    row, _ = HoldSetting.objects.update_or_create(pk=1, defaults=values)
    audit.record(actor, SET, subject_type="holds", detail={name: str(value) for name, value in values.items()})
    return row


@transaction.atomic
def set_neighbours(actor: Actor, pickup: Branch, branches: list[Branch]) -> None:
    """Which places count as one with a place of collection (同一館)."""
    access.require(actor, SET)
    wanted = {branch.pk for branch in branches if branch.pk != pickup.pk}
    Neighbour.objects.filter(pickup=pickup).exclude(branch__in=wanted).delete()
    for branch_id in sorted(wanted):
        Neighbour.objects.get_or_create(pickup=pickup, branch_id=branch_id)
    audit.record(actor, SET, subject_type="branch", subject_id=pickup.code, detail={"neighbours": len(wanted)})
