"""Keys, questions, slips and the patron who stays open: the counter's screen through Django's test client."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from app.audit.models import AuditEvent
from app.circulation.models import Loan, LoanStatistic
from app.holds import actions as holds
from app.holds.actions.placing import Wanted
from app.patrons import actions as patrons
from app.patrons.rules import with_check_digit
from app.terminals.models import CounterSetting, Terminal
from app.tests import make

LEND, RETURN, INSIDE = "circulation:lend", "circulation:give_back", "circulation:inside"


@pytest.fixture
def browser(db):
    return make.client("counter")


def post(browser, page=LEND, **fields):
    """What the page's script posts."""
    return browser.post(reverse(page), fields, headers={"accept": "application/json"}).json()


def opened(browser, patron):
    return post(browser, scan=patron.card_number)["token"]


def lent(patron, thing, days=0, due=14):
    at = timezone.now() - timedelta(days=days)
    due_on = timezone.localdate(at) + timedelta(days=due)
    return Loan.objects.create(item=thing, patron=patron, branch=make.branch(), lent_at=at, due_on=due_on)


# --- a patron stays open


@pytest.mark.req("F-CIR-037")
def test_whoever_comes_back_from_an_enquiry_finds_the_patron_still_open(browser):
    patron, thing = make.patron(name="続き 花子"), make.item("続きの本")
    token = opened(browser, patron)
    assert browser.get(reverse("catalog:search"), {"q": thing.barcode}).status_code == 302
    again = post(browser, act="open", token=token)
    assert "続き 花子" in again["panel"]["html"]
    assert post(browser, scan=thing.barcode, token=again["token"])["code"] == "lend"


def test_a_token_that_is_too_old_or_anothers_opens_nobody(browser):
    token = opened(make.client("counter"), make.patron(name="秘密 太郎"))
    for one in (token, "", "x" * 500):
        again = post(browser, act="open", token=one)
        assert again["panel"] is None
        assert again["token"] == ""


@pytest.mark.req("F-GEN-007")
def test_two_windows_and_a_search_do_not_disturb_each_other(browser):
    left, right = make.patron(), make.patron()
    one, other = opened(browser, left), opened(browser, right)
    browser.get(reverse("catalog:search"), {"q": "本"})
    things = [make.item() for _ in range(4)]
    for token, thing in zip((one, other, one, other), things, strict=True):
        assert post(browser, scan=thing.barcode, token=token)["code"] == "lend"
    assert {loan.item_id for loan in Loan.objects.filter(patron=left)} == {things[0].pk, things[2].pk}
    assert {loan.item_id for loan in Loan.objects.filter(patron=right)} == {things[1].pk, things[3].pk}


def test_a_patron_with_two_hundred_loans_is_shown_by_the_first_twenty(browser, django_assert_max_num_queries):
    patron, record = make.patron(), make.item().record
    things = [make.item(record=record) for _ in range(200)]
    now = timezone.now() - timedelta(days=20)
    Loan.objects.bulk_create(
        Loan(item=thing, patron=patron, branch=make.branch(), lent_at=now, due_on=timezone.localdate() + timedelta(3))
        for thing in things
    )
    with django_assert_max_num_queries(14):
        answer = post(browser, scan=patron.card_number)
    html = answer["panel"]["html"]
    assert html.count("data-barcode") == 20
    assert "<b>200</b>貸出中" in html
    assert "ほか180点" in html
    with django_assert_max_num_queries(16):
        answer = post(browser, scan=make.item().barcode, token=answer["token"])
    assert len(str(answer)) < 12_000


# --- renewing


@pytest.mark.req("F-CIR-015")
def test_one_key_extends_one_loan_and_another_key_all_and_each_refusal_says_why(browser):
    patron = make.patron()
    fresh, late, held, twice = (make.item(title) for title in ("新しい本", "遅れた本", "待たれる本", "二度目の本"))
    for thing in (fresh, held, twice):
        lent(patron, thing, days=8)
    lent(patron, late, days=20)
    holds.place(make.actor("librarian"), make.patron().pk, Wanted(record_id=held.record_id, pickup=make.branch()))
    token = opened(browser, patron)
    one = post(browser, act="renew", scan=twice.barcode, token=token)
    assert (one["code"], one["tone"]) == ("renew", "info")
    again = post(browser, act="renew", scan=twice.barcode, token=token)
    assert again["code"] == "renewals"
    assert "延長は1回まで" in again["says"]
    everything = post(browser, act="renew_all", token=token)
    assert everything["code"] == "renew_all"
    assert "1点を延長しました。3点は延長できません。" in everything["says"]
    rows = dict(
        re.findall(r'class="clip">(.+?)</span>.*?</code></td>\s*<td>(.*?)</td>\s*</tr>', everything["row"], re.S)
    )
    assert "延長" in rows["新しい本"]
    assert "返却期限を" in rows["遅れた本"]
    assert "予約が1件" in rows["待たれる本"]
    assert everything["many"] == 1


