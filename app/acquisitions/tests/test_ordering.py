"""Orders, what arrives, and a reader's wish on its way to the hold shelf."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from app.acquisitions import actions, queries
from app.acquisitions.actions import OrderRefused, Wanted
from app.acquisitions.models import Order, Receipt, Vendor, Wished
from app.audit.models import AuditEvent
from app.catalog.models import BibliographicRecord, Item
from app.holds import actions as holds
from app.holds.models import Hold, PurchaseRequest, Status
from app.holds.tests.test_privacy import together
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
def shop():
    return Vendor.objects.create(name="信濃書房", discount_percent=10)


def wish(clerk, title="見たことのない本", **more):
    made = holds.ask(clerk, make.patron().pk, holds.Asked(title, creator="宮沢 賢治", **more))
    return holds.decide_request(clerk, made.pk, "buy", "要望が多い")


@pytest.mark.req("F-RSV-030")
def test_one_wish_becomes_one_order_and_the_copy_that_comes_is_its_readers(clerk, browser, shop):
    made = wish(clerk)
    page = browser.get(f"/holds/requests/{made.pk}/")
    assert f"/acquisitions/requests/{made.pk}/" in text_of(page)
    form = {"branch": made.pickup_id, "vendor": shop.pk, "copies": "1", "list_price": "1980", "record": "new"}
    done = browser.post(f"/acquisitions/requests/{made.pk}/", form)
    assert done.status_code == 302
    order = Order.objects.get()
    assert (order.record.title, order.record.creators, order.expected_price) == (made.title, ["宮沢 賢治"], 1782)
    made.refresh_from_db()
    assert (made.status, made.ordered.order) == ("ordered", order)
    # Somebody else finds the ordered book in the catalogue meanwhile, and waits behind who wished for it.
    other = holds.place(clerk, make.patron().pk, holds.Wanted(order.record_id, order.branch))
    arrived = browser.post(f"/acquisitions/orders/{order.pk}/receive/", {"barcode": "", "ready": "on"}, follow=True)
    item = Item.objects.get(record=order.record)
    hold = Hold.objects.get(patron=made.patron)
    assert (hold.item, hold.status, hold.received_at) == (item, Status.READY, made.received_at)
    assert str(hold.shelf_number or "") in text_of(arrived)
    other.refresh_from_db()
    assert other.status == Status.WAITING
    assert (item.acquisition, item.acquired_from, item.price) == ("purchase", "信濃書房", 1782)
    assert not PurchaseRequest.objects.exists()
    assert not Wished.objects.exists()
    order.refresh_from_db()
    assert (order.status, order.arrived) == (Order.Status.RECEIVED, 1)


@pytest.mark.req("F-RSV-030")
def test_a_wish_is_ordered_by_the_record_that_is_there_and_once_only(clerk, browser, shop):
    known = BibliographicRecord.objects.create(title="ある本", isbn13="9784101010014")
    made = wish(clerk, "ある本", isbn="9784101010014")
    page = browser.get(f"/acquisitions/requests/{made.pk}/")
    assert f'value="{known.pk}" checked' in text_of(page)
    form = {"branch": made.pickup_id, "vendor": shop.pk, "copies": "2", "record": known.pk}
    browser.post(f"/acquisitions/requests/{made.pk}/", form)
    assert Order.objects.get().record == known
    again = browser.post(f"/acquisitions/requests/{made.pk}/", form)
    assert again.status_code == 422
    assert "「購入」と選定した希望だけ" in text_of(again)
    assert Order.objects.count() == 1


def test_only_what_was_decided_to_be_bought_is_ordered(clerk, shop):
    asked = holds.ask(clerk, make.patron().pk, holds.Asked("ある本"))
    with pytest.raises(OrderRefused, match="購入"):
        actions.order_wish(clerk, asked.pk, None, Wanted(make.branch(), shop))
    assert not BibliographicRecord.objects.exists()


@pytest.mark.req("F-ACQ-003")
def test_a_book_that_is_on_order_is_ordered_again_only_by_a_second_press(browser, shop):
    record = BibliographicRecord.objects.create(title="ある本")
    form = {"branch": make.branch().pk, "vendor": shop.pk, "copies": "3"}
    address = f"/acquisitions/records/{record.pk}/"
    assert browser.post(address, form).status_code == 302
    warned = browser.post(address, form)
    assert warned.status_code == 422
    assert "すでに3冊を発注中" in text_of(warned)
    assert 'name="again" value="yes"' in text_of(warned)
    assert Order.objects.count() == 1
    assert browser.post(address, {**form, "again": "yes"}).status_code == 302
    assert queries.state_of(record.pk) == (0, 6, 0)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"copies": "0"}, "1 以上"), ({"copies": "100"}, "99 以下"), ({"list_price": "-1"}, "0 以上")],
)
def test_a_wrong_value_is_named_and_nothing_is_ordered(browser, shop, wrong, words):
    record = BibliographicRecord.objects.create(title="ある本")
    form = {"branch": make.branch().pk, "vendor": shop.pk, "copies": "1", **wrong}
    answer = browser.post(f"/acquisitions/records/{record.pk}/", form)
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert not Order.objects.exists()


def test_copies_arrive_one_by_one_and_no_more_than_were_ordered(clerk, browser, shop):
    record = BibliographicRecord.objects.create(title="ある本")
    order = actions.order(clerk, record.pk, Wanted(make.branch(), shop, copies=2, list_price=1000))
    got = actions.receive(clerk, order.pk, price=950, ready=False)
    assert (got.item.status, got.next, got.item.price) == ("processing", None, 950)
    assert "残り 1冊" in text_of(browser.get(f"/acquisitions/orders/{order.pk}/"))
    wrong = browser.post(f"/acquisitions/orders/{order.pk}/receive/", {"barcode": got.item.barcode})
    assert wrong.status_code == 422
    assert Receipt.objects.count() == 1
    actions.receive(clerk, order.pk, ready=True)
    with pytest.raises(OrderRefused, match="受入済"):
        actions.receive(clerk, order.pk, ready=True)
    assert Item.objects.filter(record=record).count() == 2
    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(arrived=3)


def test_what_is_cancelled_is_to_be_decided_again(clerk, browser, shop):
    made = wish(clerk)
    order = actions.order_wish(clerk, made.pk, None, Wanted(made.pickup, shop))
    assert browser.post(f"/acquisitions/orders/{order.pk}/cancel/", {"why": ""}).status_code == 422
    assert browser.post(f"/acquisitions/orders/{order.pk}/cancel/", {"why": "絶版"}).status_code == 302
    made.refresh_from_db()
    order.refresh_from_db()
    assert (made.status, order.status, order.ended_why) == ("buy", Order.Status.CANCELLED, "絶版")
    assert not Wished.objects.exists()
    with pytest.raises(OrderRefused):
        actions.cancel(clerk, order.pk, "もう一度")


def test_the_list_tells_what_is_open_and_goes_out_as_a_file(clerk, browser, shop):
    record = BibliographicRecord.objects.create(title="待たれる本")
    order = actions.order(clerk, record.pk, Wanted(make.branch(), shop))
    assert "待たれる本" in text_of(browser.get("/acquisitions/"))
    assert "待たれる本" not in text_of(browser.get(f"/acquisitions/?vendor={shop.pk + 1}"))
    file = browser.get("/acquisitions/?as=csv")
    assert "待たれる本" in b"".join(file.streaming_content).decode("utf-8-sig", "replace")
    actions.receive(clerk, order.pk, ready=True)
    assert "待たれる本" not in text_of(browser.get("/acquisitions/"))
    assert "待たれる本" in text_of(browser.get("/acquisitions/?state=received"))


def test_booksellers_are_kept_by_those_who_may(browser):
    form = {"name": "信濃書房", "discount_percent": "10", "is_active": "on"}
    assert browser.post("/acquisitions/vendors/", form).status_code == 302
    assert browser.post("/acquisitions/vendors/", form).status_code == 422
    assert browser.post("/acquisitions/vendors/", {**form, "name": "別", "discount_percent": "101"}).status_code == 422
    assert Vendor.objects.get().discount_percent == 10
    counter = make.client("counter")
    assert counter.get("/acquisitions/vendors/").status_code == 403
    assert counter.get("/acquisitions/").status_code == 403


def test_nothing_that_stays_says_who_wished_for_what(clerk, shop):
    reader = make.patron(pk=771_000_103)
    made = holds.ask(clerk, reader.pk, holds.Asked("ある本"), timezone.now())
    holds.decide_request(clerk, made.pk, "buy", "要望")
    number = made.pk
    order = actions.order_wish(clerk, made.pk, None, Wanted(make.branch(), shop))
    got = actions.receive(clerk, order.pk, ready=True)
    hold = Hold.objects.get()
    # What is logged beside the order, the record or the item names neither the request nor the hold.
    later = AuditEvent.objects.filter(operation__in=["holds.select", "acquisitions.order", "acquisitions.receive"])
    assert later.exists()
    assert not later.filter(subject_type__in=["request", "hold"]).exists()
    assert not any(str(number) == event.subject_id for event in later if event.subject_type != "order")
    hold.delete()
    assert together(rf"\b{reader.pk}\b|{reader.card_number}", rf"\b{got.item.barcode}\b") == []
