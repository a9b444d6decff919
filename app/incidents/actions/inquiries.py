"""Inquiries: taken, answered, solved, or handed over to a visit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from app.incidents.actions.incidents import not_ahead, numbered
from app.incidents.models import Inquiry
from app.operations.access import WRITERS, Actor, require
from app.operations.actions import Unsuitable, note


@transaction.atomic
def take(actor: Actor, values: Mapping[str, Any]) -> Inquiry:
    """Take an inquiry in."""
    require(actor, *WRITERS)
    not_ahead(受付=values["received_at"], 応答=values.get("responded_at"))
    found = Inquiry(**dict(values))
    found.number = numbered(Inquiry, "Q", found.received_at)
    found.received_by = actor.name
    found.save()
    note(actor, "inquiry.taken", f"inquiry/{found.number}", title=found.subject)
    return found


@transaction.atomic
def answer(actor: Actor, inquiry_id: int, *, responded_at: datetime, answer: str, solved_at: datetime | None) -> None:
    """Keep the answer and, when it solved the matter, when."""
    require(actor, *WRITERS)
    found = Inquiry.objects.get(pk=inquiry_id)
    not_ahead(応答=responded_at, 解決=solved_at)
    _forward(found, responded_at, solved_at)
    before = {"answer": found.answer, "solved_at": found.solved_at.isoformat() if found.solved_at else None}
    found.responded_at, found.answer, found.answered_by = responded_at, answer, actor.name
    found.solved_at = solved_at
    found.save(update_fields=["responded_at", "answer", "answered_by", "solved_at"])
    solved = solved_at.isoformat() if solved_at else None
    note(actor, "inquiry.answered", f"inquiry/{found.number}", answer=answer, solved_at=solved, before=before)


@transaction.atomic
def visit(actor: Actor, inquiry_id: int, *, at: datetime, by: str, text: str, solved_at: datetime | None) -> None:
    """Hand an inquiry over to a visit (`at` may lie ahead), or keep what the visit brought."""
    require(actor, *WRITERS)
    found = Inquiry.objects.get(pk=inquiry_id)
    not_ahead(解決=solved_at)
    if solved_at and not text:
        raise Unsuitable("訪問の結果を入力してください。")
    _forward(found, at, solved_at)
    found.visit_at, found.visit_by, found.visit_text = at, by, text
    found.solved_at = solved_at or found.solved_at
    found.responded_at = found.responded_at or (solved_at and min(at, solved_at))
    found.save(update_fields=["visit_at", "visit_by", "visit_text", "solved_at", "responded_at"])
    note(actor, "inquiry.visit", f"inquiry/{found.number}", at=at.isoformat(), by=by, text=text)


def _forward(inquiry: Inquiry, *moments: datetime | None) -> None:
    if any(moment and moment < inquiry.received_at for moment in moments):
        raise Unsuitable("受付より前の時刻は記録できません。")
