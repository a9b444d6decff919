"""The night's work: finished notices lose their times, then their place, so that they say whom, when (the day), by
which means and with what result, and nothing that could be laid beside a return or a transfer."""

from datetime import date, timedelta

from django.db import transaction
from django.db.models import Exists, F, Func, IntegerField, OuterRef, Q

from app.access import actions as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.notices.actions.operations import PLAN
from app.notices.codes import OPEN_STATES, BatchState, State
from app.notices.models import Batch, Call, Line, Notice, Policy, Stop

LATE_BOUNCES = timedelta(days=14)  # so long a token is kept to recognise what comes back late
STOPS_KEPT = timedelta(days=90)


@transaction.atomic
def settle(actor: Actor, today: date) -> dict[str, int]:
    """Cut down what is finished and delete what has served its term; returns the numbers. Seven SQL statements."""
    access.require(actor, PLAN)
    alive = Exists(Line.objects.filter(notice=OuterRef("pk")))
    open_without = Notice.objects.filter(state__in=[State.PLANNED, State.READY]).filter(~alive)
    ended = open_without.update(state=State.DROPPED, token=None, not_before=None, next_call_on=None)
    finished = Notice.objects.exclude(state__in=OPEN_STATES).filter(on_date__lt=today)
    timeless = finished.filter(Q(handed_at__isnull=False) | Q(not_before__isnull=False)).update(
        handed_at=None, not_before=None
    )
    old = finished.filter(on_date__lt=today - LATE_BOUNCES)
    old.filter(token__isnull=False).update(token=None)
    silent = Notice.objects.exclude(state__in=OPEN_STATES).filter(~alive)
    silent.filter(branch__isnull=False, on_date__lt=today).update(branch=None)
    size = Func(F("note"), function="length", output_field=IntegerField())
    Call.objects.filter(notice__in=silent).annotate(size=size).filter(size__gt=0).update(note="")
    gone = 0
    for policy in Policy.objects.all():
        number, _ = old.filter(kind=policy.kind, on_date__lt=today - timedelta(days=policy.keep_days)).delete()
        gone += number
    Stop.objects.filter(until_on__lt=today - STOPS_KEPT).delete()
    Batch.objects.filter(notices=None, on_date__lt=today - LATE_BOUNCES).exclude(state=BatchState.DRAFT).delete()
    found = {"ended": ended, "timeless": timeless, "gone": gone}
    if any(found.values()):
        audit.record(actor, PLAN, subject_type="notices", detail=found)
    return found
