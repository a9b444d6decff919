"""Withdrawing, and erasing what is left some time later.

A withdrawn patron keeps a row, sealed as before, until the term is over: a claim may still come. Then the row goes with
everything that hangs on it (history, notes, stops, keyed hashes); only the card's number stays, tied to nobody, so that
it is never given again. Dead row versions leave the data file with the next vacuum, backups with their own term.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import ProtectedError
from django.utils import timezone

from app.access import actions as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.patrons import queries
from app.patrons.actions.families import forget_single
from app.patrons.actions.operations import WITHDRAW
from app.patrons.models import Erasure, Patron, PatronCard


@transaction.atomic
def withdraw(actor: Actor, patron: Patron, reason: str, today: date | None = None) -> Patron:
    """End a registration. ValidationError says what still binds the patron (loans, compensation, holds).

    From now on no card opens the page, nothing is lent, the web is closed. Twice is once.
    """
    access.require(actor, WITHDRAW)
    today = today or timezone.localdate()
    locked = Patron.objects.select_for_update().get(pk=patron.pk)
    if locked.withdrawn_on:
        return locked
    bound = queries.obligations([locked.pk]).get(locked.pk, [])
    if bound:
        raise ValidationError(f"{'、'.join(bound)}があるため退会できません。")
    _end(locked, today)
    audit.record(actor, WITHDRAW, subject_type="patron", subject_id=locked.pk, purpose=audit.typed(reason))
    return locked


def _end(patron: Patron, today: date) -> None:
    family_id = patron.family_id
    patron.withdrawn_on = today
    # Whoever has the page still open at another counter cannot lend either: the validity is over.
    patron.valid_until = min(patron.valid_until or date.max, today - timedelta(days=1))
    patron.password, patron.family, patron.family_consent_on = "", None, None
    patron.save(update_fields=["withdrawn_on", "valid_until", "password", "family", "family_consent_on"])
    PatronCard.objects.filter(patron=patron).update(state=PatronCard.State.RETIRED, since=today)
    if family_id:
        forget_single(family_id)


@dataclass(frozen=True)
class Ended:
    """How many were withdrawn, and how many were left because something binds them or they came back meanwhile."""

    withdrawn: int
    left: int


@transaction.atomic
def withdraw_unused(actor: Actor, ids: list[int], years: int, today: date | None = None) -> Ended:
    """Withdraw those of `ids` (as shown before) who have still not used the library for `years` and owe nothing."""
    access.require(actor, WITHDRAW)
    today = today or timezone.localdate()
    locked = {one.pk: one for one in Patron.objects.select_for_update().filter(pk__in=ids).order_by("pk")}
    still = set(queries.unused(years, today)) & set(locked)
    for patron_id in sorted(still):
        _end(locked[patron_id], today)
        audit.record(
            actor, WITHDRAW, subject_type="patron", subject_id=patron_id, purpose=f"{years}年以上利用がないため"
        )
    return Ended(len(still), len(set(ids)) - len(still))


@transaction.atomic
def erase(actor: Actor, patron_id: int) -> Erasure:
    """Erase a withdrawn patron completely, and keep that it was done. ValidationError when not withdrawn.

    ProtectedError when a row of another area still needs the patron (it must go first).
    """
    access.require(actor, WITHDRAW)
    patron = Patron.objects.select_for_update().get(pk=patron_id)
    if patron.withdrawn_on is None:
        raise ValidationError("退会していない利用者は消去できません。")
    rows, _ = patron.delete()
    done = Erasure.objects.create(patron_id=patron_id, withdrawn_on=patron.withdrawn_on, rows=rows, by=actor.number)
    audit.record(actor, "patrons.erase", subject_type="patron", subject_id=patron_id, detail={"rows": rows})
    return done


def erase_due(actor: Actor, today: date) -> tuple[int, int]:
    """Erase everybody whose term after withdrawal is over; returns (erased, left because another area needs them).

    One transaction each, so a run that is cut goes on where it was.
    """
    erased = left = 0
    for patron_id in queries.due_for_erasure(today):
        try:
            erase(actor, patron_id)
            erased += 1
        except ProtectedError:
            left += 1
    return erased, left
