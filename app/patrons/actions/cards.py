"""Cards: several for one person, lost ones stopped at once, new ones in place of old ones.

Loans and holds hang on the patron, not on a number, so a new card has them all.
"""

from datetime import date

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from app.access import actions as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.patrons import rules
from app.patrons.actions.operations import CHANGE
from app.patrons.actions.registering import USED, record_change, shown
from app.patrons.models import Patron, PatronCard

State = PatronCard.State


def _locked(patron_id: int) -> Patron:
    return Patron.objects.select_for_update(of=("self",)).select_related("category", "branch").get(pk=patron_id)


def _new(patron: Patron, number: str, kind: str, today: date) -> PatronCard:
    problem = rules.number_problem(number, kind)
    if problem:
        raise ValidationError({"number": problem})
    if patron.withdrawn_on:
        raise ValidationError("退会した利用者に利用券は登録できません。")
    try:
        with transaction.atomic():
            return PatronCard.objects.create(number=number, patron=patron, kind=kind, since=today)
    except IntegrityError as error:
        raise ValidationError({"number": USED}) from error


@transaction.atomic
def add_card(actor: Actor, patron: Patron, number: str, kind: str, today: date | None = None) -> PatronCard:
    """Tie one more identifier to a patron. ValidationError for an unsound or ever used number."""
    access.require(actor, CHANGE)
    card = _new(_locked(patron.pk), number, kind, today or timezone.localdate())
    audit.record(actor, CHANGE, subject_type="patron", subject_id=patron.pk, detail={"card_added": kind})
    return card


@transaction.atomic
def report_lost(actor: Actor, patron: Patron, number: str, today: date | None = None) -> PatronCard:
    """Stop one of a patron's live cards from this moment on. A card that is stopped already stays as it is.

    ValidationError when the number is none of this patron's.
    """
    access.require(actor, CHANGE)
    locked = _locked(patron.pk)
    card = PatronCard.objects.filter(patron=locked, number=number).first()
    if card is None:
        raise ValidationError({"number": "この利用者の利用券ではありません。"})
    if card.state == State.LIVE:
        card.state, card.since = State.LOST, today or timezone.localdate()
        card.save(update_fields=["state", "since"])
        audit.record(actor, CHANGE, subject_type="patron", subject_id=locked.pk, detail={"card_lost": card.kind})
    return card


@transaction.atomic
def replace_card(actor: Actor, patron: Patron, number: str, today: date | None = None) -> Patron:
    """Issue a new library card: the old one opens nothing from now on (lost stays lost), the new one everything."""
    access.require(actor, CHANGE)
    today = today or timezone.localdate()
    locked = _locked(patron.pk)
    before = shown(locked)
    _new(locked, number, PatronCard.Kind.CARD, today)
    PatronCard.objects.filter(patron=locked, number=locked.card_number, state=State.LIVE).update(
        state=State.REPLACED, since=today
    )
    locked.card_number = number
    locked.updated_at = timezone.now()
    locked.save(update_fields=["card_number", "updated_at"])
    record_change(actor, locked, before)
    audit.record(actor, CHANGE, subject_type="patron", subject_id=locked.pk, detail={"fields": ["card_number"]})
    return locked


def note_stopped_card(actor: Actor, patron_id: int | None, state: str) -> None:
    """Log that somebody used a card that is no longer live. One SQL statement."""
    audit.record(
        actor,
        "patrons.stopped_card",
        outcome="refused",
        subject_type="patron",
        subject_id=patron_id or "",
        detail={"state": state},
    )
