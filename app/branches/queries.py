"""Reads about places."""

from datetime import date

from django.db.models import Q

from app.branches.models import Branch, ClosedDay
from app.branches.rules import Closing


def closing_of(branch: Branch, since: date) -> Closing:
    """The closed days of a branch from `since` on. One SQL statement."""
    dates = ClosedDay.objects.filter(Q(branch=branch) | Q(branch=None), date__gte=since).values_list("date", flat=True)
    return Closing(frozenset(int(digit) for digit in branch.closed_weekdays), frozenset(dates))