def test_renewing_all_of_somebody_without_loans_says_so(browser):
    answer = post(browser, act="renew_all", token=opened(browser, make.patron()))
    assert "貸出中の資料はありません" in answer["says"]
    assert post(browser, act="renew_all")["code"] == "no_patron"


# --- undoing


def test_one_key_takes_back_the_last_loan_and_the_last_return(browser):
    patron, thing = make.patron(), make.item()
    token = opened(browser, patron)
    answer = post(browser, scan=thing.barcode, token=token)
    undone = post(browser, act="undo", token=token, **answer["undo"])
    assert undone["code"] == "undo_loan"
    assert not Loan.objects.exists()
    assert "貸出中の資料はありません" in undone["panel"]["html"]
    post(browser, scan=thing.barcode, token=token)
    back = post(browser, RETURN, scan=thing.barcode)
    again = post(browser, RETURN, act="undo", **back["undo"])
    assert again["code"] == "undo_return"
    assert Loan.objects.get().patron == patron
    assert patron.name not in str(again)


# --- the day


def test_the_book_drop_is_emptied_for_the_day_that_was_chosen(browser):
    patron = make.patron()
    yesterday = timezone.localdate() - timedelta(days=1)
    things = [make.item() for _ in range(3)]
    for thing in things:
        lent(patron, thing, days=15, due=14)
    page = browser.get(reverse(RETURN)).content.decode()
    assert f'data-usual="{yesterday}"' in page
    for thing in things:
        answer = post(browser, RETURN, scan=thing.barcode, day=str(yesterday))
        assert answer["tone"] == "ok", answer["message"]
    assert LoanStatistic.objects.filter(on_date=yesterday, act="return").count() == 3


def test_a_due_date_is_given_by_hand_when_lending_and_changed_with_a_reason_later(db):
    browser = make.client("librarian")
    patron, thing = make.patron(), make.item()
    token = opened(browser, patron)
    wanted = timezone.localdate() + timedelta(days=5)
    post(browser, scan=thing.barcode, token=token, day=str(wanted))
    assert Loan.objects.get().due_on == wanted
    asked = post(browser, act="due", scan=thing.barcode, token=token)
    assert 'name="reason"' in asked["ask"]
    assert 'name="day"' in asked["ask"]
    later = timezone.localdate() + timedelta(days=9)
    given = {"act": "due", "scan": thing.barcode, "token": token, "answer": "due", "day": str(later)}
    assert post(browser, **given)["code"] == "bad_due"
    assert post(browser, **given, reason="出張のため")["code"] == "change_due"
    assert Loan.objects.get().due_on == later


def test_a_day_that_is_none_is_told_and_changes_nothing(browser):
    thing = make.item()
    lent(make.patron(), thing)
    for day in ("yesterday", "2026-13-01", "２０２６"):
        assert post(browser, RETURN, scan=thing.barcode, day=day)["code"] == "bad_day"
    assert Loan.objects.exists()


# --- questions


@pytest.mark.req("F-GEN-024")
def test_a_question_is_put_and_the_same_scan_with_its_answer_goes_on(browser):
    patron, thing = make.patron(), make.item("付録のある本", attachments="CD 1枚", attachment_count=1)
    token = opened(browser, patron)
    asked = post(browser, scan=thing.barcode, token=token)
    assert asked["ask"]
    assert not Loan.objects.exists()
    assert "符号の「はい」「いいえ」" in asked["ask"]
    choice = re.search(r'name="answer" value="(\w+)"', asked["ask"])[1]
    page = browser.get(reverse(LEND)).content.decode()
    assert 'data-yes="$01$"' in page
    assert 'data-no="$00$"' in page
    done = post(browser, scan=thing.barcode, token=token, answer=choice)
    assert done["code"] == "lend"
    assert done["ask"] == ""


def test_without_script_a_question_is_a_form_that_posts_the_same_scan_again(browser):
    patron, thing = make.patron(), make.item(attachments="CD 1枚", attachment_count=1)
    token = opened(browser, patron)
    page = browser.post(reverse(LEND), {"scan": thing.barcode, "token": token}).content.decode()
    form = page.partition('class="ask"')[2]
    assert f'name="scan" value="{thing.barcode}"' in form
    assert f'name="token" value="{token}"' in form
    assert "csrfmiddlewaretoken" in form


