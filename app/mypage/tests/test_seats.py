"""Seats by the hour: booked, confirmed on coming, free again a quarter of an hour after the start."""

from datetime import datetime, time, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from app.mypage import jobs, rules, seating
from app.mypage.actions import seats
from app.mypage.actions.seats import SeatRefused
from app.mypage.models import Seat, SeatBooking
from app.terminals.models import Terminal
from app.tests import make

from .conftest import actor, signed_in, text_of


def hour(n, days=1):
    """The n-th hour of a day to come."""
    day = timezone.localdate() + timedelta(days=days)
    return datetime.combine(day, time(n), timezone.get_current_timezone())


@pytest.fixture
def seat(db):
    return seats.put_seat(make.actor("librarian"), make.branch(), "study", "学習席1")


@pytest.mark.req("F-MYP-015")
def test_a_seat_that_is_not_confirmed_fifteen_minutes_after_the_start_is_free_for_the_next(seat, reader):
    other, starts = make.patron(), hour(10)
    before = starts - timedelta(hours=3)
    seats.book(actor(reader), reader.pk, seat.pk, starts, before)
    with pytest.raises(SeatRefused, match="先に予約"):
        seats.book(actor(other), other.pk, seat.pk, starts, before)
    state = lambda now: seating.plan_of(seat.branch, starts.date(), other.pk, now)[starts.hour - 9].places[0].state  # noqa: E731
    at_last = starts + timedelta(minutes=15)
    assert state(at_last - timedelta(seconds=1)) == "taken"
    assert state(at_last) != "taken"  # nothing had to run for it
    with pytest.raises(SeatRefused, match="確定できる"):
        seats.confirm_here(actor(reader), reader.pk, seat.branch, at_last)
    later = hour(11)
    seats.book(actor(other), other.pk, seat.pk, later, at_last)
    assert not SeatBooking.objects.filter(patron=reader).exists()
    jobs.forget(later + timedelta(days=1))
    assert not SeatBooking.objects.exists()


@pytest.mark.req("F-MYP-015")
def test_who_comes_in_time_keeps_the_seat_at_the_counter_or_at_a_terminal_inside(seat, reader):
    starts = hour(10)
    seats.book(actor(reader), reader.pk, seat.pk, starts, starts - timedelta(hours=2))
    with pytest.raises(SeatRefused):
        seats.confirm_here(make.actor(), reader.pk, seat.branch, starts - timedelta(minutes=16))
    done = seats.confirm_here(make.actor(), reader.pk, seat.branch, starts + timedelta(minutes=14))
    assert seats.confirm_here(make.actor(), reader.pk, seat.branch, starts + timedelta(minutes=20)) == done
    plan = seating.plan_of(seat.branch, starts.date(), reader.pk, starts + timedelta(minutes=50))
    assert plan[starts.hour - 9].places[0].state == "here"
    browser = signed_in(reader)
    assert "館の中の端末か窓口" in text_of(browser.post("/my/seats/confirm/", {}, follow=True)).replace("図書", "")
    Terminal.objects.create(name="検索機1", branch=seat.branch, address="127.0.0.1")
    assert "確定できる席の予約はありません" in text_of(browser.post("/my/seats/confirm/", {}, follow=True))


def test_the_page_books_and_gives_back_and_the_staffs_page_names_nobody(seat, reader):
    browser, starts = signed_in(reader), hour(12)
    day = starts.date().isoformat()
    page = text_of(browser.get(f"/my/seats/?branch={seat.branch_id}&day={day}"))
    assert f'value="{seat.pk}@{starts.isoformat()}"' in page
    sent = {"place": f"{seat.pk}@{starts.isoformat()}", "branch": seat.branch_id, "day": day}
    for _ in range(2):
        assert "予約しました" in text_of(browser.post("/my/seats/book/", sent, follow=True))
    made = SeatBooking.objects.get()
    assert "自分の予約" in text_of(browser.get(f"/my/seats/?day={day}"))
    assert "予約済み" in text_of(signed_in(make.patron()).get(f"/my/seats/?day={day}"))
    browser.post(f"/my/seats/{made.pk}/cancel/", {"branch": seat.branch_id, "day": day})
    assert not SeatBooking.objects.exists()
    clerk = make.client()
    page = text_of(clerk.get("/terminals/seats/"))
    assert "学習席1" in page
    assert reader.name not in page
    assert clerk.post("/terminals/seats/put/", {"kind": "study", "name": "x"}).status_code == 403
    assert "この番号の利用者はいません" in text_of(
        clerk.post("/terminals/seats/confirm/", {"number": "5"}, follow=True)
    )
    chief = make.client("librarian")
    chief.post("/terminals/seats/put/", {"kind": "terminal", "name": "ネット1"})
    chief.post("/terminals/seats/put/", {"kind": "study", "name": "学習席1", "active": "no"})
    assert list(Seat.objects.filter(is_active=True).values_list("name", flat=True)) == ["ネット1"]
    assert chief.post("/terminals/seats/put/", {"kind": "bed", "name": ""}).status_code == 422
    assert Client().get("/terminals/seats/").status_code == 302


def test_limits_and_odd_hours_are_refused_with_a_sentence(seat, reader, browser):
    me, before = actor(reader), hour(9, days=0)
    for bad in (hour(10).replace(minute=30), hour(3), hour(10, days=9), hour(10, days=-1)):
        with pytest.raises(SeatRefused):
            seats.book(me, reader.pk, seat.pk, bad, before)
    second = seats.put_seat(make.actor("librarian"), seat.branch, "study", "学習席2")
    for n in (10, 11, 12):
        seats.book(me, reader.pk, seat.pk, hour(n), before)
    with pytest.raises(SeatRefused, match="3時間"):
        seats.book(me, reader.pk, seat.pk, hour(13), before)
    with pytest.raises(SeatRefused, match="同じ時間"):
        seats.book(me, reader.pk, second.pk, hour(10), before)
    for place in (
        "",
        "x@y",
        f"{seat.pk}@2026-13-01",
        f"{'9' * 30}@{hour(14).isoformat()}",
        f"{seat.pk}@{hour(14):%Y-%m-%dT%H}",
    ):
        assert "予約しました" not in text_of(browser.post("/my/seats/book/", {"place": place}, follow=True))
    assert rules.hour_problem(hour(10), hour(10) + timedelta(minutes=15), 9, 17) == "past"
