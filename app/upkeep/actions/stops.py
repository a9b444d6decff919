"""Planned stops: asked for with influence and way back, decided by another, announced by the library itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from app.incidents.actions.incidents import numbered
from app.operations import hours
from app.operations.access import ADMINISTRATOR, WRITERS, Actor, require
from app.operations.actions import Unsuitable, note
from app.upkeep.models import PlannedStop

State = PlannedStop.State
# From a state, where to, and whether that takes another person.
STEPS = {
    State.ASKED: {State.APPROVED, State.REFUSED, State.CANCELLED},
    State.APPROVED: {State.CANCELLED, State.DONE},
}


@transaction.atomic
def ask(actor: Actor, values: Mapping[str, Any]) -> PlannedStop:
    """Ask for a planned stop. One that overlaps the opening hours needs its reason; what stops says so to readers."""
    require(actor, *WRITERS)
    found = PlannedStop(**dict(values))
    if found.ends_at <= found.starts_at:
        raise Unsuitable("終了は開始より後の時刻にしてください。")
    overlaps = found.stops and hours.library(settings.INVENTORY).overlaps(found.starts_at, found.ends_at)
    if overlaps and not found.overlap_reason:
        raise Unsuitable("開館時間に重なります。重なる理由を入力するか、時間を変えてください。")
    if found.stops and not found.public_text:
        raise Unsuitable("停止を伴う作業には、利用者への案内が必要です。")
    found.asked_by, found.asked_at = actor.name, timezone.now()
    found.number = numbered(PlannedStop, "S", found.asked_at)
    found.state = State.ASKED
    found.save()
    note(actor, "stop.asked", f"stop/{found.number}", title=found.title, overlap_reason=found.overlap_reason)
    return found


@transaction.atomic
def decide(actor: Actor, stop_id: int, state: str, text: str = "") -> PlannedStop:
    """Approve, refuse (administrators, never their own), cancel, or end a planned stop with its result."""
    require(actor, *(ADMINISTRATOR if state in (State.APPROVED, State.REFUSED) else WRITERS))
    found = PlannedStop.objects.get(pk=stop_id)
    if state not in STEPS.get(State(found.state), set()):
        raise Unsuitable(f"{found.get_state_display()}の申請には行えません。")
    if state in (State.APPROVED, State.REFUSED):
        if actor.name == found.asked_by:
            raise Unsuitable("自分の申請は決裁できません。")
        found.decided_by, found.decided_at = actor.name, timezone.now()
    if state == State.DONE and not text:
        raise Unsuitable("結果を入力してください。")
    found.state, found.told_at = State(state), None
    found.result_text = text or found.result_text
    found.save(update_fields=["state", "told_at", "decided_by", "decided_at", "result_text"])
    note(actor, f"stop.{state}", f"stop/{found.number}", text=text)
    return found


def told(stop_ids: list[int], at: datetime) -> None:
    """The library has taken over the announcements of these stops as they are now."""
    PlannedStop.objects.filter(pk__in=stop_ids).update(told_at=at)
