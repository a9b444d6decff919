"""The mobile library's courses: stops, days, and days on which it does not come."""

from collections.abc import Sequence
from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction

from app.access import actions as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.branches.models import Branch, MobileCourse, MobileDay, MobileStop
from app.features.actions.operations import MOBILE
from app.features.rules import Stop


@transaction.atomic
def save_course(
    actor: Actor, branch: Branch, name: str, stops: Sequence[Stop], course_id: int | None = None
) -> MobileCourse:
    """Make a course, or name it and its stops anew. ValidationError for a name that another course has and for a
    branch that does not drive."""
    access.require(actor, MOBILE)
    if branch.kind != "mobile":
        raise ValidationError("コースは移動図書館にだけ作れます。")
    if MobileCourse.objects.filter(branch=branch, name=name).exclude(pk=course_id).exists():
        raise ValidationError({"name": "同じ名のコースがあります。"})
    if course_id is None:
        course = MobileCourse.objects.create(branch=branch, name=name)
    else:
        course = MobileCourse.objects.select_for_update().get(pk=course_id)
        course.name = name
        course.save(update_fields=["name"])
    course.stops.all().delete()
    MobileStop.objects.bulk_create(
        MobileStop(course=course, name=stop.name, address=stop.address, arrives=stop.arrives, leaves=stop.leaves)
        for stop in stops
    )
    audit.record(
        actor, MOBILE, subject_type="mobile_course", subject_id=course.pk, detail={"name": name, "stops": len(stops)}
    )
    return course


@transaction.atomic
def add_days(actor: Actor, course_id: int, days: Sequence[date]) -> int:
    """Drive a course on these days too; returns how many were new."""
    access.require(actor, MOBILE)
    course = MobileCourse.objects.select_for_update().get(pk=course_id)
    there = set(course.days.values_list("date", flat=True))
    new = [day for day in dict.fromkeys(days) if day not in there]
    MobileDay.objects.bulk_create(MobileDay(course=course, date=day) for day in new)
    if new:
        audit.record(actor, MOBILE, subject_type="mobile_course", subject_id=course.pk, detail={"days": len(new)})
    return len(new)


@transaction.atomic
def cancel_day(actor: Actor, course_id: int, day: date, reason: str) -> bool:
    """Say that a course is not driven on a day of its own (運休), or with an empty reason that it is after all; whether
    anything changed. ValidationError when it has no such day."""
    access.require(actor, MOBILE)
    row = MobileDay.objects.select_for_update().filter(course_id=course_id, date=day).first()
    if row is None:
        raise ValidationError("その日は巡回日ではありません。")
    if row.cancelled == reason:
        return False
    row.cancelled = reason
    row.save(update_fields=["cancelled"])
    audit.record(
        actor, MOBILE, subject_type="mobile_course", subject_id=course_id,
        detail={"day": day.isoformat(), "cancelled": bool(reason)}, purpose=reason,
    )  # fmt: skip
    return True


@transaction.atomic
def remove_day(actor: Actor, course_id: int, day: date) -> bool:
    """Take a day off a course; whether it was there."""
    access.require(actor, MOBILE)
    gone, _ = MobileDay.objects.filter(course_id=course_id, date=day).delete()
    if gone:
        audit.record(
            actor, MOBILE, subject_type="mobile_course", subject_id=course_id, detail={"removed": day.isoformat()}
        )
    return bool(gone)
