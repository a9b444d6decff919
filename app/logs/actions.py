"""The only code of this area that writes to the console's database. The archive's files: closing.py, disposing.py."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction

from app.logs.models import Disposal
from app.logs.rules import refusal
from app.operations.access import ADMINISTRATOR, MACHINE, Actor, require
from app.operations.actions import Unsuitable, note


@transaction.atomic
def note_search(actor: Actor, asked: dict[str, Any], shown: int) -> None:
    """Keep that somebody looked into the records, and for what."""
    require(actor, *ADMINISTRATOR)
    note(actor, "logs.searched", "logs", **{key: value for key, value in asked.items() if value}, shown=shown)


@transaction.atomic
def ask_disposal(actor: Actor, through: date, reason: str, now: datetime, today: date, years: int) -> Disposal:
    """An administrator asks that records up to a day be disposed of; Unsuitable while they must be kept."""
    require(actor, *ADMINISTRATOR)
    if why := refusal(through, today, years):
        raise Unsuitable(why)
    made = Disposal.objects.create(through=through, reason=reason, asked_by=actor.name, asked_at=now)
    note(actor, "logs.disposal.asked", f"disposal/{made.pk}", through=str(through), reason=reason)
    return made


def _open(number: int) -> Disposal:
    found = Disposal.objects.select_for_update().filter(pk=number).first()
    if found is None or found.done_at or found.withdrawn_at:
        raise Unsuitable("この申請は、すでに終わっているか、取り下げられています。")
    return found


@transaction.atomic
def approve_disposal(actor: Actor, number: int, now: datetime) -> None:
    """Another administrator approves."""
    require(actor, *ADMINISTRATOR)
    disposal = _open(number)
    if disposal.approved_at:
        raise Unsuitable("この申請は、すでに承認されています。")
    if disposal.asked_by == actor.name:
        raise Unsuitable("申請した本人は承認できません。別の管理者が承認してください。")
    disposal.approved_by, disposal.approved_at = actor.name, now
    disposal.save(update_fields=["approved_by", "approved_at"])
    note(actor, "logs.disposal.approved", f"disposal/{number}", through=str(disposal.through))


@transaction.atomic
def withdraw_disposal(actor: Actor, number: int, now: datetime) -> None:
    """An administrator takes an application back, approved or not, before it is done."""
    require(actor, *ADMINISTRATOR)
    disposal = _open(number)
    disposal.withdrawn_by, disposal.withdrawn_at = actor.name, now
    disposal.save(update_fields=["withdrawn_by", "withdrawn_at"])
    note(actor, "logs.disposal.withdrawn", f"disposal/{number}", through=str(disposal.through))


@transaction.atomic
def disposal_done(number: int, days: list[str], lines: int, size: int, now: datetime) -> None:
    """The night's job has disposed of these days."""
    disposal = _open(number)
    disposal.done_at, disposal.days, disposal.lines, disposal.bytes = now, len(days), lines, size
    disposal.first, disposal.last = (days[0], days[-1]) if days else ("", "")
    disposal.save(update_fields=["done_at", "days", "lines", "bytes", "first", "last"])
    note(MACHINE, "logs.disposal.done", f"disposal/{number}", days=len(days), lines=lines, bytes=size)
