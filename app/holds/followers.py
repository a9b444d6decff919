"""Holds follow their record when the catalogue merges two, and go back when it undoes that."""

from app.catalog.followers import Follower, put
from app.holds import actions
from app.holds.models import OPEN, Hold


def waiting_for(record_id: int) -> int:
    """How many open holds a record has. One SQL statement."""
    return Hold.objects.filter(record_id=record_id, status__in=OPEN).count()


put(Follower("holds.hold", "予約", actions.follow_merge, actions.follow_split, waiting_for))
