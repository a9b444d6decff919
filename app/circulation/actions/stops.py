"""Stops that end by themselves when a patron has nothing out any more (PatronStop.until_returned).

They end when the card is read next, when something is lent, or by the job of every five minutes; never in the
transaction of a return, nor next to it: the patron's row would say whose the item was.
"""

from datetime import date, datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from app.access.actor import system
from app.audit import actions as audit
from app.circulation.models import Loan
from app.patrons import actions as patrons
from app.patrons.models import Patron, PatronStop

BY = "全点返却"


def end_when_all_is_back(patron: Patron, today: date) -> bool:
    """End the patron's stops that last until everything is back, if it is; whether any ended. `patron` is brought up
    to date. For the moment when a card is read and before a loan. No SQL statement for a patron who is not stopped.
    """
    if not any(end and end >= today for end in (patron.stopped_until, patron.hold_stopped_until)):
        return False
    ended = _end(patron.pk, today)
    if ended:
        patron.refresh_from_db(fields=["stopped_until", "hold_stopped_until", "web_stopped_until"])
    return ended


@transaction.atomic
def _end(patron_id: int, today: date) -> bool:
    # The patron first, as everywhere; with this lock nobody lends to them meanwhile.
    Patron.objects.select_for_update(of=("self",), no_key=True).only("pk").get(pk=patron_id)
    mine = PatronStop.objects.filter(patron_id=patron_id, until_returned=True, lifted_on=None)
    stops = list(mine.values_list("pk", flat=True))
    if not stops or Loan.objects.filter(patron_id=patron_id).exists():
        return False
    for stop in stops:
        patrons.lift_stop(system(BY), stop, today)
    return True


def end_all(now: datetime) -> int:
    """The same for everybody whom it concerns, for the job; returns how many patrons."""
    today = timezone.localdate(now)
    in_force = PatronStop.objects.filter(Q(until=None) | Q(until__gte=today), until_returned=True, lifted_on=None)
    ids = in_force.exclude(patron__loans__isnull=False).order_by().values_list("patron_id", flat=True).distinct()
    return sum(_end(patron_id, today) for patron_id in list(ids))


def begin_again(patron: Patron, today: date) -> bool:
    """A return was undone: the stops that ended today because all was back are in force again; whether there were any.

    The patron is locked. One SQL statement when there are none.
    """
    ended = list(PatronStop.objects.filter(patron=patron, until_returned=True, lifted_on=today))
    if not ended:
        return False
    PatronStop.objects.filter(pk__in=[stop.pk for stop in ended]).update(lifted_on=None)
    patrons.settle_stops(patron, today)
    detail = {"again": [stop.pk for stop in ended]}
    audit.record(system(BY), patrons.STOP, subject_type="patron", subject_id=patron.pk, detail=detail)
    return True
