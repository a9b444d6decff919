"""Reads of seats and terminals."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from app.branches.models import Branch
from app.branches.queries import days
from app.mypage import rules
from app.mypage.models import Seat, SeatBooking

# For a library that has not said when it opens.
USUAL_HOURS = (9, 17)


def hours_of(branch: Branch, day: date) -> tuple[int, int]:
    """The first whole hour that can be booked on a day, and the one at which it ends; equal on a closed day."""
    (found,) = days(branch, day, day)
    if found.closed:
        return (0, 0)
    if not found.opens or not found.closes:
        return USUAL_HOURS
    opens, closes = time.fromisoformat(found.opens), time.fromisoformat(found.closes)
    return (opens.hour + (1 if opens.minute else 0), closes.hour)


@dataclass(frozen=True)
class Place:
    """One seat in one hour: `free`, `taken`, `mine`, `here` (mine and confirmed) or `past`."""

    seat: Seat
    state: str
    booking: SeatBooking | None


@dataclass(frozen=True)
class Hour:
    """An hour of a day with every seat."""

    starts_at: datetime
    places: tuple[Place, ...]


def plan_of(branch: Branch, day: date, patron_id: int | None, now: datetime) -> list[Hour]:
    """A day of a library's seats by the hour; whose the others' are is told to nobody. Two SQL statements and the
    calendar's."""
    seats = list(Seat.objects.filter(branch=branch, is_active=True))
    if not seats:
        return []
    first, last = hours_of(branch, day)
    zone = timezone.get_current_timezone()
    start = datetime.combine(day, time.min, zone)
    rows = SeatBooking.objects.filter(seat__in=seats, starts_at__gte=start, starts_at__lt=start + timedelta(days=1))
    booked = {
        (row.seat_id, timezone.localtime(row.starts_at).hour): row
        for row in rows
        if rules.counts(rules.Booking(row.starts_at, row.confirmed_at is not None), now)
    }
    plan = []
    for hour in range(first, last):
        starts_at = datetime.combine(day, time(hour), zone)
        places = (_place(seat, booked.get((seat.pk, hour)), patron_id, starts_at, now) for seat in seats)
        plan.append(Hour(starts_at, tuple(places)))
    return plan


def _place(seat: Seat, row: SeatBooking | None, patron_id: int | None, starts_at: datetime, now: datetime) -> Place:
    if row is not None and patron_id is not None and row.patron_id == patron_id:
        return Place(seat, "here" if row.confirmed_at else "mine", row)
    if row is not None:
        return Place(seat, "taken", row if patron_id is None else None)
    return Place(seat, "past" if starts_at + rules.CONFIRM_WITHIN <= now else "free", None)


def offering() -> list[Branch]:
    """The libraries that have seats to book. One SQL statement."""
    having = Seat.objects.filter(is_active=True).values("branch")
    return list(Branch.objects.filter(pk__in=having, is_active=True).order_by("number"))


def seats_at(branch: Branch) -> list[Seat]:
    """Every seat of a library, also those not offered now. One SQL statement."""
    return list(Seat.objects.filter(branch=branch))
