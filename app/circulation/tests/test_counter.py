"""The counter's screens through Django's test client."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from app.audit.models import AuditEvent
from app.circulation.models import Loan, LoanStatistic
from app.patrons import actions as patrons
from app.tests import make

LEND, RETURN = "circulation:lend", "circulation:give_back"


@pytest.fixture
def browser(db):
    return make.client("counter")


def scan(browser, text, token="", page=LEND):
    """One scan as the page's script sends it."""
    return browser.post(reverse(page), {"scan": text, "token": token}, headers={"accept": "application/json"})


def opened(browser, patron):
    return scan(browser, patron.card_number).json()["token"]


@pytest.mark.req("F-CIR-001")
def test_a_card_then_five_items_lend_at_once(browser):
    titles = ("銀河鉄道の夜", "走れメロス", "蜘蛛の糸", "山月記", "手袋を買いに")
    patron, things = make.patron(), [make.item(title) for title in titles]
    first = scan(browser, patron.card_number).json()
    assert first["opened"] is True
    assert patron.name in first["panel"]["html"]
    token = first["token"]
    for thing in things:
        answer = scan(browser, thing.barcode, token).json()
        assert (answer["tone"], answer["code"]) == ("ok", "lend")
        assert thing.record.title in answer["row"]
        token = answer["token"]
    assert {loan.item_id for loan in Loan.objects.filter(patron=patron)} == {thing.pk for thing in things}
    assert "手袋を買いに" in answer["panel"]["html"]


@pytest.mark.req("F-CIR-002")
def test_the_next_card_closes_the_one_before_and_the_loans_do_not_mix(browser):
    first, second = make.patron(), make.patron()
    mine, theirs = [make.item() for _ in range(2)], [make.item() for _ in range(3)]
    token = opened(browser, first)
    for thing in mine:
        token = scan(browser, thing.barcode, token).json()["token"]
    token = scan(browser, second.card_number, token).json()["token"]
    for thing in theirs:
        token = scan(browser, thing.barcode, token).json()["token"]
    assert Loan.objects.filter(patron=first).count() == 2
    assert Loan.objects.filter(patron=second).count() == 3


def test_two_windows_hold_two_patrons(browser):
    one, two = make.patron(), make.patron()
    left, right = opened(browser, one), opened(browser, two)
    scan(browser, make.item().barcode, left)
    scan(browser, make.item().barcode, right)
    assert Loan.objects.filter(patron=one).count() == Loan.objects.filter(patron=two).count() == 1


def test_an_item_before_any_card_asks_for_the_card(browser):
    answer = scan(browser, make.item().barcode).json()
    assert (answer["tone"], answer["code"]) == ("warn", "no_patron")
    assert "利用券" in answer["says"]


@pytest.mark.parametrize("scanned", ["ABC", "", "1234x", "２００ー？"])
def test_a_scan_that_is_no_number_is_said_to_be_one(browser, scanned):
    answer = scan(browser, scanned).json()
    assert (answer["tone"], answer["code"]) == ("bad", "unreadable")
    assert not Loan.objects.exists()


def test_start_and_stop_letters_and_full_width_digits_are_read(browser):
    patron, thing = make.patron(), make.item()
    token = scan(browser, f"A{patron.card_number}A").json()["token"]
    wide = thing.barcode.translate({ord(str(n)): ord("０") + n for n in range(10)})
    assert scan(browser, wide, token).json()["code"] == "lend"


def test_a_reference_only_item_is_refused_with_the_reason_and_the_error_tone(browser):
    token = opened(browser, make.patron())
    answer = scan(browser, make.item("長野県史", reference_only=True).barcode, token).json()
    assert answer["tone"] == "bad"
    assert "禁帯出" in answer["says"]
    assert not Loan.objects.exists()


def test_an_expired_card_stops_at_once_and_lends_nothing(browser):
    patron = make.patron(valid_until=timezone.localdate() - timedelta(days=1))
    answer = scan(browser, patron.card_number).json()
    assert answer["tone"] == "bad"
    assert "有効期限" in answer["says"]
    assert scan(browser, make.item().barcode, answer["token"]).json()["code"] == "expired"


