"""Patrons hold, change and cancel by themselves, without JavaScript, and see nobody else's."""

import pytest
from django.test import Client

from app.catalog.models import BibliographicRecord
from app.holds import actions
from app.holds.actions import Wanted
from app.holds.models import Hold, PurchaseRequest, Status
from app.patrons.actions import set_password
from app.terminals.models import Terminal
from app.tests import make
from app.transfers import actions as transfers

PASSWORD = "yomu-yomu-yomu-9"


@pytest.fixture
def reader(db):
    patron = make.patron(contact_by="mail", email="hanako@example.jp")
    set_password(patron, PASSWORD, temporary=False)
    return patron


@pytest.fixture
def browser(reader):
    client = Client()
    client.post("/my/sign-in/", {"card_number": reader.card_number, "password": PASSWORD})
    return client


def text_of(response) -> str:
    return response.content.decode()


@pytest.mark.req("F-RSV-024")
def test_a_reader_holds_changes_and_cancels_on_the_web(browser, reader):
    here, south = make.branch(), make.branch("nanbu", name="南部図書館", short="南部", number=902)
    copy = make.item(status="repair")
    page = text_of(browser.get(f"/records/{copy.record_id}/"))
    assert f'href="/records/{copy.record_id}/hold/"' in page
    form = text_of(browser.get(f"/records/{copy.record_id}/hold/"))
    assert f'<option value="{here.pk}" selected>' in form
    assert '<option value="mail" selected>' in form
    done = browser.post(f"/records/{copy.record_id}/hold/", {"pickup": south.pk, "contact": "phone"}, follow=True)
    assert "予約を受け付けました。1番目です。" in text_of(done)
    assert "南部図書館" in text_of(done)
    hold = Hold.objects.get()
    assert (hold.patron_id, hold.pickup, hold.contact, hold.route) == (reader.pk, south, "phone", "web")
    twice = browser.post(f"/records/{copy.record_id}/hold/", {"pickup": south.pk, "contact": "phone"})
    assert twice.status_code == 422
    assert "すでに予約" in text_of(twice)
    own = f"/my/holds/{hold.pk}/"
    assert browser.get(own).status_code == 200
    values = {"pickup": here.pk, "contact": "mail", "since": "", "until": "2027/1/10"}
    assert browser.post(own, values).status_code == 302
    hold.refresh_from_db()
    assert (hold.pickup, hold.contact, str(hold.suspended_until)) == (here, "mail", "2027-01-10")
    assert browser.post(own, {**values, "since": "2027/2/1"}).status_code == 422
    assert "取り消しました" in text_of(browser.post(f"{own}cancel/", follow=True))
    hold.refresh_from_db()
    assert hold.status == Status.CANCELLED
    assert "すでに終わって" in text_of(browser.post(f"{own}cancel/", follow=True))
    assert browser.get(own).status_code == 404


def test_nobody_elses_hold_is_shown_changed_or_cancelled(browser):
    other = make.patron()
    hold = actions.place(make.actor("librarian"), other.pk, Wanted(make.item().record_id, make.branch()))
    assert browser.get(f"/my/holds/{hold.pk}/").status_code == 404
    assert browser.post(f"/my/holds/{hold.pk}/cancel/").status_code == 404
    hold.refresh_from_db()
    assert hold.status == Status.PULL


def test_signing_in_leads_back_to_the_title_and_never_to_another_site(reader):
    title = make.item().record_id
    client = Client()
    answer = client.get(f"/records/{title}/hold/")
    assert answer["Location"] == f"/my/sign-in/?next=%2Frecords%2F{title}%2Fhold%2F"
    login = {"card_number": reader.card_number, "password": PASSWORD}
    assert client.post(answer["Location"], login)["Location"] == f"/records/{title}/hold/"
    for bad in ("//evil.example/", "https://evil.example/", "/staff/", "/nowhere/"):
        assert Client().post(f"/my/sign-in/?next={bad}", login)["Location"] == "/my/"
    assert Client().post(f"/my/holds/{title}/cancel/")["Location"] == "/my/sign-in/"


