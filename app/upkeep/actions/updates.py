"""Updates of servers and terminals: proved, then applied, then told; each step keeps who and when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from app.incidents.actions.incidents import not_ahead, numbered
from app.operations.access import WRITERS, Actor, require
from app.operations.actions import Unsuitable, note
from app.upkeep import rules
from app.upkeep.models import Update


@transaction.atomic
def register(actor: Actor, values: Mapping[str, Any], now: datetime) -> Update:
    """Register an update with its way back."""
    require(actor, *WRITERS)
    found = Update(**dict(values))
    found.number = numbered(Update, "U", now)
    found.save()
    note(actor, "update.registered", f"update/{found.number}", title=found.title)
    return found


@transaction.atomic
def verify(
    actor: Actor,
    update_id: int,
    *,
    at: datetime,
    where: str,
    text: str,
    passed: bool | None,
    checks: Mapping[str, list[Any]],
) -> None:
    """Keep what the proof showed. A terminal's passes only when each of its main tasks was tried and went well."""
    require(actor, *WRITERS)
    found = Update.objects.get(pk=update_id)
    if found.applied_at:
        raise Unsuitable("適用後に検証結果は変更できません。")
    not_ahead(検証=at)
    if found.target == Update.Target.TERMINAL:
        passed = rules.verdict(checks)
        if passed is None:
            raise Unsuitable("主要10業務のすべてに結果を入れてください。")
    if passed is None:
        raise Unsuitable("合否を選んでください。")
    found.verified_at, found.verified_by, found.verified_in = at, actor.name, where
    found.verified_text, found.passed, found.checks = text, passed, dict(checks)
    found.save(update_fields=["verified_at", "verified_by", "verified_in", "verified_text", "passed", "checks"])
    note(actor, "update.verified", f"update/{found.number}", passed=passed, text=text)


@transaction.atomic
def apply(actor: Actor, update_id: int, *, at: datetime, text: str) -> None:
    """Keep that an update was applied; Unsuitable unless it was proved before."""
    require(actor, *WRITERS)
    found = Update.objects.get(pk=update_id)
    if not found.passed or found.verified_at is None:
        raise Unsuitable("検証に合格していない修正は適用できません。")
    if at < found.verified_at:
        raise Unsuitable("適用が検証より前の日時です。")
    not_ahead(適用=at)
    found.applied_at, found.applied_by, found.applied_text = at, actor.name, text
    found.save(update_fields=["applied_at", "applied_by", "applied_text"])
    note(actor, "update.applied", f"update/{found.number}", text=text)


@transaction.atomic
def tell(actor: Actor, update_id: int, *, at: datetime, to: str) -> None:
    """Keep to whom the result was made known."""
    require(actor, *WRITERS)
    found = Update.objects.get(pk=update_id)
    if found.verified_at is None:
        raise Unsuitable("検証結果がありません。")
    not_ahead(通知=at)
    found.told_at, found.told_to = at, to
    found.save(update_fields=["told_at", "told_to"])
    note(actor, "update.told", f"update/{found.number}", to=to)
