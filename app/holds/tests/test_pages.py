"""The staff's pages: what stands on them, what is said when something is wrong, who sees whom."""

from datetime import datetime, time, timedelta

import pytest
from django.utils import timezone

from app.audit.models import AuditEvent
from app.catalog.actions import create_record
from app.holds import actions, queries, reports
from app.holds.actions import HoldRefused, Wanted, nightly
from app.holds.models import Hold, HoldSetting, Neighbour, PurchaseRequest, Status
from app.tests import make

from .conftest import fresh, lend, record


@pytest.fixture
def browser(here):
    return make.client("librarian")


def text_of(response) -> str:
    return response.content.decode()


@pytest.mark.req("F-RSV-011")
def test_what_came_in_over_night_is_on_the_list_before_opening_in_the_order_of_the_shelves(clerk, here, south, browser):
    night = datetime.combine(timezone.localdate() - timedelta(days=1), time(23, 30), timezone.get_current_timezone())
    shelves = [("一般", "913.6/ナ"), ("児童", "K913/ア"), ("一般", "210/カ"), ("一般", "913.6/ア")]
    copies = [make.item(location=location, call_number=number) for location, number in shelves]
    elsewhere = make.item(branch=south)
    for copy in [*copies, elsewhere]:
        reader = make.patron()
        actions.place(actions_of(reader), reader.pk, Wanted(copy.record_id, here, "mail", "web"), night)
    listed = queries.pull_list(here.pk)
    assert [hold.item.call_number for hold in listed] == ["210/カ", "913.6/ア", "913.6/ナ", "K913/ア"]
    page = text_of(browser.get("/holds/pull/"))
    assert page.index("210/カ") < page.index("913.6/ア") < page.index("913.6/ナ") < page.index("K913/ア")
    assert elsewhere.barcode not in page
    assert elsewhere.barcode in text_of(browser.get(f"/holds/pull/?at={south.pk}"))
    assert browser.get("/holds/pull/?as=xlsx")["Content-Disposition"].startswith("attachment")


def actions_of(reader):
    from app.access.actor import Actor

    return Actor("patron", str(reader.pk))


@pytest.mark.req("F-RSV-012")
def test_the_list_takes_results_and_says_the_next_candidate(desk, here, south, browser):
    book = record()
    make.item(record=book)
    make.item(record=book, branch=south, call_number="913.6/ソ")
    wish = desk.hold(book)
    answer = browser.post(f"/holds/pull/{wish.pk}/missed/", {"kind": "not_there"}, follow=True)
    assert "次の候補（南部図書館 913.6/ソ）" in text_of(answer)
    assert fresh(wish).item.branch == south
    answer = browser.post(f"/holds/pull/{wish.pk}/missed/", {"kind": "not_there"}, follow=True)
    assert "ほかに候補がありません" in text_of(answer)
    missed = reports.missed_at(here.pk)
    assert len(missed) == 1
    assert missed[0].item.barcode in text_of(browser.get("/holds/lost/"))
    browser.post(f"/holds/lost/{missed[0].item_id}/found/")
    assert fresh(wish).status == Status.PULL


@pytest.mark.req("F-TRF-002")
def test_a_scan_of_what_is_in_hand_says_where_it_goes_and_carries_its_slip(desk, here, south, browser):
    copy = make.item()
    lend(copy)
    wish = desk.hold(copy.record)
    assert browser.post("/holds/check/", {"scan": copy.barcode}).status_code == 409
    copy.loans.all().delete()
    page = text_of(browser.post("/holds/check/", {"scan": copy.barcode}))
    assert "取置棚 1 番へ置いてください" in page
    assert '<article class="slip hold">' in page
    assert fresh(wish).status == Status.READY
    again = text_of(browser.post("/holds/check/", {"scan": copy.barcode}))
    assert '<article class="slip' not in again  # a double scan prints nothing
    assert browser.post("/holds/check/", {"scan": "299999999"}).status_code == 404
    other = make.item(branch=south)
    assert 'class="destination">南部' in text_of(browser.post("/holds/check/", {"scan": other.barcode}))


def test_the_start_page_opens_a_card_an_item_or_a_hold(desk, here, browser):
    copy, reader = make.item(), make.patron()
    wish = desk.hold(copy.record, reader)
    assert "抜出し" in text_of(browser.get("/holds/"))
    for scanned, place in (
        (reader.card_number, f"/holds/patron/{reader.pk}/"),
        (copy.barcode, f"/holds/record/{copy.record_id}/"),
        (str(wish.pk), f"/holds/{wish.pk}/"),
    ):
        answer = browser.post("/holds/", {"scan": scanned})
        assert (answer.status_code, answer.get("Location")) == (302, place)
    lost = browser.post("/holds/", {"scan": "777"})
    assert lost.status_code == 404
    assert "当たる利用券・資料・予約の番号がありません" in text_of(lost)


