"""Reads of questions and events."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from app.reference.models import Application, Event, Question


def questions_of(patron_id: int) -> list[Question]:
    """A reader's questions, the latest first; for My Page. One SQL statement."""
    return list(Question.objects.filter(patron=patron_id).select_related("branch"))


def question_of(patron_id: int, receipt: str) -> Question | None:
    """One of a reader's own questions, or None. One SQL statement."""
    return Question.objects.filter(patron=patron_id, receipt=receipt).select_related("branch").first()


def unread_answers(patron_id: int) -> int:
    """How many answers a reader has not seen yet. One SQL statement."""
    return Question.objects.filter(patron=patron_id, state=Question.State.ANSWERED, seen_at=None).count()


def applications_of(patron_id: int, now: datetime) -> list[Application]:
    """What a reader applied for and is not over, the next first; for My Page. One SQL statement."""
    coming = Application.objects.filter(patron=patron_id, event__ends_at__gte=now).exclude(
        state=Application.State.CANCELLED
    )
    return list(coming.select_related("event__branch").order_by("event__starts_at"))


def shown(now: datetime) -> QuerySet[Event]:
    """The events that readers see: ready, announced, not over. One SQL statement."""
    return Event.objects.filter(is_ready=True, opens_at__lte=now, ends_at__gt=now).select_related("branch")


@dataclass(frozen=True)
class Filled:
    """How far an event is filled: numbers, no names."""

    places: int
    waiting: int
    applied: int


def filled(event_id: int) -> Filled:
    """One SQL statement."""
    state = Application.State
    found = Application.objects.filter(event=event_id).aggregate(
        places=Count("pk", filter=Q(state=state.PLACE)),
        waiting=Count("pk", filter=Q(state=state.WAITING)),
        applied=Count("pk", filter=Q(state=state.APPLIED)),
    )
    return Filled(**found)


def waiting_number(mine: Application) -> int:
    """The place of an application among those that wait, from 1. One SQL statement."""
    before = Application.objects.filter(event=mine.event_id, state=Application.State.WAITING, order__lt=mine.order)
    return before.count() + 1


def open_questions() -> int:
    """How many questions nobody has answered yet. One SQL statement."""
    return Question.objects.filter(state__in=[Question.State.RECEIVED, Question.State.WORKING]).count()
