"""A reader lets their family (as registered at the counter) see what they have out and wait for, and ends it."""

from datetime import date

from django.db import transaction
from django.utils import timezone

from app.access.actor import Actor
from app.audit import actions as audit
from app.mypage.actions.own import own
from app.mypage.models import FamilyShare


@transaction.atomic
def share(actor: Actor, patron_id: int, today: date | None = None) -> None:
    """The reader consents. Twice is once."""
    own(actor, patron_id)
    _, made = FamilyShare.objects.get_or_create(patron_id=patron_id, defaults={"since": today or timezone.localdate()})
    if made:
        audit.record(actor, "mypage.share", subject_type="patron", subject_id=patron_id)


@transaction.atomic
def end_share(actor: Actor, patron_id: int) -> None:
    """The reader withdraws the consent; the next look of anybody shows nothing."""
    own(actor, patron_id)
    if FamilyShare.objects.filter(pk=patron_id).delete()[0]:
        audit.record(actor, "mypage.end_share", subject_type="patron", subject_id=patron_id)