@pytest.mark.req("F-RSV-005")
def test_a_hold_is_placed_from_a_title_and_a_card_with_the_patrons_own_place_shown(here, south, browser):
    reader = make.patron(branch=south, contact_by="mail")
    copy = make.item()
    page = text_of(browser.get(f"/holds/place/?record={copy.record_id}"))
    assert "ごんぎつね" in page
    page = text_of(browser.post("/holds/place/", {"record": copy.record_id, "card": reader.card_number}))
    assert f'<option value="{south.pk}" selected>' in page
    assert '<option value="mail" selected>' in page
    form = {
        "record": copy.record_id,
        "patron": reader.pk,
        "step": "place",
        "pickup": here.pk,
        "contact": "phone",
        "route": "phone",
        "note": "",
        "item": "",
    }
    answer = browser.post("/holds/place/", form, follow=True)
    assert "予約を受け付けました" in text_of(answer)
    wish = Hold.objects.get()
    assert (wish.pickup, wish.contact, wish.route) == (here, "phone", "phone")
    again = browser.post("/holds/place/", form)
    assert again.status_code == 422
    assert "すでに予約" in text_of(again)
    assert Hold.objects.count() == 1
    unknown = browser.post("/holds/place/", {"record": copy.record_id, "card": "100000009"})
    assert unknown.status_code == 404
    assert browser.post("/holds/place/", {"record": "978400000000", "patron": reader.pk}).status_code == 404
    assert browser.post("/holds/place/", {**form, "pickup": "x", "record": make.item().record_id}).status_code == 422


@pytest.mark.req("F-RSV-004")
def test_the_page_offers_a_reason_only_to_those_who_may_pass_over_a_limit(here):
    reader = make.patron(hold_stopped_until=timezone.localdate() + timedelta(days=3))
    form = {
        "record": record().pk,
        "patron": reader.pk,
        "step": "place",
        "pickup": here.pk,
        "contact": "phone",
        "route": "counter",
    }
    counter, librarian = make.client("counter"), make.client("librarian")
    refused = counter.post("/holds/place/", form)
    assert refused.status_code == 422
    assert 'name="reason"' not in text_of(refused)
    offered = librarian.post("/holds/place/", form)
    assert 'name="reason"' in text_of(offered)
    assert librarian.post("/holds/place/", {**form, "reason": "館長の判断"}).status_code == 302
    assert Hold.objects.count() == 1


def test_everything_on_the_page_of_a_hold_works_by_its_buttons(desk, here, south, browser):
    book = record()
    make.item(record=book, reference_only=True)
    lend(make.item(record=book))
    first, second = desk.hold(book), desk.hold(book)
    page = f"/holds/{second.pk}/"
    assert "2番目" in text_of(browser.get(page))
    browser.post(f"{page}change/", {"pickup": south.pk, "contact": "mail", "note": "大活字でも"})
    assert (fresh(second).pickup, fresh(second).note) == (south, "大活字でも")
    assert browser.post(f"{page}change/", {"pickup": "", "contact": "mail"}).status_code == 422
    assert browser.post(f"{page}suspend/", {"since": "R8.12.1", "until": "R8.11.1"}).status_code == 422
    browser.post(f"{page}suspend/", {"since": "R8.12.1", "until": "R8.12.10"})
    assert str(fresh(second).suspended_until) == "2026-12-10"
    assert browser.post(f"{page}move/", {"place": 1, "reason": ""}).status_code == 422
    browser.post(f"{page}move/", {"place": 1, "reason": "先に電話があった"})
    assert queries.place_of(fresh(second)) == 1
    assert "先に電話があった" in text_of(browser.get(page))
    assert "まだ用意できていない" in text_of(
        browser.post(f"{page}contact/", {"method": "phone", "result": "told"}, follow=True)
    )
    assert "取り消しました" in text_of(browser.post(f"{page}cancel/"))
    assert fresh(second).status == Status.CANCELLED
    assert "すでに終わって" in text_of(browser.post(f"{page}cancel/", follow=True))
    assert fresh(first).status == Status.WAITING


@pytest.mark.req("F-RSV-018")
def test_two_absences_are_two_lines_on_the_page(desk, browser):
    copy = make.item()
    wish = desk.hold(copy.record, contact="phone")
    desk.scan(copy)
    for _ in range(2):
        browser.post(f"/holds/{wish.pk}/contact/", {"method": "phone", "result": "absent", "text": ""})
    assert text_of(browser.get(f"/holds/{wish.pk}/")).count("電話 不在") == 2


