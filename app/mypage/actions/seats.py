"""Seats and internet terminals by the hour. Whoever does not come within fifteen minutes has none."""

from datetime import datetime, time, timedelta

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext

from app.access import actions as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.branches.models import Branch
from app.mypage import rules, seating
from app.mypage.actions.operations import CONFIRM_SEAT, PUT_SEAT
from app.mypage.actions.own import own
from app.mypage.models import Seat, SeatBooking
from app.patrons.models import Patron

MOST_HOURS_A_DAY = 3


class SeatRefused(Exception):
    """The seat cannot be had; the text is for the screen."""


def _sentence(problem: str) -> str:
    return {
        "whole": gettext("時間を選び直してください。"),
        "past": gettext("この時間はもう始まっています。"),
        "far": gettext("7日先まで予約できます。"),
        "closed": gettext("この時間は開館していません。"),
    }[problem]


def book(actor: Actor, patron_id: int, seat_id: int, starts_at: datetime, now: datetime | None = None) -> SeatBooking:
    """The seat for the hour that begins at `starts_at`; what others did not confirm in time gives way. The same again
    is the same booking. SeatRefused says why not."""
    own(actor, patron_id)
    try:
        return _book(
            actor, patron_id, seat_id, timezone.localtime(starts_at), timezone.localtime(now or timezone.now())
        )
    except IntegrityError as error:
        raise SeatRefused(gettext("ほかの方が先に予約しました。別の席か時間を選んでください。")) from error


@transaction.atomic
def _book(actor: Actor, patron_id: int, seat_id: int, starts_at: datetime, now: datetime) -> SeatBooking:
    Patron.objects.select_for_update(no_key=True).get(pk=patron_id)
    seat = Seat.objects.select_related("branch").filter(pk=seat_id, is_active=True).first()
    if seat is None:
        raise SeatRefused(gettext("この席は予約できません。"))
    first, last = seating.hours_of(seat.branch, starts_at.date())
    if problem := rules.hour_problem(starts_at, now, first, last):
        raise SeatRefused(_sentence(problem))
    SeatBooking.objects.filter(confirmed_at=None, starts_at__lte=now - rules.CONFIRM_WITHIN).delete()
    there = SeatBooking.objects.filter(patron=patron_id, starts_at=starts_at).first()
    if there is not None and there.seat_id == seat_id:
        return there
    if there is not None:
        raise SeatRefused(gettext("同じ時間に別の席を予約しています。"))
    midnight = datetime.combine(starts_at.date(), time.min, starts_at.tzinfo)
    same_day = SeatBooking.objects.filter(patron=patron_id, starts_at__gte=midnight)
    if same_day.filter(starts_at__lt=midnight + timedelta(days=1)).count() >= MOST_HOURS_A_DAY:
        raise SeatRefused(gettext("予約できるのは1日に3時間までです。"))
    made = SeatBooking.objects.create(seat=seat, patron_id=patron_id, starts_at=starts_at)
    audit.record(actor, "mypage.book_seat", subject_type="patron", subject_id=patron_id)
    return made


@transaction.atomic
def cancel_seat(actor: Actor, patron_id: int, booking_id: int) -> bool:
    """Give a seat back; False when it is not the reader's (any more)."""
    own(actor, patron_id)
    gone = SeatBooking.objects.filter(pk=booking_id, patron=patron_id).delete()[0]
    if gone:
        audit.record(actor, "mypage.cancel_seat", subject_type="patron", subject_id=patron_id)
    return bool(gone)


@transaction.atomic
def confirm_here(actor: Actor, patron_id: int, branch: Branch, now: datetime | None = None) -> SeatBooking:
    """The reader has come: confirm what they booked at this library for this hour, at the counter or at a terminal of
    the library. Twice is once. SeatRefused when there is nothing to confirm."""
    if actor.kind == "patron":
        own(actor, patron_id)
    else:
        access.require(actor, CONFIRM_SEAT, branch)
    now = now or timezone.now()
    near = {"starts_at__gt": now - timedelta(hours=1), "starts_at__lte": now + rules.CONFIRM_WITHIN}
    rows = SeatBooking.objects.select_for_update(of=("self",)).filter(patron=patron_id, seat__branch=branch, **near)
    for booking in rows.select_related("seat").order_by("starts_at"):
        if rules.may_confirm(rules.Booking(booking.starts_at, booking.confirmed_at is not None), now):
            booking.confirmed_at = now
            booking.save(update_fields=["confirmed_at"])
            audit.record(actor, CONFIRM_SEAT, subject_type="patron", subject_id=patron_id)
            return booking
        if booking.confirmed_at is not None:
            return booking
    raise SeatRefused(gettext("いま確定できる席の予約はありません（開始の15分前から15分後まで）。"))


@transaction.atomic
def put_seat(actor: Actor, branch: Branch, kind: str, name: str, *, active: bool = True) -> Seat:
    """Offer a seat or terminal of that name, or take it back. ValidationError without a name or for an unknown kind."""
    access.require(actor, PUT_SEAT, branch)
    name = name.strip()[:20]
    if not name or kind not in Seat.Kind.values:
        raise ValidationError({"name": "種類と名称を入力してください。"})
    seat, _ = Seat.objects.update_or_create(branch=branch, name=name, defaults={"kind": kind, "is_active": active})
    audit.record(
        actor, PUT_SEAT, subject_type="branch", subject_id=branch.code, detail={"seat": name, "active": active}
    )
    return seat
