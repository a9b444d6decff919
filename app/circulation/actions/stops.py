"""Stops of lending that end by themselves when a patron has nothing out any more."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from app.access.actor import Actor, system
from app.audit import actions as audit
from app.circulation.models import Loan, ReturnStop
from app.patrons import actions as patrons
from app.patrons.models import Patron, PatronStop

BY = "全点返却"


@transaction.atomic
def stop_until_returned(actor: Actor, patron: Patron, reason: str, until: date | None, today: date) -> ReturnStop:
    """Stop lending until everything is back, at the latest until a day. As patrons.actions.stop; its errors too."""
    stop = patrons.stop(actor, patron, [PatronStop.Kind.LEND], reason, until, today)[0]
    return ReturnStop.objects.create(stop=stop)


def end_when_all_is_back(patron: Patron, today: date) -> bool:
    """End the patron's stops that last until everything is back, if it is; whether any ended. `patron` is brought up
    to date. For the moment when a card is read and before a loan. No SQL statement for a patron who is not stopped.
    """
    if patron.stopped_until is None or patron.stopped_until < today:
        return False
    ended = _end(patron.pk, today)
    if ended:
        patron.refresh_from_db(fields=["stopped_until"])
    return ended


@transaction.atomic
def _end(patron_id: int, today: date) -> bool:
    # The patron first, as everywhere; with this lock nobody lends to them meanwhile.
    Patron.objects.select_for_update(of=("self",), no_key=True).only("pk").get(pk=patron_id)
    mine = ReturnStop.objects.filter(stop__patron_id=patron_id, stop__lifted_on=None, ended_on=None)
    stops = list(mine.values_list("stop_id", flat=True))
    if not stops or Loan.objects.filter(patron_id=patron_id).exists():
        return False
    for stop in stops:
        patrons.lift_stop(system(BY), stop, today)
    ReturnStop.objects.filter(stop__in=stops).update(ended_on=today)
    return True


def end_all(now: datetime) -> int:
    """The same for everybody whom it concerns, for the job; returns how many patrons."""
    today = timezone.localdate(now)
    waiting = ReturnStop.objects.filter(stop__lifted_on=None, ended_on=None)
    in_force = waiting.filter(Q(stop__until=None) | Q(stop__until__gte=today))
    ids = in_force.exclude(stop__patron__loans__isnull=False).values_list("stop__patron_id", flat=True).distinct()
    return sum(_end(patron_id, today) for patron_id in list(ids))


def begin_again(patron: Patron, today: date) -> bool:
    """A return was undone: the stops that ended today because all was back are in force again; whether there were any.

    The patron is locked. One SQL statement when there are none.
    """
    ended = list(ReturnStop.objects.filter(stop__patron=patron, ended_on=today).select_related("stop"))
    for row in ended:
        stop = row.stop
        PatronStop.objects.filter(pk=stop.pk).update(lifted_on=None)
        patron.stopped_until = max(patron.stopped_until or date.min, stop.until or date.max)
        row.ended_on = None
        row.save(update_fields=["ended_on"])
    if ended:
        patron.save(update_fields=["stopped_until"])
        audit.record(
            system(BY), patrons.STOP, subject_type="patron", subject_id=patron.pk, detail={"again": len(ended)}
        )
    return bool(ended)