@pytest.mark.req("F-RSV-014")
def test_the_list_of_what_is_late_ends_holds_and_prints_the_next_ones_slip(desk, here, browser):
    book = record()
    copy = make.item(record=book)
    old = timezone.now() - timedelta(days=30)
    first, second = desk.hold(book, contact="none", now=old), desk.hold(book, now=old + timedelta(hours=1))
    desk.scan(copy, now=old)
    assert "1点" in text_of(browser.get("/holds/late/"))
    assert "選んでください" in text_of(browser.post("/holds/late/", {"act": "cancel"}))
    page = text_of(browser.post("/holds/late/", {"act": "cancel", "hold": [first.pk]}))
    assert '<article class="slip hold">' in page
    assert f"<dd>{second.pk}</dd>" in page
    assert fresh(first).status == Status.EXPIRED
    browser.post("/holds/late/", {"act": "extend", "days": "3", "hold": [second.pk]})
    assert fresh(second).keep_until is not None


@pytest.mark.req("F-RSV-019")
def test_the_phone_list_shows_each_person_once_records_it_and_takes_results(desk, here, south, browser):
    reader = make.patron(name="電話 花子", phone="0262263282")
    for _ in range(2):
        copy = make.item()
        desk.hold(copy.record, reader, contact="phone")
        desk.scan(copy)
    page = text_of(browser.get("/holds/phone/"))
    assert page.count("電話 花子</a>") == 1
    assert "0262263282" in page
    assert '<td class="number">2</td>' in page
    viewed = AuditEvent.objects.filter(outcome="viewed", subject_type="patron", subject_id=reader.pk)
    assert viewed.filter(purpose="予約の電話連絡").count() == 1
    assert "電話 花子" not in text_of(browser.get(f"/holds/phone/?at={south.pk}"))
    asked = text_of(browser.post("/holds/phone/", {"as": "xlsx"}))
    assert "書き出す目的" in asked  # names leave only with a purpose, sealed
    assert "電話 花子" not in asked
    browser.post("/holds/phone/", {"result": "told", "hold": [h.pk for h in Hold.objects.all()], "text": ""})
    assert all(hold.contacted_on for hold in Hold.objects.all())
    assert "電話で知らせる予約はありません" in text_of(browser.get("/holds/phone/"))


def owned_record(title, isbn13=""):
    made = create_record(make.actor("librarian"), {"title": title, "isbn13": isbn13})
    make.item(record=made)
    return made


@pytest.mark.req("F-RSV-028")
def test_an_isbn_that_is_there_is_shown_and_becomes_a_hold_instead(here, browser):
    there = owned_record("坊っちゃん", "9784101010038")
    reader = make.patron()
    form = {"card": reader.card_number, "title": "ぼっちゃん", "isbn": "4-10-101003-X", "route": "counter"}
    page = browser.post("/holds/requests/new/", form)
    assert page.status_code == 422
    assert "坊っちゃん" in text_of(page)
    assert f'name="record" value="{there.pk}"' in text_of(page)
    assert not PurchaseRequest.objects.exists()
    # The button beside it leads to an ordinary hold.
    step = browser.post("/holds/place/", {**form, "record": there.pk, "patron": reader.pk})
    assert 'name="step" value="place"' in text_of(step)
    answer = browser.post("/holds/requests/new/", {**form, "sure": "yes"}, follow=True)
    assert "購入希望を受け付けました" in text_of(answer)
    other = make.patron()
    page = browser.post("/holds/requests/new/", {**form, "card": other.card_number})
    assert "同じ希望がほかに1件" in text_of(page)
    twice = browser.post("/holds/requests/new/", {**form, "sure": "yes"})
    assert "すでに受け付けています" in text_of(twice)


@pytest.mark.req("F-RSV-028")
def test_the_same_title_is_found_without_an_isbn(here, browser):
    there = owned_record("銀河鉄道の夜")
    assert [record.pk for record in reports.owned("", "銀河鉄道の夜")] == [there.pk]
    assert reports.owned("", "まだない本の名前") == []
    reader = make.patron()
    answer = browser.post(
        "/holds/requests/new/", {"card": reader.card_number, "title": "まだない本の名前", "route": "counter"}
    )
    assert answer.status_code == 302
    wrong = browser.post(
        "/holds/requests/new/", {"card": reader.card_number, "title": "本", "isbn": "123", "route": "counter"}
    )
    assert "ISBNの番号が正しくありません" in text_of(wrong)
    assert browser.post("/holds/requests/new/", {"card": "1", "title": "", "route": "counter"}).status_code == 422