def test_an_override_needs_the_right_and_a_reason(db):
    patron = make.patron(stopped_until=timezone.localdate() + timedelta(days=5))
    thing = make.item()
    clerk, chief = make.client("counter"), make.client("librarian")
    refused = post(clerk, scan=thing.barcode, token=opened(clerk, patron))
    assert (refused["tone"], refused["ask"]) == ("bad", "")
    token = opened(chief, patron)
    asked = post(chief, scan=thing.barcode, token=token)
    assert "理由" in asked["ask"]
    assert post(chief, scan=thing.barcode, token=token, answer="stopped")["ask"]
    assert not Loan.objects.exists()
    done = post(chief, scan=thing.barcode, token=token, answer="stopped", reason="本日返却の約束")
    assert done["code"] == "lend"
    assert AuditEvent.objects.get(operation="circulation.override").purpose == "本日返却の約束"


def test_an_item_without_record_is_lent_under_a_title_typed_at_the_counter(db):
    browser = make.client("librarian")
    token = opened(browser, make.patron())
    barcode = with_check_digit("299999999")
    asked = post(browser, scan=barcode, token=token)
    assert "題名" in asked["ask"]
    done = post(browser, scan=barcode, token=token, answer="temporary", reason="寄贈の絵本")
    assert done["code"] == "lend"
    assert "寄贈の絵本" in done["row"]


# --- a card left at home


def test_three_things_that_agree_open_a_patron_without_card_and_the_loan_says_so(browser):
    patron = make.patron(phone="026-222-3333")
    wrong = post(browser, act="find", kana=patron.kana, birth_date=str(patron.birth_date), phone="026-000-0000")
    assert (wrong["opened"], wrong["panel"]) == (False, None)
    right = post(browser, act="find", kana="こばやし はなこ", birth_date=str(patron.birth_date), phone="0262223333")
    assert right["opened"] is True
    assert "利用券なし" in right["says"]
    post(browser, scan=make.item().barcode, token=right["token"])
    assert Loan.objects.get().without_card is True


# --- paper


@pytest.mark.req("F-CIR-034")
def test_ten_loans_make_one_receipt_of_ten_lines_with_due_dates_and_no_name(browser):
    branch = make.branch()
    CounterSetting.objects.create(branch=branch, receipt_message="12月29日から休館します")
    patron = make.patron(name="名前 秘密", kana="ナマエ ヒミツ")
    token = opened(browser, patron)
    things = [make.item(f"題名その{number}") for number in range(10)]
    for thing in things:
        assert post(browser, scan=thing.barcode, token=token)["code"] == "lend"
    reply = post(browser, act="receipt", which="session", token=token, barcode=[thing.barcode for thing in things])
    (slip,) = reply["slips"]
    assert slip["html"].count("<li>") == 10
    due = Loan.objects.first().due_on
    assert slip["html"].count(f"{due.month}/{due.day}(") == 10
    assert "10点" in slip["html"]
    assert "12月29日から休館します" in slip["html"]
    assert "名前" not in slip["html"]
    assert patron.card_number not in slip["html"]
    assert AuditEvent.objects.filter(purpose="レシートの印刷", subject_id=str(patron.pk)).count() == 1
    CounterSetting.objects.update(receipt_name=True)
    assert "名前 秘密 様" in post(browser, act="receipt", which="all", token=token)["slips"][0]["html"]


@pytest.mark.req("F-CIR-035")
def test_with_automatic_printing_off_one_key_prints_everything_that_is_out(browser):
    Terminal.objects.create(name="窓口1", branch=make.branch(), address="127.0.0.1", auto_print=False)
    patron = make.patron()
    for number in range(3):
        lent(patron, make.item(f"前からの本{number}"), days=3)
    page = browser.get(reverse(LEND)).content.decode()
    assert 'data-auto="off"' in page
    assert re.search(r'id="receipt" data-key="F9"', page)
    assert 'id="reprint"' in page
    (slip,) = post(browser, act="receipt", which="all", token=opened(browser, patron))["slips"]
    assert slip["html"].count("<li>") == 3


def test_there_is_no_receipt_without_patron_or_loans(browser):
    assert post(browser, act="receipt", which="all")["slips"] == []
    assert post(browser, act="receipt", which="all", token=opened(browser, make.patron()))["slips"] == []


