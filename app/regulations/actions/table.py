"""Writes to the rule table. A row in force is never changed: its successor begins on a later day (or today)."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from app.access import actions as access
from app.access.actor import Actor
from app.access.operations import declare
from app.audit import actions as audit
from app.branches import revisions
from app.regulations import queries, rules
from app.regulations.models import Regulation

VIEW = declare("regulations.view", "利用規則を見る", kind="view")
CHANGE = declare("regulations.change", "利用規則を変える", roles=())

KEYS = ("branch_id", "category_id", "material_type", "location")


def _values(row: Regulation) -> dict[str, Any]:
    """What a row names, as plain values for the log."""
    found = {column.name: getattr(row, column.name) for column in rules.COLUMNS}
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in found.items()
        if value is not None
    }


def _record(actor: Actor, row: Regulation, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> None:
    audit.record(
        actor,
        CHANGE,
        subject_type="regulation",
        subject_id=row.pk,
        detail={
            "for": queries.title_of(row) or "全体",
            "from": row.effective_from.isoformat(),
            "until": row.effective_until.isoformat() if row.effective_until else None,
            "note": row.note,
            "before": before,
            "after": after,
        },
    )


@transaction.atomic
def put(
    actor: Actor,
    row: Regulation,
    values: Mapping[str, Any],
    *,
    today: date | None = None,
) -> Regulation:
    """Write what holds for a key from a day on: `row` has key, span and note, `values` each column's value or None.

    A row with the same key and span that has not begun before today is changed in place, else a new one is made.
    ValidationError for a day that is past (what was in force stays in the books) and for what the table refuses.
    """
    access.require(actor, CHANGE)
    today = today or timezone.localdate()
    span = {"effective_from": row.effective_from, "effective_until": row.effective_until}
    if row.effective_from < today:
        raise ValidationError({"effective_from": f"開始日は今日（{today:%Y/%m/%d}）以後にしてください。"})
    key = {name: getattr(row, name) for name in KEYS}
    there = Regulation.objects.select_for_update(of=("self",)).filter(**key, **span).first()
    before = _values(there) if there else _values_before(key, row)
    old_note = there.note if there else None
    target = there or Regulation(**key, **span)
    target.note = row.note
    for column in rules.COLUMNS:
        setattr(target, column.name, values.get(column.name))
    target.full_clean()
    if there and _values(target) == before and row.note == old_note:
        return target
    target.updated_at = timezone.now()
    target.save()
    revisions.forget()
    _record(actor, target, before, _values(target))
    return target


def _values_before(key: Mapping[str, Any], row: Regulation) -> dict[str, Any] | None:
    """What the version of the key that this one follows says."""
    if row.effective_until is not None:
        return None
    versions = Regulation.objects.filter(**key, effective_until=None, effective_from__lt=row.effective_from)
    last = versions.order_by("-effective_from").first()
    return _values(last) if last else None


@transaction.atomic
def withdraw(actor: Actor, row_id: int, today: date | None = None) -> None:
    """Take back a row that has not begun, or end today a row with an end that runs.

    ValidationError for a version without end that is in force: it is followed by another, never removed.
    """
    access.require(actor, CHANGE)
    today = today or timezone.localdate()
    row = Regulation.objects.select_for_update(of=("self",)).get(pk=row_id)
    before = _values(row)
    if row.effective_from > today:
        _record(actor, row, before, None)
        row.delete()
    elif row.effective_until is not None and row.effective_until >= today:
        yesterday = today - timedelta(days=1)
        _record(actor, row, before, None)
        if row.effective_from > yesterday:
            row.delete()
        else:
            Regulation.objects.filter(pk=row.pk).update(effective_until=yesterday)
    else:
        raise ValidationError("すでに効いている規則は取り消せません。新しい開始日で書き換えてください。")
    revisions.forget()
