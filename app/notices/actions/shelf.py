"""What a notice means for the hold it is about: the patron was told, or was not."""

from datetime import datetime

from django.utils import timezone

from app.access.actor import Actor
from app.holds.actions.changing import log
from app.holds.actions.shelving import start_days
from app.holds.models import Contact, Hold, HoldEntry, Status
from app.notices.models import Line, Notice


def lock(notice: Notice) -> None:
    """Lock the holds a notice is about, all at once and in the order in which everybody locks them."""
    ids = list(Line.objects.filter(notice=notice, hold__isnull=False).values_list("hold_id", flat=True))
    list(Hold.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").values_list("pk", flat=True))


def told(actor: Actor, hold: Hold, now: datetime, method: str = Contact.MAIL) -> Hold:
    """The days on the hold shelf count from today; the hold's own history says that a mail went. Returns the hold
    with its last day. The caller has it locked."""
    there = Hold.objects.select_related("pickup", "patron", "record", "item", "belongs_to")
    locked: Hold = there.get(pk=hold.pk)
    if locked.contacted_on is None:
        start_days(locked, timezone.localdate(now))
        result = HoldEntry.Result.TOLD if method == Contact.PHONE else HoldEntry.Result.SENT
        log(locked, actor, HoldEntry.Kind.CONTACT, "", now, method, result)
    return locked


def told_by_hand(actor: Actor, notice: Notice, now: datetime, method: str) -> None:
    """The same for every hold of a notice that people carried: a call, a card."""
    lock(notice)
    for hold in Hold.objects.filter(notice_lines__notice=notice, contacted_on=None, status=Status.READY):
        told(actor, hold, now, method)


def not_told(actor: Actor, hold: Hold, now: datetime) -> None:
    """The mail came back: the hold's history says so. The last day stays until somebody extends it."""
    log(hold, actor, HoldEntry.Kind.CONTACT, "", now, Contact.MAIL, HoldEntry.Result.FAILED)
