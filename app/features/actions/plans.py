"""Floor plans: the drawing is data, and so is what stands on each shelf."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from app.access import actions as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.branches.models import Branch
from app.features.actions.operations import PLANS
from app.features.models import FloorPlan, PlanPart, ShelfRange
from app.features.queries.plans import keys_of
from app.features.rules import Range
from app.web import versions

PLAN_FIELDS = ("name", "width", "height", "order", "note")
MOST_PARTS = 400


@dataclass(frozen=True)
class Part:
    """One part of a plan as the page sends it: where it lies, and for a shelf what stands there."""

    kind: str
    name: str
    x: int
    y: int
    width: int
    height: int
    words: str = ""
    location: str = ""
    ranges: tuple[Range, ...] = ()


def values_of(plan: FloorPlan, parts: Iterable[Part]) -> dict[str, Any]:
    """What the edit page is made from."""
    return {name: getattr(plan, name) for name in PLAN_FIELDS} | {"parts": [repr(part) for part in parts]}


def parts_of(plan: FloorPlan) -> list[Part]:
    """The parts of a plan as a page edits them. Two SQL statements."""
    found = []
    for part in plan.parts.prefetch_related("ranges"):
        ranges = list(part.ranges.all())
        found.append(
            Part(
                part.kind,
                part.name,
                part.x,
                part.y,
                part.width,
                part.height,
                part.words,
                ranges[0].location if ranges else "",
                tuple(Range(one.call_from, one.call_to) for one in ranges if one.call_from),
            )
        )
    return found


def _check(values: Mapping[str, Any], parts: Sequence[Part]) -> None:
    if len(parts) > MOST_PARTS:
        raise ValidationError(f"1枚の図に描けるのは{MOST_PARTS}個までです。")
    for part in parts:
        if part.x + part.width > values["width"] or part.y + part.height > values["height"]:
            name = part.name or part.kind
            raise ValidationError(f"「{name}」が図からはみ出しています。位置か大きさを直してください。")


@transaction.atomic
def draw(
    actor: Actor,
    branch: Branch,
    values: Mapping[str, Any],
    parts: Sequence[Part],
    plan_id: int | None = None,
    seen: str = "",
) -> FloorPlan:
    """Draw a plan, or draw it anew. ValidationError when a part lies outside or a range runs backwards, or the name
    is another plan's; versions.Conflict."""
    access.require(actor, PLANS)
    _check(values, parts)
    if FloorPlan.objects.filter(branch=branch, name=values["name"]).exclude(pk=plan_id).exists():
        raise ValidationError({"name": "同じ館に同じ名の図があります。"})
    if plan_id is None:
        plan = FloorPlan(branch=branch)
    else:
        plan = FloorPlan.objects.select_for_update().get(pk=plan_id)
        versions.check(seen, values_of(plan, parts_of(plan)))
    for name in PLAN_FIELDS:
        setattr(plan, name, values[name])
    plan.save()
    plan.parts.all().delete()
    made = PlanPart.objects.bulk_create(
        PlanPart(
            plan=plan,
            kind=part.kind,
            name=part.name,
            words=part.words,
            x=part.x,
            y=part.y,
            width=part.width,
            height=part.height,
        )
        for part in parts
    )
    ShelfRange.objects.bulk_create(
        one for row, part in zip(made, parts, strict=True) if part.kind == "shelf" for one in _ranges(row, part)
    )
    audit.record(
        actor, PLANS, subject_type="floor_plan", subject_id=plan.pk,
        detail={"name": plan.name, "branch": branch.code, "parts": len(made)},
    )  # fmt: skip
    return plan


def _ranges(row: PlanPart, part: Part) -> list[ShelfRange]:
    if not part.ranges:
        return [ShelfRange(part=row, location=part.location)] if part.location else []
    keys = keys_of([text for one in part.ranges for text in (one.call_from, one.call_to)])
    made = []
    for one in part.ranges:
        low, high = keys[one.call_from], keys[one.call_to]
        if high < low:
            raise ValidationError(f"「{one.call_from}～{one.call_to}」は、前後が逆です。")
        made.append(
            ShelfRange(
                part=row,
                location=part.location,
                call_from=one.call_from,
                call_to=one.call_to,
                key_from=low,
                key_to=high,
            )
        )
    return made


@transaction.atomic
def drop(actor: Actor, plan_id: int) -> None:
    """Throw a plan away."""
    access.require(actor, PLANS)
    plan = FloorPlan.objects.select_for_update().filter(pk=plan_id).first()
    if plan is not None:
        audit.record(actor, PLANS, subject_type="floor_plan", subject_id=plan_id, detail={"deleted": plan.name})
        plan.delete()