@pytest.mark.req("F-RSV-003")
def test_from_a_terminal_of_the_library_the_route_is_the_kiosk(browser):
    Terminal.objects.create(name="検索機1", branch=make.branch(), address="127.0.0.1")
    browser.post(f"/records/{make.item().record_id}/hold/", {"pickup": make.branch().pk, "contact": "mail"})
    assert Hold.objects.get().route == "kiosk"


@pytest.mark.req("F-RSV-016")
def test_my_page_shows_place_shelf_number_and_until_when(browser, reader):
    clerk, here = make.actor("librarian"), make.branch()
    ready, waiting = make.item("用意できた本"), make.item("待っている本", status="repair")
    actions.place(clerk, make.patron().pk, Wanted(waiting.record_id, here))
    actions.place(clerk, reader.pk, Wanted(waiting.record_id, here))
    first = actions.place(clerk, reader.pk, Wanted(ready.record_id, here, "none"))
    actions.receive(clerk, ready.barcode, here)
    first.refresh_from_db()
    page = text_of(browser.get("/my/"))
    assert "2番目" in page
    assert "棚番号 <b>1</b>" in page
    assert f"{first.keep_until.year}年{first.keep_until.month}月{first.keep_until.day}日" in page


@pytest.mark.req("F-RSV-002")
@pytest.mark.req("F-RSV-031")
def test_an_issue_of_a_magazine_is_chosen(browser):
    magazine = BibliographicRecord.objects.create(title="暮しの手帖", material_type="magazine")
    june, _ = (make.item(record=magazine, material_type="magazine", call_number=n) for n in ("6月号", "7月号"))
    assert "6月号" in text_of(browser.get(f"/records/{magazine.pk}/hold/"))
    here = make.branch()
    wrong = browser.post(f"/records/{magazine.pk}/hold/", {"pickup": here.pk, "contact": "mail", "item": "1"})
    assert wrong.status_code == 422
    browser.post(f"/records/{magazine.pk}/hold/", {"pickup": here.pk, "contact": "mail", "item": june.pk})
    assert Hold.objects.get().only_item_id == june.pk


def test_what_is_kept_or_on_its_way_is_not_shown_as_on_the_shelf(browser):
    clerk, here = make.actor("librarian"), make.branch()
    south = make.branch("nanbu", name="南部図書館", short="南部", number=902)
    copy = make.item()
    actions.place(clerk, make.patron().pk, Wanted(copy.record_id, here))
    assert "1点 貸出できます" in text_of(browser.get(f"/records/{copy.record_id}/"))
    actions.receive(clerk, copy.barcode, here)
    page = text_of(browser.get(f"/records/{copy.record_id}/"))
    assert "予約取置中" in page
    assert "いま貸出できる資料はありません" in page
    assert "予約 1件" in page
    other = make.item()
    transfers.send(clerk, other, south, "request", here)
    assert "回送中" in text_of(browser.get(f"/records/{other.record_id}/"))


@pytest.mark.req("F-RSV-028")
def test_a_wish_for_what_is_there_leads_to_a_hold_and_any_other_is_received(browser, reader):
    from app.catalog.actions import create_record

    there = create_record(make.actor("librarian"), {"title": "銀河鉄道の夜"})
    page = browser.post("/my/request/", {"title": "銀河鉄道の夜"})
    assert page.status_code == 422
    assert f"/records/{there.pk}/hold/" in text_of(page)
    done = browser.post("/my/request/", {"title": "まだない本", "isbn": ""}, follow=True)
    assert "希望を受け付けました" in text_of(done)
    made = PurchaseRequest.objects.get()
    assert (made.patron_id, made.route) == (reader.pk, "web")
    assert browser.post("/my/request/", {"title": ""}).status_code == 422
    assert Client().post(f"/my/request/{made.pk}/withdraw/")["Location"] == "/my/sign-in/"
    browser.post(f"/my/request/{made.pk}/withdraw/")
    assert not PurchaseRequest.objects.exists()
    assert browser.post(f"/my/request/{made.pk}/withdraw/").status_code == 404