def test_the_panel_shows_overdue_loans_and_how_many_more_may_go_out(browser):
    patron = make.patron()
    patrons.add_note(make.actor("librarian"), patron, "付録CDの返却待ち", 2, None)
    thing = make.item("延びた本")
    today = timezone.localdate()
    Loan.objects.create(
        item=thing,
        patron=patron,
        branch=make.branch(),
        due_on=today - timedelta(days=3),
        lent_at=timezone.now() - timedelta(days=17),
    )
    answer = scan(browser, patron.card_number).json()
    assert answer["tone"] == "warn"
    for text in ("延滞", "延びた本", "<b>9</b>貸出可能", "付録CDの返却待ち", f"{patron.valid_until:%Y/%m/%d}"):
        assert text in answer["panel"]["html"]


def test_the_return_screen_never_shows_who_had_the_item(browser):
    patron, thing = make.patron(name="秘密 太郎", kana="ヒミツ タロウ"), make.item()
    scan(browser, thing.barcode, opened(browser, patron))
    reply = scan(browser, thing.barcode, page=RETURN)
    assert reply.json()["code"] == "give_back"
    page = browser.post(reverse(RETURN), {"scan": thing.barcode}).content.decode()
    for text in (reply.content.decode(), page):
        assert "秘密" not in text
        assert "ヒミツ" not in text
        assert patron.card_number not in text


def test_a_card_on_the_return_screen_is_told_apart_and_shows_nobody(browser):
    patron = make.patron(name="秘密 太郎")
    reply = scan(browser, patron.card_number, page=RETURN)
    assert reply.json()["code"] == "card_on_return"
    assert "秘密" not in reply.content.decode()


def test_the_screens_work_without_script(browser):
    patron, thing = make.patron(), make.item("走れメロス")
    page = browser.post(reverse(LEND), {"scan": patron.card_number})
    token = page.context["answer"].token
    page = browser.post(reverse(LEND), {"scan": thing.barcode, "token": token})
    assert "走れメロス" in page.content.decode()
    assert Loan.objects.filter(patron=patron).count() == 1
    page = browser.post(reverse(RETURN), {"scan": thing.barcode})
    assert "返却しました" in page.content.decode()


def test_reading_a_card_is_recorded_and_scans_after_it_are_not_recorded_as_views(browser):
    patron = make.patron()
    token = opened(browser, patron)
    for _ in range(3):
        scan(browser, make.item().barcode, token)
    views = AuditEvent.objects.filter(operation="patrons.view", subject_id=str(patron.pk))
    assert [(event.outcome, event.purpose) for event in views] == [("viewed", "貸出窓口")]


def test_nobody_sees_a_patron_by_a_token_that_was_not_theirs(browser):
    patron = make.patron(name="秘密 太郎")
    theirs = opened(make.client("counter"), patron)
    for token in (theirs, theirs + "x", str(patron.pk), "null"):
        answer = scan(browser, make.item().barcode, token)
        assert answer.json()["code"] == "no_patron"
        assert "秘密" not in answer.content.decode()


def test_staff_without_the_operation_get_403_and_a_line_in_the_log(db):
    user = make.staff("counter")
    user.roles.clear()
    from django.test import Client

    browser = Client()
    browser.force_login(user)
    assert scan(browser, "1").status_code == 403
    event = AuditEvent.objects.get(outcome="refused")
    assert (event.actor, event.operation) == (user.number, "circulation.lend")


def test_without_sign_in_the_script_is_told_and_the_page_leads_to_sign_in(client, db):
    assert scan(client, "1").status_code == 401
    reply = client.get(reverse(LEND))
    assert reply.status_code == 302
    assert reply.url.startswith("/staff/sign-in/?next=/counter/")


def test_a_scan_sent_twice_counts_once(browser):
    patron, thing = make.patron(), make.item()
    token = opened(browser, patron)
    codes = [scan(browser, thing.barcode, token).json()["code"] for _ in range(2)]
    assert codes == ["lend", "same_scan"]
    codes = [scan(browser, thing.barcode, page=RETURN).json()["code"] for _ in range(2)]
    assert codes == ["give_back", "same_scan"]
    assert LoanStatistic.objects.count() == 2


def test_a_lending_scan_takes_eleven_statements_and_a_return_thirteen(browser, django_assert_max_num_queries):
    patron = make.patron()
    token = opened(browser, patron)
    first = make.item()
    scan(browser, first.barcode, token)
    scan(browser, first.barcode, page=RETURN)  # the first of the day settles the days before
    thing = make.item()
    # The test's own transaction adds two savepoint statements to each.
    with django_assert_max_num_queries(11 + 2):
        scan(browser, thing.barcode, token)
    with django_assert_max_num_queries(13 + 2):
        scan(browser, thing.barcode, page=RETURN)
