"""The basket: collected without a session, held at once with one place."""

import pytest
from django.test import Client

from app.holds.actions import Wanted, place
from app.holds.models import Hold
from app.mypage import basket
from app.patrons.actions import set_password
from app.tests import make

from .conftest import PASSWORD, actor, text_of

CHANGE = "/my/basket/change/"


@pytest.mark.req("F-OPA-020")
def test_five_titles_are_collected_before_signing_in_and_held_at_one_place_chosen_once(reader):
    south = make.branch("nanbu", name="南部図書館", short="南部", number=902)
    records = [make.item(f"かごの本{n}").record for n in range(5)]
    browser = Client()
    for record in records:
        assert f'name="record" value="{record.pk}"' in text_of(browser.get(f"/records/{record.pk}/"))
        assert browser.post(CHANGE, {"record": record.pk})["Location"] == "/my/basket/"
    page = text_of(browser.get("/my/basket/"))
    assert "予約かご (5)" in page
    assert "サインインして予約へ進む" in page
    assert set(browser.cookies) == {basket.COOKIE}  # still nobody: no session
    set_password(reader, PASSWORD, temporary=False)
    login = {"card_number": reader.card_number, "password": PASSWORD}
    assert browser.post("/my/sign-in/?next=/my/basket/", login)["Location"] == "/my/basket/"
    page = text_of(browser.get("/my/basket/"))
    assert page.count('name="pickup"') == 1
    assert "5件を予約する" in page
    done = browser.post("/my/basket/hold/", {"pickup": south.pk, "contact": "phone", "together": ""})
    assert "5件のうち5件を予約しました" in text_of(done)
    assert text_of(done).count("予約しました</span>") == 5
    holds = Hold.objects.filter(patron=reader)
    assert {hold.record_id for hold in holds} == {record.pk for record in records}
    assert {(hold.pickup_id, hold.contact, hold.route) for hold in holds} == {(south.pk, "phone", "web")}
    assert "何も入っていません" in text_of(browser.get("/my/basket/"))


@pytest.mark.req("F-OPA-020")
def test_each_title_says_what_came_of_it_and_what_was_refused_stays_in_the_basket(reader, browser):
    free, twice, inside = (
        make.item("待つ本", status="repair"),
        make.item("予約ずみの本"),
        make.item("禁帯出の本", reference_only=True),
    )
    place(actor(reader), reader.pk, Wanted(twice.record_id, make.branch(), "mail", "web"))
    browser.post(CHANGE, {"record": [free.record_id, twice.record_id, inside.record_id]})
    values = {"pickup": make.branch().pk, "contact": "mail"}
    page = text_of(browser.post("/my/basket/hold/", values))
    assert "3件のうち1件を予約しました" in page
    assert "1番目です" in page
    assert "すでに予約しています" in page
    assert "館内でだけ利用できる" in page
    left = text_of(browser.get("/my/basket/"))
    assert "予約かご (2)" in left
    assert "待つ本" not in left
    again = text_of(browser.post("/my/basket/hold/", values))
    assert "2件のうち0件" in again
    assert Hold.objects.filter(patron=reader).count() == 2


def test_titles_can_be_held_together_in_their_order(reader, browser):
    first, second = make.item("上巻", status="repair"), make.item("下巻", status="repair")
    browser.post(CHANGE, {"record": [first.record_id, second.record_id]})
    browser.post("/my/basket/hold/", {"pickup": make.branch().pk, "contact": "mail", "together": "series"})
    assert [hold.set_order for hold in Hold.objects.order_by("pk")] == [1, 2]


def test_taking_out_emptying_and_odd_values(db):
    record = make.item("ただの本").record
    browser = Client()
    browser.post(CHANGE, {"record": [record.pk, record.pk, "x", "-1", "９", "9" * 40, str(record.pk + 999)]})
    assert "予約かご (1)" in text_of(browser.get("/my/basket/"))
    browser.post(CHANGE, {"remove": record.pk})
    assert "何も入っていません" in text_of(browser.get("/my/basket/"))
    browser.post(CHANGE, {"record": list(range(1, 60))})
    assert len(browser.cookies[basket.COOKIE].value.split(".")) == basket.MOST
    browser.post(CHANGE, {"empty": "yes"})
    assert not browser.cookies[basket.COOKIE].value
    browser.cookies[basket.COOKIE] = "'; DROP.1x.<b>.."
    assert browser.get("/my/basket/").status_code == 200


def test_the_pages_script_gets_a_number_and_another_site_gets_nothing(db):
    record = make.item("ただの本").record
    browser = Client()
    answer = browser.post(CHANGE, {"record": record.pk}, headers={"Accept": "application/json"})
    assert answer.json() == {"count": 1, "said": "かごに入れました。"}
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        refused = Client().post(CHANGE, {"record": record.pk}, headers=headers)
        assert refused.status_code == 403
        assert basket.COOKIE not in refused.cookies
    assert Client().post(CHANGE, {"record": 1}, headers={"Origin": "http://testserver"}).status_code == 302


def test_whoever_only_looks_around_has_no_cookie(db):
    record = make.item("ただの本").record
    browser = Client()
    for path in ("/", f"/records/{record.pk}/", "/my/basket/"):
        assert browser.get(path).status_code == 200
    assert not browser.cookies


def test_a_hidden_title_is_not_shown_and_signing_out_empties_the_basket(reader, browser):
    record = make.item("隠した本").record
    type(record).objects.filter(pk=record.pk).update(visibility="staff")
    browser.post(CHANGE, {"record": record.pk})
    assert "隠した本" not in text_of(browser.get("/my/basket/"))
    browser.post("/my/sign-out/")
    assert not browser.cookies[basket.COOKIE].value
