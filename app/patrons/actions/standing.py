"""Stops, notes, validity, returned post, and what is recorded when somebody looks closer."""

from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from app.access import actions as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.patrons import rules
from app.patrons.actions.operations import CHANGE, DISCLOSE, STOP, UNMASK
from app.patrons.actions.registering import record_change, shown
from app.patrons.models import Patron, PatronNote, PatronStop

COLUMN = {"lend": "stopped_until", "hold": "hold_stopped_until", "web": "web_stopped_until"}


def _locked(patron_id: int) -> Patron:
    return Patron.objects.select_for_update(of=("self",)).select_related("category", "branch").get(pk=patron_id)


def settle_stops(patron: Patron, today: date) -> None:
    """Write into the patron's row until when each use is stopped: the farthest end of the stops in force."""
    ends: dict[str, date | None] = dict.fromkeys(COLUMN.values())
    in_force = PatronStop.objects.filter(Q(until=None) | Q(until__gte=today), patron=patron, lifted_on=None)
    for kind, until in in_force.values_list("kind", "until"):
        ends[COLUMN[kind]] = max(ends[COLUMN[kind]] or date.min, until or date.max)
    for column, end in ends.items():
        setattr(patron, column, end)
    patron.save(update_fields=[*ends])


@transaction.atomic
def stop(
    actor: Actor,
    patron: Patron,
    kinds: list[str],
    reason: str,
    until: date | None,
    today: date | None = None,
    *,
    until_returned: bool = False,
) -> list[PatronStop]:
    """Stop lending, holds or the web (`kinds`) from today until a day (included), or until somebody lifts it; with
    `until_returned` it ends before, when everything is back.

    ValidationError without a kind or a reason, and for an end that is over. It ends by itself.
    """
    access.require(actor, STOP)
    today = today or timezone.localdate()
    if not kinds or not set(kinds) <= set(COLUMN):
        raise ValidationError({"kinds": "停止する対象を選んでください。"})
    if not reason.strip():
        raise ValidationError({"reason": "停止の理由を入力してください。"})
    if until and until < today:
        raise ValidationError({"until": "終了日が過ぎています。"})
    locked = _locked(patron.pk)
    rows = [
        PatronStop(
            patron=locked,
            kind=kind,
            reason=reason.strip(),
            since=today,
            until=until,
            until_returned=until_returned,
            by=actor.number,
        )
        for kind in kinds
    ]
    PatronStop.objects.bulk_create(rows)
    settle_stops(locked, today)
    detail = {"kinds": sorted(kinds), "until": str(until or "")}
    audit.record(actor, STOP, subject_type="patron", subject_id=locked.pk, detail=detail)
    return rows


@transaction.atomic
def lift_stop(actor: Actor, stop_id: int, today: date | None = None) -> Patron:
    """End a stop now. PatronStop.DoesNotExist for an unknown one; one that is lifted stays as it is."""
    access.require(actor, STOP)
    today = today or timezone.localdate()
    patron = _locked(PatronStop.objects.values_list("patron_id", flat=True).get(pk=stop_id))
    if PatronStop.objects.filter(pk=stop_id, lifted_on=None).update(lifted_on=today):
        settle_stops(patron, today)
        audit.record(actor, STOP, subject_type="patron", subject_id=patron.pk, detail={"lifted": stop_id})
    return patron


@transaction.atomic
def add_note(
    actor: Actor, patron: Patron, text: str, importance: int, until: date | None, today: date | None = None
) -> PatronNote:
    """A message for the counter, shown up to and including `until`. ValidationError for an empty or expired one."""
    access.require(actor, CHANGE)
    today = today or timezone.localdate()
    if not text.strip():
        raise ValidationError({"text": "連絡事項を入力してください。"})
    if until and until < today:
        raise ValidationError({"until": "表示期限が過ぎています。"})
    locked = _locked(patron.pk)
    note = PatronNote.objects.create(
        patron=locked, text=text.strip(), importance=importance, until=until, made_on=today, by=actor.number
    )
    _set_noted(locked)
    audit.record(actor, CHANGE, subject_type="patron", subject_id=patron.pk, detail={"fields": ["note"]})
    return note


