"""Events: announced by staff, applied for by readers, drawn by lot, forgotten some time after."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from app.access import actions as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.patrons.models import Patron
from app.reference import rules
from app.reference.actions.operations import APPLICANTS, APPLY, EVENTS
from app.reference.actions.receipts import next_receipt
from app.reference.models import Application, Event
from app.web import versions

State, Choosing = Application.State, Event.Choosing
EDITABLE = (
    "title", "body", "branch", "place", "audience", "starts_at", "ends_at", "choosing", "capacity", "waiting",
    "opens_at", "closes_at", "is_ready",
)  # fmt: skip
# Applications are for letting people in, and for a question afterwards.
KEPT_DAYS = 30


def values_of(event: Event) -> dict[str, Any]:
    """What the edit page is made from."""
    return {name: getattr(event, name) for name in EDITABLE}


@transaction.atomic
def announce(actor: Actor, values: Mapping[str, Any], event_id: int | None = None, seen: str = "") -> Event:
    """Announce an event, or change it; more places go to those who wait. ValidationError when times run backwards or
    there would be fewer places than were promised; versions.Conflict."""
    access.require(actor, EVENTS)
    _check(values)
    if event_id is None:
        event = Event(made_by=actor.number)
    else:
        event = Event.objects.select_for_update().get(pk=event_id)
        versions.check(seen, values_of(event))
        promised = event.applications.filter(state=State.PLACE).count()
        if values["choosing"] != event.choosing and event.applications.exists():
            raise ValidationError({"choosing": "申込みがあるので、決め方は変えられません。"})
        if values["capacity"] is not None and values["capacity"] < promised:
            raise ValidationError({"capacity": f"参加が決まっている人が{promised}人います。"})
    for name in EDITABLE:
        setattr(event, name, values[name])
    event.save()
    _move_up(event)
    audit.record(actor, EVENTS, subject_type="event", subject_id=event.pk, detail={"title": event.title})
    return event


def _check(values: Mapping[str, Any]) -> None:
    if values["ends_at"] <= values["starts_at"]:
        raise ValidationError({"ends_at": "終了は開始より後にしてください。"})
    if values["choosing"] == Choosing.NONE:
        if values["capacity"] is not None or values["closes_at"] is not None:
            raise ValidationError({"choosing": "申込み不要の催しには、定員と受付終了を入れません。"})
        return
    if not values["capacity"]:
        raise ValidationError({"capacity": "定員を入力してください。"})
    if values["closes_at"] is None or values["closes_at"] <= values["opens_at"]:
        raise ValidationError({"closes_at": "受付終了は、公開・受付開始より後にしてください。"})


def _move_up(event: Event) -> int:
    """Places that are free go to those who wait, in order; the event is locked. Not before lots are drawn."""
    if event.capacity is None or event.cancelled_at or (event.choosing == Choosing.LOTTERY and not event.drawn_at):
        return 0
    free = event.capacity - event.applications.filter(state=State.PLACE).count()
    next_ones = list(event.applications.filter(state=State.WAITING).order_by("order")[: max(0, free)])
    Application.objects.filter(pk__in=[one.pk for one in next_ones]).update(state=State.PLACE)
    return len(next_ones)


@transaction.atomic
def apply(actor: Actor, patron: Patron, event_id: int, now: datetime) -> Application:
    """Apply for an event; applied twice, it is one application. In order of application a place is given at once, or
    one waits; by lottery one waits for the draw. ValidationError outside the time and when nobody can wait any more."""
    event = Event.objects.select_for_update().filter(pk=event_id, is_ready=True, opens_at__lte=now).first()
    if event is None or event.choosing == Choosing.NONE:
        raise ValidationError("この催しの申込みは受け付けていません。")
    there = event.applications.filter(patron=patron).exclude(state=State.CANCELLED).first()
    if there is not None:
        return there
    if event.cancelled_at is not None or event.drawn_at is not None or event.closes_at <= now:
        raise ValidationError("申込みの受付は終わりました。")
    state = State.APPLIED
    if event.choosing == Choosing.ORDER:
        taken = event.applications.filter(state=State.PLACE).count()
        waiting = event.applications.filter(state=State.WAITING).count()
        found = rules.place_of(taken, event.capacity, waiting, event.waiting)
        if found == "full":
            raise ValidationError("定員と補欠がいっぱいになりました。")
        state = State(found)
    last = event.applications.aggregate(last=Max("order"))["last"] or 0
    made = Application.objects.create(
        receipt=next_receipt(rules.EVENT, timezone.localdate(now).year),
        event=event,
        patron=patron,
        state=state,
        order=last + 1,
        applied_at=now,
    )
    audit.record(actor, APPLY, subject_type="event", subject_id=event.pk, detail={"receipt": made.receipt})
    return made


@transaction.atomic
def cancel(actor: Actor, patron: Patron, event_id: int) -> bool:
    """A reader gives an application up; the first who waits gets the place. Whether there was one."""
    event = Event.objects.select_for_update().get(pk=event_id)
    mine = event.applications.filter(patron=patron).exclude(state=State.CANCELLED).first()
    if mine is None:
        return False
    mine.state = State.CANCELLED
    mine.save(update_fields=["state"])
    _move_up(event)
    audit.record(
        actor, APPLY, subject_type="event", subject_id=event.pk, detail={"receipt": mine.receipt, "cancelled": True}
    )
    return True


@transaction.atomic
def draw(actor: Actor, event_id: int, now: datetime) -> int:
    """Draw lots, once, after the time to apply; returns how many have a place. ValidationError before it is over, for
    what is not drawn, and the second time."""
    access.require(actor, EVENTS)
    event = Event.objects.select_for_update().get(pk=event_id)
    if event.choosing != Choosing.LOTTERY or event.cancelled_at:
        raise ValidationError("抽選の催しではありません。")
    if event.drawn_at is not None:
        raise ValidationError("抽選は済んでいます。")
    if event.closes_at > now:
        raise ValidationError("受付の終了後に抽選してください。")
    applied = {one.pk: one for one in event.applications.filter(state=State.APPLIED)}
    lots = {pk: secrets.randbits(64) for pk in applied}
    places, waiting, lost = rules.drawn(lots, event.capacity, event.waiting)
    top = event.applications.aggregate(last=Max("order"))["last"] or 0
    for state, keys in ((State.PLACE, places), (State.WAITING, waiting), (State.LOST, lost)):
        for pk in keys:
            top += 1
            applied[pk].state, applied[pk].order = state, top
    Application.objects.bulk_update(applied.values(), ["state", "order"])
    event.drawn_at = now
    event.save(update_fields=["drawn_at"])
    audit.record(
        actor, EVENTS, subject_type="event", subject_id=event.pk,
        detail={"applied": len(applied), "places": len(places), "waiting": len(waiting)},
    )  # fmt: skip
    return len(places)


@transaction.atomic
def call_off(actor: Actor, event_id: int, now: datetime) -> bool:
    """Call an event off; it stays to be read as such. Whether it was on."""
    access.require(actor, EVENTS)
    gone = Event.objects.filter(pk=event_id, cancelled_at=None).update(cancelled_at=now)
    if gone:
        audit.record(actor, EVENTS, subject_type="event", subject_id=event_id, detail={"called_off": True})
    return bool(gone)


def applicants_seen(actor: Actor, event: Event, patron_ids: list[int]) -> None:
    """Staff saw who comes: a line in the log for each."""
    audit.record_views(actor, APPLICANTS, "patron", patron_ids, f"催しの申込者 {event.pk}")


@transaction.atomic
def forget(now: datetime) -> int:
    """Delete the applications of events that were over 30 days ago, keeping how many there were; returns the events."""
    over = Event.objects.filter(ends_at__lt=now - timedelta(days=KEPT_DAYS), applications__isnull=False)
    done = 0
    for event in Event.objects.select_for_update().filter(pk__in=over.values("pk")).order_by("pk"):
        event.attended = event.applications.filter(state=State.PLACE).count()
        event.save(update_fields=["attended"])
        event.applications.all().delete()
        done += 1
    return done
