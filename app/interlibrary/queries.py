"""Reads of what is borrowed from other libraries."""

from datetime import date, timedelta

from django.db.models import Count, Q, QuerySet

from app.interlibrary.models import Borrowing, Partner

SLOW_DAYS = 14  # asked so long ago that somebody should call (F-ILL-003)


def borrowings(state: str, today: date) -> QuerySet[Borrowing]:
    """Borrowings of a state; "slow" asked two weeks ago, "late" not sent back in time, "" all. One SQL statement."""
    found = Borrowing.objects.select_related("partner", "branch", "item")
    if state == "slow":
        return found.filter(state=Borrowing.State.ASKED, asked_on__lte=today - timedelta(days=SLOW_DAYS))
    if state == "late":
        return found.filter(state=Borrowing.State.ARRIVED, due_on__lt=today).order_by("due_on")
    return found.filter(state=state) if state else found


def counts(today: date) -> dict[str, int]:
    """How many of each state, and how many are slow or late. One SQL statement."""
    named = {state: Count("pk", filter=Q(state=state)) for state in Borrowing.State.values}
    slow = Q(state=Borrowing.State.ASKED, asked_on__lte=today - timedelta(days=SLOW_DAYS))
    late = Q(state=Borrowing.State.ARRIVED, due_on__lt=today)
    return Borrowing.objects.aggregate(**named, slow=Count("pk", filter=slow), late=Count("pk", filter=late))


def partners() -> QuerySet[Partner]:
    """Every library, with how much of it is here or asked for. One SQL statement."""
    open_now = Count("borrowings", filter=Q(borrowings__state__in=["asked", "arrived"]))
    return Partner.objects.annotate(open_now=open_now)
