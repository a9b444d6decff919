"""Inspections: one a quarter, its automatic points from the evidence, the others from people, none left undone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from app.incidents.actions.incidents import not_ahead
from app.incidents.rules import quarter_of
from app.operations.access import MACHINE, WRITERS, Actor, require
from app.operations.actions import Unsuitable, note
from app.upkeep import rules
from app.upkeep.models import Inspection, InspectionItem

Kind, Result = InspectionItem.Kind, InspectionItem.Result


@transaction.atomic
def begin(actor: Actor, quarter: str, at: datetime) -> Inspection:
    """Begin the inspection of a quarter: every point that people look at stands there, not done."""
    require(actor, *WRITERS)
    rules.quarter_bounds(quarter)
    not_ahead(開始=at)
    found = Inspection.objects.filter(quarter=quarter).first()
    if found:
        return found
    found = Inspection.objects.create(number=f"P{quarter}", quarter=quarter, begun_at=at, begun_by=actor.name)
    InspectionItem.objects.bulk_create(
        InspectionItem(inspection=found, order=1000 + order, kind=Kind.PERSON, title=title, how=how)
        for order, (title, how) in enumerate(rules.MANUAL_POINTS)
    )
    note(actor, "inspection.begun", f"inspection/{found.number}")
    return found


@transaction.atomic
def take_points(name: str, at: datetime, by: str, points: Sequence[rules.Point]) -> bool:
    """Put the machine's points into the inspection of their quarter; a later run replaces an earlier one's results.

    False when that inspection is finished, or knows this run already, or a later one (a name begins with its time).
    A point that was skipped is not done.
    """
    quarter = quarter_of(timezone.localtime(at).date())
    found = begin(MACHINE, quarter, min(at, timezone.now()))
    if found.finished_at or name <= found.run:
        return False
    for order, point in enumerate(points):
        result = "" if point.passed is None else Result.GOOD if point.passed else Result.BAD
        InspectionItem.objects.update_or_create(
            inspection=found,
            title=point.title,
            defaults={
                "order": order,
                "kind": Kind.MACHINE,
                "result": result,
                "note": point.note,
                "by": by if result else "",
                "at": at if result else None,
            },
        )
    found.run = name
    found.save(update_fields=["run"])
    note(MACHINE, "inspection.measured", f"inspection/{found.number}", run=name, points=len(points))
    return True


@transaction.atomic
def judge(actor: Actor, item_id: int, *, result: str, note_text: str, at: datetime, by: str) -> None:
    """Keep what somebody saw at one point. A bad one says what was found."""
    require(actor, *WRITERS)
    item = InspectionItem.objects.select_related("inspection").get(pk=item_id)
    if item.inspection.finished_at:
        raise Unsuitable("完了した点検は変更できません。")
    if result not in Result.values:
        raise Unsuitable("良・否のどちらかを選んでください。")
    if result == Result.BAD and not note_text:
        raise Unsuitable("「否」のときは所見を入力してください。")
    not_ahead(点検=at)
    before = [item.result, item.note, item.by]
    item.result, item.note, item.at, item.by = result, note_text, at, by
    item.save(update_fields=["result", "note", "at", "by"])
    number = item.inspection.number
    note(actor, "inspection.judged", f"inspection/{number}", item=item.title, result=result, before=before)


@transaction.atomic
def finish(actor: Actor, inspection_id: int, at: datetime) -> None:
    """Finish an inspection. Unsuitable, naming them, while points are not done or the machine's are missing."""
    require(actor, *WRITERS)
    found = Inspection.objects.get(pk=inspection_id)
    if found.finished_at:
        return
    undone = list(found.items.filter(result="").values_list("title", flat=True))
    if not found.run:
        undone.insert(0, "自動点検（./kura inspect）")
    if undone:
        raise Unsuitable(f"未実施の項目が{len(undone)}件あります: " + "、".join(undone))
    not_ahead(完了=at)
    found.finished_at = max(at, found.begun_at)
    found.save(update_fields=["finished_at"])
    note(actor, "inspection.finished", f"inspection/{found.number}")
