"""Writes about places."""

from datetime import date

from django.db import transaction

from app.access.actor import Actor
from app.access.operations import declare
from app.audit import actions as audit
from app.branches.models import Branch, ClosedDay
from app.branches.rules import year_end
from inventory import Inventory

SYNC = declare("branches.sync", "館を構成情報に合わせる", roles=())
YEARS_AHEAD = 3


@transaction.atomic
def sync(actor: Actor, site: Inventory, today: date) -> tuple[int, int]:
    """Make the branches equal to the inventory's places; returns (created, changed). Idempotent.

    A place that has left the inventory is only put out of use: its items and loans still point at it.
    Opening days that staff have edited are kept. The year-end closures of the coming years are added.
    """
    before = {branch.code: branch for branch in Branch.objects.all()}
    created = changed = 0
    for place in site.places:
        wanted = {
            "number": place.number,
            "kind": place.kind,
            "name": place.name,
            "kana": place.kana or "",
            "short": place.short,
            "is_active": True,
        }
        branch = before.pop(place.id, None)
        if branch is None:
            Branch.objects.create(code=place.id, **wanted)
            created += 1
        elif any(getattr(branch, key) != value for key, value in wanted.items()):
            Branch.objects.filter(pk=branch.pk).update(**wanted)
            changed += 1
    changed += Branch.objects.filter(pk__in=[branch.pk for branch in before.values()], is_active=True).update(
        is_active=False
    )
    days = [day for year in range(today.year - 1, today.year + YEARS_AHEAD) for day in year_end(year)]
    there = set(ClosedDay.objects.filter(branch=None).values_list("date", flat=True))
    ClosedDay.objects.bulk_create([ClosedDay(date=day, reason="年末年始") for day in days if day not in there])
    if created or changed:
        audit.record(actor, SYNC, subject_type="branch", detail={"created": created, "changed": changed})
    return created, changed
