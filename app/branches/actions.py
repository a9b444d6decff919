"""Writes about places: which there are, when they open, when the van calls."""

from collections.abc import Iterable
from datetime import date, time
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from app.access import actions as access
from app.access.actor import Actor
from app.access.operations import LIBRARIAN, declare
from app.audit import actions as audit
from app.branches import queries, revisions
from app.branches.models import Branch, CalendarYear, ClosedDay, DayHours, DeliveryDay
from app.branches.rules import Pattern, days_of, lay_out, pattern_to_json, year_end
from inventory import Inventory

SYNC = declare("branches.sync", "館を構成情報に合わせる", roles=())
VIEW = declare("branches.view_calendar", "開館日を見る", kind="view")
CALENDAR = declare("branches.calendar", "開館日・開館時間・便の曜日を変える", roles=(LIBRARIAN,))
YEARS_AHEAD = 3
RULE, HAND = "rule", "hand"


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
    fresh = [ClosedDay(date=day, reason="年末年始", source=RULE) for day in days if day not in there]
    if fresh:
        ClosedDay.objects.bulk_create(fresh)
    if created or changed:
        audit.record(actor, SYNC, subject_type="branch", detail={"created": created, "changed": changed})
    return created, changed


def _record(actor: Actor, branch: Branch, what: str, **detail: Any) -> None:
    revisions.forget()
    audit.record(
        actor,
        CALENDAR,
        subject_type="calendar",
        subject_id=branch.code,
        detail={"for": branch.name, "what": what, **detail},
    )


@transaction.atomic
def lay_out_year(actor: Actor, branch: Branch, year: int, pattern: Pattern) -> int:
    """Close a branch on the days that a pattern gives for a fiscal year, and on no other; returns how many.

    Days that staff closed by hand and days of closures stay. ValidationError when hardly a day would be open.
    """
    access.require(actor, CALENDAR)
    wanted = lay_out(year, pattern, queries.national_holidays(year))
    days = days_of(year)
    if len(wanted) > len(days) - 30:
        raise ValidationError("開館する日がほとんど残りません。休館の規則を見直してください。")
    mine = ClosedDay.objects.filter(branch=branch, date__range=(days[0], days[-1]))
    before = queries.pattern_of(branch, year)
    mine.filter(source=RULE).delete()
    there = set(mine.values_list("date", flat=True))
    ClosedDay.objects.bulk_create(
        ClosedDay(branch=branch, date=day, reason=reason, source=RULE)
        for day, reason in wanted.items()
        if day not in there
    )
    CalendarYear.objects.update_or_create(branch=branch, year=year, defaults={"pattern": pattern_to_json(pattern)})
    _record(
        actor,
        branch,
        f"{year}年度の開館日",
        before=pattern_to_json(before) if before else None,
        after=pattern_to_json(pattern),
        closed_days=len(wanted),
    )
    return len(wanted)


@transaction.atomic
def set_day(actor: Actor, branch: Branch, day: date, *, closed: bool, reason: str = "") -> bool:
    """Close or open a branch on one day by hand; returns whether anything changed.

    ValidationError for opening a day that only the weekly rule or the common table closes: the year must be laid out.
    """
    access.require(actor, CALENDAR)
    was = queries.closing_of(branch).is_closed(day)
    if was == closed:
        return False
    if closed:
        ClosedDay.objects.create(branch=branch, date=day, reason=reason or "臨時休館", source=HAND)
    elif not ClosedDay.objects.filter(branch=branch, date=day).delete()[0]:
        raise ValidationError("この日は曜日の定めで休館です。先に年度の開館日を作成してください。")
    _record(
        actor,
        branch,
        f"{day:%Y/%m/%d}",
        before="休館" if was else "開館",
        after="休館" if closed else "開館",
        note=reason,
    )
    revisions.forget()
    if not closed and queries.closing_of(branch).is_closed(day):
        raise ValidationError("この日は曜日の定めで休館です。先に年度の開館日を作成してください。")
    return True


@transaction.atomic
def set_hours(actor: Actor, branch: Branch, day: date, hours: tuple[time, time] | None, reason: str = "") -> None:
    """Give one day its own opening hours; None takes them back. ValidationError when they run backwards."""
    access.require(actor, CALENDAR)
    before = DayHours.objects.filter(branch=branch, date=day).first()
    was = f"{before.opens:%H:%M}～{before.closes:%H:%M}" if before else "通常"
    if hours is None:
        DayHours.objects.filter(branch=branch, date=day).delete()
    else:
        opens, closes = hours
        if closes <= opens:
            raise ValidationError("閉館時刻は開館時刻より後にしてください。")
        DayHours.objects.update_or_create(
            branch=branch, date=day, defaults={"opens": opens, "closes": closes, "reason": reason}
        )
    now = f"{hours[0]:%H:%M}～{hours[1]:%H:%M}" if hours else "通常"
    if now != was:
        _record(actor, branch, f"{day:%Y/%m/%d}の開館時間", before=was, after=now, note=reason)


@transaction.atomic
def set_delivery(actor: Actor, branch: Branch, weekdays: Iterable[int]) -> None:
    """The weekdays (Monday 0 … Sunday 6) on which the van calls at a branch."""
    access.require(actor, CALENDAR)
    wanted = set(weekdays)
    before = set(DeliveryDay.objects.filter(branch=branch).values_list("weekday", flat=True))
    if wanted == before:
        return
    DeliveryDay.objects.filter(branch=branch).exclude(weekday__in=wanted).delete()
    DeliveryDay.objects.bulk_create(DeliveryDay(branch=branch, weekday=day) for day in sorted(wanted - before))
    _record(actor, branch, "便の曜日", before=sorted(before), after=sorted(wanted))


@transaction.atomic
def set_weekly(actor: Actor, branch: Branch, weekdays: Iterable[int]) -> None:
    """The weekly closing days of a branch in years that are not laid out."""
    access.require(actor, CALENDAR)
    wanted = "".join(str(day) for day in sorted(set(weekdays)))
    if wanted == branch.closed_weekdays:
        return
    before, branch.closed_weekdays = branch.closed_weekdays, wanted
    branch.full_clean()
    branch.save(update_fields=["closed_weekdays"])
    _record(actor, branch, "定期休館曜日", before=before, after=wanted)


def close_days(branch: Branch, days: Iterable[date], reason: str, source: str) -> int:
    """Mark days as closed that are open now, under the name of whoever closes them; returns how many.

    Part of `calendars.actions`, which has checked the right and records the whole.
    """
    closing = queries.closing_of(branch)
    there = set(ClosedDay.objects.filter(branch=branch).values_list("date", flat=True))
    fresh = [day for day in days if not closing.is_closed(day) and day not in there]
    ClosedDay.objects.bulk_create(ClosedDay(branch=branch, date=day, reason=reason, source=source) for day in fresh)
    revisions.forget()
    return len(fresh)


def reopen_days(source: str) -> int:
    """Open every day again that was closed under that name; returns how many. Part of `calendars.actions`."""
    gone = ClosedDay.objects.filter(source=source).delete()[0]
    revisions.forget()
    return gone