@pytest.mark.req("F-RSV-029")
def test_a_decision_keeps_its_reason_and_makes_the_answer(here, browser, clerk):
    made = actions.ask(clerk, make.patron().pk, actions.Asked("見たことのない本"))
    page = f"/holds/requests/{made.pk}/"
    assert browser.post(page, {"status": "declined", "reason": ""}).status_code == 422
    browser.post(page, {"status": "declined", "reason": "入手できない", "answer": ""})
    made.refresh_from_db()
    assert (made.status, made.reason) == ("declined", "入手できない")
    assert "見たことのない本" in made.answer
    assert "見送る" in made.answer
    assert made.told_at is None  # notices read what nobody was told of
    assert made.decided_by
    made.told_at = timezone.now()
    made.save()
    with pytest.raises(HoldRefused, match="回答した後"):
        actions.decide_request(clerk, made.pk, "buy", "やはり買う")
    later = timezone.now() + timedelta(days=20)
    nightly.forget(later)
    assert not PurchaseRequest.objects.exists()


def test_a_request_goes_over_to_the_record_with_its_patron_and_time_and_is_served_when_it_comes(clerk, here, browser):
    early, reader = timezone.now() - timedelta(days=20), make.patron()
    made = actions.ask(clerk, reader.pk, actions.Asked("新しい本"), early)
    actions.decide_request(clerk, made.pk, "buy", "要望が多い")
    browser.post(f"/holds/requests/{made.pk}/", {"act": "ordered"})
    made.refresh_from_db()
    assert made.status == "ordered"
    ordered = record("新しい本")
    later = actions.place(clerk, make.patron().pk, Wanted(ordered.pk, here))
    answer = browser.post(f"/holds/requests/{made.pk}/", {"act": "fulfil", "record": ordered.pk})
    assert answer.status_code == 302
    assert not PurchaseRequest.objects.exists()
    wish = Hold.objects.get(patron=reader)
    assert (wish.received_at, wish.status) == (early, Status.WAITING)
    copy = make.item(record=ordered, status="processing")
    assert actions.receive(clerk, copy.barcode, here)[1].hold_number == wish.pk
    assert fresh(later).status == Status.WAITING


def test_only_what_is_decided_is_ordered_and_what_is_not_is_withdrawn(clerk, here):
    reader = make.patron()
    made = actions.ask(clerk, reader.pk, actions.Asked("ある本"))
    with pytest.raises(HoldRefused):
        actions.mark_ordered(clerk, made.pk)
    with pytest.raises(HoldRefused):
        actions.fulfil(clerk, made.pk, 99_999)
    actions.withdraw(actions_of(reader), made.pk)
    assert not PurchaseRequest.objects.exists()


@pytest.mark.req("F-RSV-032")
def test_twenty_holds_on_two_copies_are_a_ratio_of_ten(clerk, here, browser):
    wanted, quiet = record("待たれる本"), record("静かな本")
    for _ in range(2):
        lend(make.item(record=wanted))
    lend(make.item(record=quiet))
    for _ in range(20):
        actions.place(clerk, make.patron().pk, Wanted(wanted.pk, here))
    for _ in range(2):
        actions.place(clerk, make.patron().pk, Wanted(quiet.pk, here))
    first, second = reports.copies_needed(1)
    assert (first.record.pk, first.holds, first.copies, first.ratio) == (wanted.pk, 20, 2, 10)
    assert (second.record.pk, second.ratio) == (quiet.pk, 2)
    page = text_of(browser.get("/holds/copies/?ratio=5"))
    assert "待たれる本" in page
    assert "10.0" in page
    assert "静かな本" not in page


def test_holds_that_no_copy_can_serve_any_more_are_listed(clerk, here, browser):
    gone, ordered, fine = record("失われた本"), record("注文中の本"), record("ある本")
    lost = make.item(record=gone)
    lend(make.item(record=fine))
    for book in (gone, ordered, fine):
        actions.place(clerk, make.patron().pk, Wanted(book.pk, here))
    lost.status = "missing"
    lost.save()
    assert [demand.record.pk for demand in reports.hopeless()] == [gone.pk]
    assert "失われた本" in text_of(browser.get("/holds/hopeless/"))


