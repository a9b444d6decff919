"""What readers change of their own registration."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from app.access import actions as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.patrons.actions.operations import CHANGE
from app.patrons.actions.registering import record_change, shown
from app.patrons.models import Patron


def _own(actor: Actor, patron_id: int) -> Patron:
    """The reader's own row, locked; NotPermitted for anybody else's."""
    if actor.kind != "patron" or actor.number != str(patron_id):
        access.require(actor, CHANGE)
    return Patron.objects.select_for_update(of=("self",)).select_related("category", "branch").get(pk=patron_id)


def _keep(actor: Actor, patron: Patron, before: dict[str, str], *fields: str) -> None:
    patron.updated_at = timezone.now()
    patron.save(update_fields=[*fields, "keys", "updated_at"])
    record_change(actor, patron, before)
    audit.record(actor, CHANGE, subject_type="patron", subject_id=patron.pk, detail={"fields": [*fields]})


@transaction.atomic
def take_mail(actor: Actor, patron_id: int, address: str) -> Patron:
    """The address is the reader's: it takes the place of the one in use. The caller had its owner confirm it."""
    patron = _own(actor, patron_id)
    if patron.email == address:
        return patron
    before, old = shown(patron), patron.email
    if patron.contacts:
        there = [row for row in patron.contacts if not (row["kind"] == "mail" and row["value"] in (old, address))]
        patron.contacts = [*there, {"kind": "mail", "label": "", "value": address}]
    patron.email = address
    _keep(actor, patron, before, "email", "contacts")
    return patron


@transaction.atomic
def choose_contact(actor: Actor, patron_id: int, contact_by: str) -> Patron:
    """How the reader wants to hear of holds that are ready. ValidationError for a way that cannot reach them."""
    patron = _own(actor, patron_id)
    way = Patron.ContactBy
    if contact_by not in way.values:
        raise ValidationError({"contact_by": gettext("連絡方法を選び直してください。")})
    reach = {way.MAIL: patron.email, way.PHONE: patron.phone or patron.guardian_phone, way.POST: patron.address}
    if not reach.get(way(contact_by), "yes"):
        raise ValidationError({"contact_by": gettext("この方法の連絡先が登録されていません。")})
    if patron.contact_by != contact_by:
        before = shown(patron)
        patron.contact_by = contact_by
        _keep(actor, patron, before, "contact_by")
    return patron
