"""Events: places, those who wait, lots, and what is forgotten."""

import threading
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from app.access.actor import Actor
from app.reference import jobs, rules
from app.reference.actions import events
from app.reference.models import Application, Event
from app.tests import make

from .test_questions import reader

State = Application.State


def announce(**fields):
    now = timezone.now()
    given = {
        "title": "おはなし会", "body": "絵本を読みます。", "branch": make.branch(), "place": "", "audience": "",
        "starts_at": now + timedelta(days=7), "ends_at": now + timedelta(days=7, hours=1), "choosing": "order",
        "capacity": 20, "waiting": 10, "opens_at": now - timedelta(days=1), "closes_at": now + timedelta(days=6),
        "is_ready": True,
    }  # fmt: skip
    return events.announce(make.actor("librarian"), {**given, **fields})


def apply(event, who=None, now=None):
    who = who or make.patron()
    return events.apply(Actor("patron", str(who.pk)), who, event.pk, now or timezone.now())


@pytest.mark.req("F-OPA-030")
@pytest.mark.django_db
def test_of_twenty_places_the_twenty_first_waits_and_gets_the_place_that_is_given_up():
    event = announce()
    first = make.patron()
    states = [apply(event, first).state] + [apply(event).state for _ in range(19)]
    assert states == [State.PLACE] * 20
    browser, _late = reader()
    answer = browser.post(f"/events/{event.pk}/apply/", {"do": "apply"}, follow=True).content.decode()
    assert "補欠の1番目です" in answer
    assert "補欠" in browser.get("/my/").content.decode()
    assert "定員に達しました" in Client().get(f"/events/{event.pk}/").content.decode()
    assert events.cancel(Actor("patron", str(first.pk)), first, event.pk)
    assert "参加できます" in browser.get(f"/events/{event.pk}/apply/").content.decode()


@pytest.mark.req("F-OPA-030")
@pytest.mark.django_db
def test_applied_twice_it_is_one_and_when_nobody_can_wait_it_is_said():
    event = announce(capacity=1, waiting=1)
    who = make.patron()
    assert apply(event, who).pk == apply(event, who).pk
    apply(event)
    with pytest.raises(ValidationError, match="いっぱい"):
        apply(event)
    with pytest.raises(ValidationError, match="終わりました"):
        apply(announce(closes_at=timezone.now() - timedelta(hours=1)))
    for hidden in (announce(is_ready=False), announce(choosing="none", capacity=None, closes_at=None)):
        with pytest.raises(ValidationError, match="受け付けていません"):
            apply(hidden)


@pytest.mark.req("F-OPA-030")
@pytest.mark.django_db
def test_lots_are_drawn_once_after_the_time_and_everybody_has_an_answer():
    event = announce(choosing="lottery", capacity=3, waiting=2)
    for _ in range(8):
        assert apply(event).state == State.APPLIED
    chief = make.actor("librarian")
    with pytest.raises(ValidationError, match="受付の終了後"):
        events.draw(chief, event.pk, timezone.now())
    after = event.closes_at + timedelta(minutes=1)
    assert events.draw(chief, event.pk, after) == 3
    states = sorted(event.applications.values_list("state", flat=True))
    assert states == [State.LOST] * 3 + [State.PLACE] * 3 + [State.WAITING] * 2
    with pytest.raises(ValidationError, match="済んでいます"):
        events.draw(chief, event.pk, after)
    happy = event.applications.filter(state=State.PLACE).first()
    waits = event.applications.filter(state=State.WAITING).order_by("order").first()
    events.cancel(Actor("patron", str(happy.patron_id)), happy.patron, event.pk)
    waits.refresh_from_db()
    assert waits.state == State.PLACE


@given(st.integers(0, 60), st.integers(1, 30), st.integers(0, 20))
def test_a_draw_loses_nobody_and_fills_every_place(people, capacity, most_waiting):
    lots = {person: (person * 7919) % 101 for person in range(people)}
    places, waiting, lost = rules.drawn(lots, capacity, most_waiting)
    assert sorted(places + waiting + lost) == list(range(people))
    assert len(places) == min(people, capacity)
    assert len(waiting) == min(max(0, people - capacity), most_waiting)
    order = [lots[person] for person in places + waiting + lost]
    assert order == sorted(order)


@pytest.mark.req("F-OPA-030")
@pytest.mark.django_db(transaction=True)
def test_two_who_apply_for_the_last_place_at_once_do_not_both_get_it():
    event = announce(capacity=1)
    people = [make.patron() for _ in range(4)]
    begin = threading.Barrier(len(people))

    def one(who):
        try:
            begin.wait()
            apply(event, who)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(who,)) for who in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert event.applications.filter(state=State.PLACE).count() == 1
    assert event.applications.filter(state=State.WAITING).count() == 3


@pytest.mark.req("F-OPA-030")
@pytest.mark.django_db
def test_staff_announce_see_who_comes_call_off_and_forget():
    browser = make.client("librarian")
    start = timezone.localtime() + timedelta(days=7)
    data = {
        "title": "読書会", "body": "## 当日\n- 本を持参", "branch": make.branch().pk, "choosing": "order",
        "starts_at": f"{start:%Y-%m-%dT%H:%M}", "ends_at": f"{start + timedelta(hours=1):%Y-%m-%dT%H:%M}",
        "capacity": "2", "waiting": "1", "opens_at": f"{start - timedelta(days=9):%Y-%m-%dT%H:%M}",
        "closes_at": f"{start - timedelta(days=1):%Y-%m-%dT%H:%M}", "is_ready": "on",
    }  # fmt: skip
    wrong = browser.post("/reference/events/new/", {**data, "capacity": ""})
    assert wrong.status_code == 422
    assert "定員を入力してください" in wrong.content.decode()
    assert browser.post("/reference/events/new/", data).status_code == 302
    event = Event.objects.get()
    assert "読書会" in Client().get("/events/").content.decode()
    assert "<li>本を持参</li>" in Client().get(f"/events/{event.pk}/").content.decode()
    for _ in range(3):
        apply(event)
    shown = browser.get(f"/reference/events/{event.pk}/").content.decode()
    assert "参加 2人・補欠 1人" in shown
    # Fewer places than were promised cannot be; one more goes to who waits.
    address = f"/reference/events/{event.pk}/edit/"
    fewer = browser.post(address, {**data, "capacity": "1", "seen": browser.get(address).context["seen"]})
    assert "参加が決まっている人が2人" in fewer.content.decode()
    more = browser.post(address, {**data, "capacity": "3", "seen": browser.get(address).context["seen"]})
    assert more.status_code == 302
    assert event.applications.filter(state=State.PLACE).count() == 3
    browser.post(f"/reference/events/{event.pk}/act/", {"do": "call_off"})
    assert "中止" in Client().get("/events/").content.decode()
    past = event.ends_at + timedelta(days=40)
    jobs.forget(past)
    event.refresh_from_db()
    assert event.attended == 3
    assert Application.objects.count() == 0