@pytest.mark.req("F-RSV-034")
def test_the_number_of_holds_is_everybodys_and_the_names_are_for_those_who_may_and_say_why(desk, here, browser):
    book = record()
    reader = make.patron(name="秘密 太郎")
    desk.hold(book, reader)
    desk.hold(book)
    counter = make.client("counter")
    page = text_of(counter.get(f"/holds/record/{book.pk}/"))
    assert "予約 2件" in page
    assert "秘密 太郎" not in page
    assert "予約者を表示" not in page
    assert counter.post("/holds/who/", {"record": book.pk, "purpose": "照会"}).status_code == 403
    assert "秘密 太郎" not in text_of(browser.get(f"/holds/record/{book.pk}/"))
    without = browser.post("/holds/who/", {"record": book.pk, "purpose": " "}, follow=True)
    assert "目的を入力" in text_of(without)
    shown = text_of(browser.post("/holds/who/", {"record": book.pk, "purpose": "督促の確認"}))
    assert "秘密 太郎" in shown
    seen = AuditEvent.objects.filter(outcome="viewed", subject_id=reader.pk)
    [event] = [event for event in seen if event.purpose == "予約者一覧: 督促の確認"]
    assert str(book.pk) not in repr(event.detail)


@pytest.mark.req("F-RSV-003")
def test_the_figures_by_route_are_a_page(desk, browser):
    desk.hold(record(), route="web")
    page = text_of(browser.get("/holds/figures/"))
    assert "移動図書館" in page
    assert browser.get("/holds/figures/?first=R1.1.1&last=x&as=csv").status_code == 200


@pytest.mark.req("F-RSV-010")
def test_the_order_and_the_near_places_are_set_on_a_page(here, south, browser):
    values = {
        "order": "any",
        "slip_name": "initial",
        "cancel_after_days": "3",
        "show_over_days": "7",
        "missing_days": "5",
    }
    assert browser.post("/holds/settings/", values).status_code == 302
    assert (queries.setting().order, queries.setting().cancel_after_days) == ("any", 3)
    assert browser.post("/holds/settings/", {**values, "show_over_days": "x"}).status_code == 422
    browser.post(f"/holds/settings/?pickup={here.pk}", {"what": "near", "near": [south.pk]})
    assert Neighbour.objects.get().branch == south
    browser.post(f"/holds/settings/?pickup={here.pk}", {"what": "near"})
    assert not Neighbour.objects.exists()
    assert HoldSetting.objects.count() == 1
    assert make.client("counter").get("/holds/settings/").status_code == 403


@pytest.mark.req("F-RSV-020")
def test_holds_are_joined_on_the_patrons_page_in_the_order_of_the_boxes(desk, browser):
    reader = make.patron()
    one, two = desk.hold(record("上"), reader), desk.hold(record("下"), reader)
    page = f"/holds/patron/{reader.pk}/"
    assert "巻順" in text_of(browser.get(page))
    form = {"kind": "series", "hold": [one.pk, two.pk], f"order-{one.pk}": "2", f"order-{two.pk}": "1"}
    browser.post(f"{page}join/", form)
    assert (fresh(two).set_order, fresh(one).set_order) == (1, 2)
    assert "すでに" in text_of(browser.post(f"{page}join/", form, follow=True))


def test_every_page_of_holds_opens_and_needs_its_right(desk, here, browser):
    wish = desk.hold(make.item().record)
    for path in (
        "",
        "check/",
        "pull/",
        "lost/",
        "shelf/",
        "late/",
        "phone/",
        "place/",
        f"{wish.pk}/",
        f"patron/{wish.patron_id}/",
        f"record/{wish.record_id}/",
        "copies/",
        "hopeless/",
        "figures/",
        "requests/",
        "requests/new/",
        "settings/",
    ):
        assert browser.get(f"/holds/{path}").status_code == 200, path
    for path in ("shelf/?as=csv", "copies/?as=xlsx", "hopeless/?as=sjis", "requests/?as=csv", "pull/?as=csv"):
        assert browser.get(f"/holds/{path}")["Content-Disposition"].startswith("attachment"), path
    assert browser.get("/holds/999999/").status_code == 404
    nobody = make.client("counter")
    assert nobody.get("/holds/settings/").status_code == 403
    assert nobody.post(f"/holds/{wish.pk}/move/", {"place": 1, "reason": "x"}).status_code == 403


def test_the_page_of_a_patron_is_recorded_and_costs_few_statements(desk, browser, django_assert_max_num_queries):
    reader = make.patron()
    for _ in range(5):
        desk.hold(record(), reader)
    browser.get(f"/holds/patron/{reader.pk}/")
    with django_assert_max_num_queries(16):
        browser.get(f"/holds/patron/{reader.pk}/")
    assert AuditEvent.objects.filter(subject_id=reader.pk, purpose="予約の照会").count() == 2