def test_a_return_for_a_hold_says_which_number_and_sends_its_slip_and_no_name(browser):
    thing, waiting = make.item("待たれる本"), make.patron(name="予約 太郎")
    lent(make.patron(), thing)
    holds.place(make.actor("librarian"), waiting.pk, Wanted(record_id=thing.record_id, pickup=make.branch()))
    answer = post(browser, RETURN, scan=thing.barcode)
    number = re.search(r'class="next">取置棚<b>(\w+)</b>', answer["says"])[1]
    (slip,) = answer["slips"]
    assert slip["kind"] == "hold"
    assert number in slip["html"]
    assert "予約 太郎" not in str(answer)
    shown = post(browser, scan=waiting.card_number)
    assert f'取置棚 <b class="shelf">{number}</b>' in shown["panel"]["html"]


@pytest.mark.req("F-TRF-003")
def test_the_return_of_another_librarys_item_sends_one_transfer_slip(browser):
    home = make.branch("nanbu", name="南部図書館", short="南部")
    thing = make.item("南部の本", branch=home)
    lent(make.patron(), thing)
    answer = post(browser, RETURN, scan=thing.barcode)
    (slip,) = answer["slips"]
    assert slip["kind"] == "transfer"
    assert '<p class="destination">南部</p>' in slip["html"]
    assert re.search(r'class="next">回送<b>南部', answer["says"])


# --- the rest


@pytest.mark.req("F-GEN-021")
def test_each_outcome_has_its_own_word_mark_and_colour(browser):
    token = opened(browser, make.patron())
    good, wrong = make.item(), make.item(reference_only=True)
    marks = {}
    for tone, answer in (
        ("ok", post(browser, scan=good.barcode, token=token)),
        ("bad", post(browser, scan=wrong.barcode, token=token)),
        ("warn", post(browser, scan=good.barcode)),
    ):
        assert answer["tone"] == tone
        marks[tone] = re.search(r'class="mark" aria-hidden="true">(.)<', answer["says"])[1]
        assert f"says {tone}" in answer["says"]
    assert marks == {"ok": "✓", "bad": "✕", "warn": "▲"}


def test_use_in_the_house_is_a_mode_of_its_own(browser):
    answer = post(browser, INSIDE, scan=make.item().barcode)
    assert answer["code"] == "in_library"
    assert not Loan.objects.exists()


@pytest.mark.req("F-SYS-010")
def test_a_staff_card_at_the_counter_is_told_apart_from_items_and_patrons(browser):
    make.staff("librarian", card="90001234")
    for page in (LEND, RETURN):
        answer = post(browser, page, scan="90001234")
        assert answer["code"] == "staff_card"
    assert post(browser, RETURN, scan="90009999")["code"] == "unknown_item"


@pytest.mark.req("F-GEN-003")
def test_a_return_at_one_library_is_seen_at_another_and_in_the_catalogue_at_once(browser):
    thing = make.item("すぐ見える本")
    lent(make.patron(), thing)
    there = make.client("librarian", branch=make.branch("nanbu", name="南部図書館", short="南部"))
    staff, public = reverse("catalog:record", args=[thing.record_id]), f"/records/{thing.record_id}/"
    assert "貸出中" in there.get(staff).content.decode()
    assert "貸出中" in Client().get(public).content.decode()
    post(browser, RETURN, scan=thing.barcode)
    for page in (there.get(staff), Client().get(public)):
        html = page.content.decode()
        assert "貸出中" not in html
        assert "在架" in html


@pytest.mark.req("F-GEN-011")
def test_rare_characters_are_the_same_on_the_screen_and_on_paper(browser):
    patron = make.patron(name="髙﨑 𠮷田", kana="タカサキ ヨシダ")
    thing = make.item("한국의 책 — 简体字 と 鷗外")
    answer = post(browser, scan=patron.card_number)
    assert "髙﨑 𠮷田" in answer["panel"]["html"]
    lending = post(browser, scan=thing.barcode, token=answer["token"])
    assert "한국의 책 — 简体字 と 鷗外" in lending["row"]
    CounterSetting.objects.create(branch=make.branch(), receipt_name=True)
    paper = post(browser, act="receipt", which="all", token=answer["token"])["slips"][0]["html"]
    assert "髙﨑 𠮷田 様" in paper
    assert "한국의 책 — 简体字 と 鷗外" in paper


def test_a_note_on_the_patron_is_said_first(db):
    patron = make.patron()
    patrons.add_note(make.actor("librarian"), patron, "忘れ物をお預かりしています", 3, None)
    answer = post(make.client("counter"), scan=patron.card_number)
    assert "忘れ物をお預かりしています" in answer["says"]
