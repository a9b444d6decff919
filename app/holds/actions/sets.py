"""The order within a set, and leaving it: what readers rearrange among their own holds."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from app.access.actor import Actor
from app.audit import actions as audit
from app.holds.actions.allocation import lock_around, look_on_shelves
from app.holds.actions.operations import CHANGE, HoldRefused
from app.holds.actions.placing import may_ask
from app.holds.models import OPEN, Hold, HoldSet


def _of_set(actor: Actor, set_id: int) -> list[Hold]:
    """The open holds of a set in their order, locked with what they can touch. HoldRefused when none is left."""
    records = Hold.objects.filter(belongs_to=set_id).values_list("record_id", flat=True)
    around = lock_around(list(records))
    holds = sorted(
        (hold for hold in around if hold.belongs_to_id == set_id and hold.status in OPEN),
        key=lambda hold: (hold.set_order, hold.pk),
    )
    if not holds:
        raise HoldRefused("over", "この組の予約はすでに終わっています。")
    may_ask(actor, holds[0].patron_id, CHANGE)
    return holds


@transaction.atomic
def arrange(actor: Actor, set_id: int, hold_ids: list[int], now: datetime | None = None) -> None:
    """Put the holds of a set into this order, by staff or their patron. HoldRefused when it is not the same holds."""
    holds = {hold.pk: hold for hold in _of_set(actor, set_id)}
    if sorted(holds) != sorted(hold_ids):
        raise HoldRefused("others", "組の予約が変わりました。もう一度開いてください。")
    changed = [pk for place, pk in enumerate(hold_ids, 1) if holds[pk].set_order != place]
    for place, pk in enumerate(hold_ids, 1):
        if pk in changed:
            holds[pk].set_order = place
            holds[pk].save(update_fields=["set_order"])
    if changed:
        audit.record(actor, CHANGE, subject_type="hold", subject_id=hold_ids[0], detail={"arranged": len(hold_ids)})
        look_on_shelves([hold.record_id for hold in holds.values()], now or timezone.now())


@transaction.atomic
def dissolve(actor: Actor, set_id: int, now: datetime | None = None) -> None:
    """The holds of a set stand each for itself again, by staff or their patron."""
    holds = _of_set(actor, set_id)
    for hold in holds:
        hold.belongs_to, hold.set_order = None, 0
        hold.save(update_fields=["belongs_to", "set_order"])
    HoldSet.objects.filter(pk=set_id).delete()
    audit.record(actor, CHANGE, subject_type="hold", subject_id=holds[0].pk, detail={"set": "dissolved"})
    look_on_shelves([hold.record_id for hold in holds], now or timezone.now())
