"""Words of which a reader wants to hear when something new arrives: told the day after it was received."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from app.access.actor import Actor
from app.audit import actions as audit
from app.catalog.search.fold import fold
from app.mypage import queries
from app.mypage.actions.favourites import TooMany
from app.mypage.actions.own import own
from app.mypage.models import Watch
from app.notices.actions import planning
from app.notices.codes import Kind
from app.web.sealed import blind

MOST = 30
LONGEST = 60
# A night on which the job did not run is made up for within a week.
LOOK_BACK_DAYS = 7


@transaction.atomic
def watch(actor: Actor, patron_id: int, field: str, text: str, today: date | None = None) -> Watch | None:
    """Remember words (all of them have to fit) in a field; None for words of which nothing is left to compare.

    The same words again change nothing. TooMany beyond thirty; ValueError for an unknown field.
    """
    own(actor, patron_id)
    if field not in Watch.Field.values:
        raise ValueError(field)
    text = " ".join(text.split())[:LONGEST]
    if not fold(text).strip():
        return None
    mark = blind(f"{patron_id}:{field}:{fold(text)}", "mypage.watch")
    if Watch.objects.filter(patron=patron_id).exclude(mark=mark).count() >= MOST:
        raise TooMany
    made, new = Watch.objects.get_or_create(
        mark=mark,
        defaults={
            "patron_id": patron_id,
            "content": {"field": field, "text": text},
            "made_on": today or timezone.localdate(),
        },
    )
    if new:
        audit.record(actor, "mypage.watch", subject_type="patron", subject_id=patron_id)
    return made


@transaction.atomic
def unwatch(actor: Actor, patron_id: int, watch_id: int) -> bool:
    """Forget words; False when they are not there (any more), or somebody else's."""
    own(actor, patron_id)
    gone = Watch.objects.filter(pk=watch_id, patron=patron_id).delete()[0]
    if gone:
        audit.record(actor, "mypage.unwatch", subject_type="patron", subject_id=patron_id)
    return bool(gone)


def tell_arrivals(actor: Actor, now: datetime) -> int:
    """Plan a notice for each reader for whom something was received yesterday (or on a day of the last week of which
    nobody told them); returns how many. What it says is found again when it is sent: no row joins reader and title."""
    run = planning.plan(actor, Kind.ARRIVAL, now)
    if run is None:
        return 0
    today = timezone.localdate(now)
    made = 0
    for days in range(LOOK_BACK_DAYS, 0, -1):
        day = today - timedelta(days=days)
        made += sum(
            planning.plan_key(run, Kind.ARRIVAL, patron_id, queries.arrival_key(patron_id, day))
            for patron_id in queries.patrons_to_tell(day)
        )
    return made