def _set_noted(patron: Patron) -> None:
    """Write into the patron's row until when there is a message for the counter."""
    ends = PatronNote.objects.filter(patron=patron, done_on=None).values_list("until", flat=True)
    patron.noted_until = max((end or date.max for end in ends), default=None)
    patron.save(update_fields=["noted_until"])


@transaction.atomic
def finish_note(actor: Actor, note_id: int, today: date | None = None) -> None:
    """Take a message off the counter. One that is done stays as it is."""
    access.require(actor, CHANGE)
    patron = _locked(PatronNote.objects.values_list("patron_id", flat=True).get(pk=note_id))
    if PatronNote.objects.filter(pk=note_id, done_on=None).update(done_on=today or timezone.localdate()):
        _set_noted(patron)
        audit.record(actor, CHANGE, subject_type="patron", subject_id=patron.pk, detail={"fields": ["note"]})


@transaction.atomic
def renew(actor: Actor, patron: Patron, *, address_confirmed: bool, today: date | None = None) -> Patron:
    """Make the registration valid for the category's years from today. The address must have been confirmed, which is
    noted with the day and clears a returned letter. ValidationError without it and after a withdrawal."""
    access.require(actor, CHANGE)
    if not address_confirmed:
        raise ValidationError({"address_confirmed": "現住所を確かめてから更新してください。"})
    today = today or timezone.localdate()
    locked = _locked(patron.pk)
    if locked.withdrawn_on:
        raise ValidationError("退会した利用者です。新しく登録してください。")
    before = shown(locked)
    locked.valid_until = rules.years_later(today, locked.category.validity_years)
    locked.address_confirmed_on, locked.post_returned_on = today, None
    locked.save(update_fields=["valid_until", "address_confirmed_on", "post_returned_on"])
    record_change(actor, locked, before)
    detail = {"fields": ["valid_until", "address_confirmed_on"]}
    audit.record(actor, CHANGE, subject_type="patron", subject_id=locked.pk, detail=detail)
    return locked


@transaction.atomic
def note_post_returned(actor: Actor, patron: Patron, on: date | None) -> Patron:
    """Mark that a letter came back on a day; None takes the mark away (the address was confirmed)."""
    access.require(actor, CHANGE)
    locked = _locked(patron.pk)
    if locked.post_returned_on != on:
        locked.post_returned_on = on
        fields = ["post_returned_on"]
        if on is None:
            locked.address_confirmed_on = timezone.localdate()
            fields.append("address_confirmed_on")
        locked.save(update_fields=fields)
        audit.record(actor, CHANGE, subject_type="patron", subject_id=locked.pk, detail={"fields": fields})
    return locked


def note_use(patron: Patron, today: date) -> None:
    """Keep the day on which a patron last used the library: a card read at the counter, a sign-in.

    Called when the person is identified, in a transaction of its own, never with a loan: the row's transaction number
    must not be one that an item's row has too. No SQL statement on a day that is noted already.
    """
    if patron.last_used_on is None or patron.last_used_on < today:
        patron.last_used_on = today
        Patron.objects.filter(pk=patron.pk).update(last_used_on=today)


def record_unmasking(actor: Actor, patron: Patron, field: str, purpose: str) -> None:
    """Log that somebody opened one masked field, and why. ValidationError without a purpose."""
    access.require(actor, UNMASK)
    if not purpose.strip():
        raise ValidationError({"purpose": "開く目的を入力してください。"})
    audit.record(
        actor,
        UNMASK,
        outcome="viewed",
        subject_type="patron",
        subject_id=patron.pk,
        purpose=audit.typed(purpose.strip()),
        detail={"fields": [field]},
    )


def record_disclosure(actor: Actor, patron: Patron, purpose: str) -> None:
    """Log that a person's data were printed for that person. ValidationError without a purpose."""
    access.require(actor, DISCLOSE)
    if not purpose.strip():
        raise ValidationError({"purpose": "開示の目的を入力してください。"})
    audit.record(actor, DISCLOSE, subject_type="patron", subject_id=patron.pk, purpose=audit.typed(purpose.strip()))
