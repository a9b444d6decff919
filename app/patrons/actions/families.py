"""Families: people who agreed to be shown together."""

from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from app.access import actions as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.patrons.actions.operations import CHANGE
from app.patrons.models import Family, Patron


def _locked(*ids: int) -> list[Patron]:
    """The patrons in the order of their ids, so that two counters that tie the same people do not wait crosswise."""
    return list(Patron.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk"))


@transaction.atomic
def join_family(actor: Actor, patron: Patron, other: Patron, *, consent: bool, today: date | None = None) -> Family:
    """Make two patrons (and the families they are in) one family. Everybody concerned must have agreed: the day is
    kept with each. ValidationError without consent, for the same person twice, and for groups."""
    access.require(actor, CHANGE)
    if not consent:
        raise ValidationError({"consent": "家族全員の同意を確かめてください。"})
    if patron.pk == other.pk:
        raise ValidationError({"number": "同じ利用者の番号です。"})
    today = today or timezone.localdate()
    one, two = _locked(patron.pk, other.pk)
    if one.withdrawn_on or two.withdrawn_on:
        raise ValidationError({"number": "退会した利用者です。"})
    family_id = one.family_id or two.family_id or Family.objects.create(made_on=today).pk
    if one.family_id and two.family_id and one.family_id != two.family_id:
        Patron.objects.filter(family_id=two.family_id).update(family_id=family_id)
        Family.objects.filter(pk=two.family_id).delete()
    Patron.objects.filter(pk__in=[one.pk, two.pk]).update(family_id=family_id, family_consent_on=today)
    for member in (one, two):
        audit.record(actor, CHANGE, subject_type="patron", subject_id=member.pk, detail={"fields": ["family"]})
    return Family.objects.get(pk=family_id)


@transaction.atomic
def leave_family(actor: Actor, patron: Patron) -> None:
    """Take a patron out; a family of one is no family any more."""
    access.require(actor, CHANGE)
    locked = Patron.objects.select_for_update(of=("self",)).get(pk=patron.pk)
    if locked.family_id is None:
        return
    family_id = locked.family_id
    Patron.objects.filter(pk=locked.pk).update(family=None, family_consent_on=None)
    forget_single(family_id)
    audit.record(actor, CHANGE, subject_type="patron", subject_id=locked.pk, detail={"fields": ["family"]})


def forget_single(family_id: int) -> None:
    """Dissolve a family that has fewer than two members."""
    if Patron.objects.filter(family_id=family_id).count() < 2:
        Patron.objects.filter(family_id=family_id).update(family=None, family_consent_on=None)
        Family.objects.filter(pk=family_id).delete()
