"""Holds as their readers see, change, cancel and arrange them."""

import pytest
from django.utils import timezone

from app.holds import actions
from app.holds.actions import HoldRefused, Wanted, sets
from app.holds.models import Hold, HoldSet
from app.tests import make

from .conftest import actor, signed_in, text_of


def place(patron, item, pickup=None):
    return actions.place(actor(patron), patron.pk, Wanted(item.record_id, pickup or make.branch(), "mail", "web"))


@pytest.mark.req("F-MYP-005")
def test_a_ready_hold_shows_where_and_until_when_a_waiting_one_its_place(reader, browser):
    south = make.branch("nanbu", name="南部図書館", short="南部", number=902)
    ready, busy = make.item("用意できた本", branch=south), make.item("待っている本", status="repair")
    place(make.patron(), busy)
    place(reader, busy)
    hold = place(reader, ready, south)
    actions.receive(make.actor("librarian"), ready.barcode, south)
    actions.note_contact(make.actor("librarian"), hold.pk, "mail", "sent", "", timezone.now())
    hold.refresh_from_db()
    page = text_of(browser.get("/my/"))
    row = page[page.index(">用意できた本</a>") : page.index("</tr>", page.index(">用意できた本</a>"))]
    assert "受取可" in row
    assert "南部図書館" in row
    day = hold.keep_until
    assert f"{day.year}年{day.month}月{day.day}日" in row
    row = page[page.index(">待っている本</a>") : page.index("</tr>", page.index(">待っている本</a>"))]
    assert "2人中2番目" in row
    assert "予約中" in row
    assert "長野図書館" in row


@pytest.mark.req("F-MYP-006")
def test_what_a_reader_cancels_is_gone_from_the_counters_screen_at_the_next_look(reader, browser):
    thing, clerk = make.item("取り消す本"), make.client("librarian")
    hold = place(reader, thing)
    assert thing.barcode in text_of(clerk.get("/holds/pull/"))
    assert '<span class="tag bad">取消</span>' not in text_of(clerk.get(f"/holds/patron/{reader.pk}/"))
    assert browser.post(f"/my/holds/{hold.pk}/cancel/").status_code == 302
    assert thing.barcode not in text_of(clerk.get("/holds/pull/"))
    assert '<span class="tag bad">取消</span>' in text_of(clerk.get(f"/holds/patron/{reader.pk}/"))
    hold.refresh_from_db()
    assert (hold.status, hold.ended_why) == ("cancelled", "本人の取消")


@pytest.mark.req("F-MYP-006")
def test_place_and_way_are_changed_before_anything_is_allotted(reader, browser):
    south = make.branch("nanbu", name="南部図書館", short="南部", number=902)
    hold = place(reader, make.item(status="repair"))
    values = {"pickup": south.pk, "contact": "phone", "since": "", "until": ""}
    assert browser.post(f"/my/holds/{hold.pk}/", values).status_code == 302
    hold.refresh_from_db()
    assert (hold.pickup, hold.contact) == (south, "phone")


@pytest.mark.req("F-MYP-006")
def test_a_reader_numbers_volumes_changes_their_order_and_dissolves_the_set(reader, browser):
    volumes = [place(reader, make.item(f"大河小説 {n}", status="repair")) for n in (1, 2, 3)]
    one, two, three = (hold.pk for hold in volumes)
    assert "予約をまとめる・順序を変える" in text_of(browser.get("/my/"))
    joined = {"act": "join", "kind": "series", f"order_{one}": "3", f"order_{two}": "1", f"order_{three}": "２"}
    assert browser.post("/my/holds/order/", {**joined, f"order_{three}": "2"}).status_code == 302
    made = HoldSet.objects.get()
    assert list(made.holds.order_by("set_order").values_list("pk", flat=True)) == [two, three, one]
    arranged = {"act": "arrange", "set": made.pk, f"order_{one}": "1", f"order_{two}": "2", f"order_{three}": "3"}
    assert browser.post("/my/holds/order/", arranged).status_code == 302
    assert list(made.holds.order_by("set_order").values_list("pk", flat=True)) == [one, two, three]
    assert browser.post("/my/holds/order/", {"act": "dissolve", "set": made.pk}).status_code == 302
    assert not Hold.objects.exclude(belongs_to=None).exists()


def test_odd_numbers_and_other_peoples_sets_are_refused_with_a_sentence(reader, browser):
    hold = place(reader, make.item(status="repair"))
    place(reader, make.item(status="repair"))
    answer = browser.post("/my/holds/order/", {"act": "join", "kind": "series", f"order_{hold.pk}": "1"})
    assert answer.status_code == 422
    assert "2件以上" in text_of(answer)
    other = make.patron()
    theirs = [place(other, make.item(status="repair")).pk for _ in range(2)]
    made = actions.join(actor(other), theirs, "series")
    assert "すでに終わって" in text_of(
        browser.post("/my/holds/order/", {"act": "dissolve", "set": made.pk}, follow=True)
    )
    assert made.holds.count() == 2
    with pytest.raises(Exception, match="権限"):
        sets.dissolve(actor(reader), made.pk)
    with pytest.raises(HoldRefused):
        sets.arrange(actor(other), made.pk, theirs[:1])
    for bad in ({}, {"act": "join"}, {"act": "arrange", "set": "x"}, {"act": "arrange", "set": "9" * 40}):
        assert browser.post("/my/holds/order/", bad).status_code in (302, 422)


@pytest.mark.req("F-MYP-014")
def test_a_wish_is_checked_against_the_stock_followed_and_refused_from_the_sixth_in_a_month(reader, browser):
    make.item("ごんぎつね")
    from app.catalog.search import rebuild

    rebuild()
    there = browser.post("/my/request/", {"title": "ごんぎつね"})
    assert there.status_code == 422
    assert "すでにある資料かもしれません" in text_of(there)
    assert browser.post("/my/request/", {"title": "ごんぎつね", "sure": "yes"}).status_code == 302
    for number in range(4):
        assert browser.post("/my/request/", {"title": f"まだない本{number}"}).status_code == 302
    page = text_of(browser.get("/my/"))
    assert "購入希望 (5)" in page
    assert "受付" in page
    sixth = browser.post("/my/request/", {"title": "六件目の本"})
    assert sixth.status_code == 422
    assert "月に5件まで" in text_of(sixth)
    made = reader.purchase_requests.get(title="まだない本0")
    actions.decide_request(make.actor("librarian"), made.pk, "buy", "利用が見込める")
    assert "購入することになりました" in text_of(browser.get("/my/"))
    assert "六件目の本" not in text_of(signed_in(make.patron()).get("/my/"))
