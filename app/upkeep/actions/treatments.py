"""Treatments: free space before, what was done, free space after, and what it brought."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from app.incidents.actions.incidents import not_ahead, numbered
from app.operations.access import WRITERS, Actor, require
from app.operations.actions import Unsuitable, note
from app.upkeep.models import Treatment


@transaction.atomic
def begin(
    actor: Actor, *, host: str, mountpoint: str, analysis: str, act: str, at: datetime, free: int, measured: bool
) -> Treatment:
    """Register a treatment with its reason and the bytes that are free before it."""
    require(actor, *WRITERS)
    not_ahead(処置前=at)
    found = Treatment.objects.create(
        number=numbered(Treatment, "T", at),
        host=host,
        mountpoint=mountpoint,
        analysis=analysis,
        act=act,
        before_at=at,
        before_bytes=free,
        before_source="measured" if measured else "entered",
        by=actor.name,
    )
    note(actor, "treatment.begun", f"treatment/{found.number}", host=host, mountpoint=mountpoint, free=free)
    return found


@transaction.atomic
def finish(actor: Actor, treatment_id: int, *, at: datetime, free: int, measured: bool, effect: str) -> None:
    """Keep the bytes that are free afterwards, and the effect in words."""
    require(actor, *WRITERS)
    found = Treatment.objects.get(pk=treatment_id)
    if found.after_at:
        raise Unsuitable(f"{found.number}は記録済みです。")
    if at < found.before_at:
        raise Unsuitable("処置後の日時が処置前より前です。")
    not_ahead(処置後=at)
    found.after_at, found.after_bytes, found.effect = at, free, effect
    found.after_source = "measured" if measured else "entered"
    found.save(update_fields=["after_at", "after_bytes", "after_source", "effect"])
    note(actor, "treatment.finished", f"treatment/{found.number}", free=free, effect=effect)
