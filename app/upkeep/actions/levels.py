"""Service levels of a month, kept."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from app.operations.access import WRITERS, Actor, require
from app.operations.actions import note
from app.upkeep.levels import Measured
from app.upkeep.models import Level


@transaction.atomic
def keep(actor: Actor, month: str, measured: Iterable[Measured], at: datetime) -> None:
    """Keep what was measured of a month. A value that is gone meanwhile does not replace one that was there."""
    require(actor, *WRITERS)
    for row in measured:
        defaults = {"title": row.title, "unit": row.unit, "goal": row.goal, "at_most": row.at_most}
        if row.value is not None:
            defaults |= {"value": row.value, "measured_at": at}
        made, new = Level.objects.get_or_create(month=month, code=row.code, defaults={"measured_at": at, **defaults})
        if not new:
            Level.objects.filter(pk=made.pk).update(**defaults)
    note(actor, "levels.kept", f"levels/{month}")
