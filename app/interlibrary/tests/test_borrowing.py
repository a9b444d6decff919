"""Borrowing from another library for a reader, from the wish to the parcel that goes back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from app.catalog import search
from app.catalog.models import Item
from app.circulation.models import Loan
from app.holds import actions as holds
from app.holds.models import Hold, PurchaseRequest, Status
from app.interlibrary import actions
from app.interlibrary.actions import BorrowingRefused
from app.interlibrary.models import Borrowing, Partner
from app.tests import make

pytestmark = pytest.mark.django_db


def text_of(response) -> str:
    return response.content.decode()


@pytest.fixture
def clerk():
    return make.actor("librarian")


@pytest.fixture
def browser():
    return make.client("librarian")


@pytest.fixture
def prefecture():
    return Partner.objects.create(name="県立長野図書館", isil="JP-1001000", phone="026-000-1111", sending="週一便")


def wish(clerk, title="見たことのない本"):
    made = holds.ask(clerk, make.patron().pk, holds.Asked(title, creator="宮沢 賢治"))
    return holds.decide_request(clerk, made.pk, "borrow", "絶版")


def due():
    return timezone.localdate() + timedelta(days=21)


@pytest.mark.req("F-RSV-030", "F-ILL-001")
def test_a_wish_becomes_a_written_request_and_the_thing_that_comes_is_its_readers(clerk, browser, prefecture):
    made = wish(clerk)
    assert f"/interlibrary/requests/{made.pk}/" in text_of(browser.get(f"/holds/requests/{made.pk}/"))
    answer = browser.post(f"/interlibrary/requests/{made.pk}/", {"partner": prefecture.pk})
    assert answer.status_code == 302
    asked = Borrowing.objects.get()
    paper = text_of(browser.get(f"/interlibrary/{asked.pk}/paper/"))
    assert all(text in paper for text in ("県立長野図書館", "JP-1001000", made.title, "宮沢 賢治", "週一便"))
    assert made.patron.name not in paper
    assert made.patron.card_number not in paper
    came = browser.post(f"/interlibrary/{asked.pk}/act/", {"act": "arrive", "due_on": f"{due():%Y/%m/%d}"}, follow=True)
    assert came.status_code == 200
    item = Item.objects.get(borrowing=asked)
    hold = Hold.objects.get(patron=made.patron)
    assert (hold.item, hold.status, hold.received_at) == (item, Status.READY, made.received_at)
    assert not PurchaseRequest.objects.exists()
    # Readers of the catalogue do not find what goes back to its library.
    found = search.search(search.Query(text=made.title, shown_to="public"))
    assert found.total == 0


@pytest.mark.req("F-ILL-004")
def test_it_is_lent_and_taken_back_at_the_counter_like_our_own_and_then_goes_back(clerk, browser, prefecture):
    made = wish(clerk)
    asked = actions.ask_for_wish(clerk, made.pk, prefecture)
    actions.arrive(clerk, asked.pk, due())
    item = Item.objects.get(borrowing=asked)
    with pytest.raises(BorrowingRefused, match="取り置いて"):
        actions.send_back(clerk, asked.pk)
    counter = make.client("counter")
    as_json = {"accept": "application/json"}
    token = counter.post("/counter/", {"scan": made.patron.card_number, "token": ""}, headers=as_json).json()["token"]
    lent = counter.post("/counter/", {"scan": item.barcode, "token": token}, headers=as_json).json()
    assert lent["code"] == "lend"
    assert Loan.objects.get().item == item
    with pytest.raises(BorrowingRefused, match="貸出中"):
        actions.send_back(clerk, asked.pk)
    back = counter.post("/counter/return/", {"scan": item.barcode}, headers=as_json).json()
    assert back["code"] == "give_back"
    assert browser.post(f"/interlibrary/{asked.pk}/act/", {"act": "return"}).status_code == 302
    asked.refresh_from_db()
    item.refresh_from_db()
    assert (asked.state, item.status) == ("returned", "withdrawn")


@pytest.mark.req("F-ILL-003")
def test_states_are_counted_and_what_is_asked_for_two_weeks_is_a_list(clerk, browser, prefecture):
    first, second, third = (actions.ask_for_wish(clerk, wish(clerk, title).pk, prefecture) for title in "甲乙丙")
    Borrowing.objects.filter(pk=first.pk).update(asked_on=timezone.localdate() - timedelta(days=14))
    actions.refuse(clerk, second.pk, "貸出中")
    page = text_of(browser.get("/interlibrary/?state=slow"))
    assert f"/interlibrary/{first.pk}/" in page
    assert f"/interlibrary/{third.pk}/" not in page
    assert "依頼中 2" in page
    assert "謝絶 1" in page
    assert "14日以上依頼中 1" in page


@pytest.mark.req("F-ILL-003")
def test_what_one_library_refuses_is_asked_of_the_next(clerk, prefecture):
    made = wish(clerk)
    first = actions.ask_for_wish(clerk, made.pk, prefecture)
    with pytest.raises(BorrowingRefused):
        actions.ask_for_wish(clerk, made.pk, prefecture)
    actions.refuse(clerk, first.pk)
    made.refresh_from_db()
    assert made.status == "borrow"
    other = Partner.objects.create(name="松本市中央図書館")
    second = actions.ask_for_wish(clerk, made.pk, other)
    first.refresh_from_db()
    assert (first.state, first.request, second.request) == ("refused", None, made)


@pytest.mark.req("F-ILL-006")
def test_what_may_be_used_inside_only_is_refused_at_the_counter(clerk, prefecture):
    made = wish(clerk)
    asked = actions.ask_for_wish(clerk, made.pk, prefecture)
    actions.arrive(clerk, asked.pk, due(), inside_only=True)
    item = Item.objects.get(borrowing=asked)
    counter, as_json = make.client("counter"), {"accept": "application/json"}
    token = counter.post("/counter/", {"scan": made.patron.card_number, "token": ""}, headers=as_json).json()["token"]
    answer = counter.post("/counter/", {"scan": item.barcode, "token": token}, headers=as_json).json()
    assert answer["code"] != "lend"
    assert not Loan.objects.exists()


def test_a_day_that_is_over_is_no_due_date_and_nothing_is_taken_in(clerk, browser, prefecture):
    asked = actions.ask_for_wish(clerk, wish(clerk).pk, prefecture)
    for day in ("", "きのう", f"{timezone.localdate():%Y/%m/%d}"):
        answer = browser.post(f"/interlibrary/{asked.pk}/act/", {"act": "arrive", "due_on": day})
        assert answer.status_code == 422
    assert not Item.objects.exists()
    assert PurchaseRequest.objects.get().status == "ordered"


def test_the_counter_neither_borrows_nor_decides_about_libraries(prefecture):
    counter = make.client("counter")
    assert counter.get("/interlibrary/").status_code == 403
    assert counter.get("/interlibrary/partners/").status_code == 403
