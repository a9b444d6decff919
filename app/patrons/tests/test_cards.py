"""Cards: several for one person, lost, replaced, never given twice."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from app.audit.models import AuditEvent
from app.circulation import actions as circulation
from app.holds.actions.placing import Wanted, place
from app.holds.models import Hold
from app.patrons import actions, queries
from app.patrons.models import Patron, PatronCard
from app.patrons.rules import with_check_digit
from app.tests import make

NEW = with_check_digit("190000101")
PHONE = with_check_digit("190000102")
MYNUMBER = "4400123456789012"

pytestmark = pytest.mark.django_db


def scan(browser, text, page="/counter/", **more):
    return browser.post(page, {"scan": text, **more}, headers={"Accept": "application/json"}).json()


@pytest.mark.req("F-PAT-006")
def test_card_smartphone_and_mynumber_card_all_open_the_same_person():
    clerk, patron = make.actor(), make.patron()
    actions.add_card(clerk, patron, PHONE, "phone")
    actions.add_card(clerk, patron, MYNUMBER, "mynumber")
    browser = make.client()
    for number in (patron.card_number, PHONE, MYNUMBER):
        assert queries.by_card(number) == patron
        assert browser.post("/patrons/", {"number": number}).url == f"/patrons/{patron.pk}/"
        assert scan(browser, number)["token"], number


@pytest.mark.req("F-PAT-002")
def test_a_number_that_was_ever_used_by_any_card_in_any_state_is_refused():
    clerk, one, other = make.actor(), make.patron(), make.patron()
    actions.add_card(clerk, one, PHONE, "phone")
    actions.report_lost(clerk, one, PHONE)
    old = one.card_number
    actions.replace_card(clerk, one, NEW)
    for used in (PHONE, old, NEW, other.card_number):
        with pytest.raises(ValidationError, match="すでに使われて"):
            actions.add_card(clerk, other, used, "card")
    with pytest.raises(ValidationError, match="検査数字"):
        actions.add_card(clerk, other, NEW[:-1] + str((int(NEW[-1]) + 1) % 10), "card")
    with pytest.raises(ValidationError, match="桁"):
        actions.add_card(clerk, other, "123", "mynumber")


def test_the_database_lets_nobody_show_a_card_of_somebody_else():
    one, other = make.patron(), make.patron()
    with transaction.atomic(), connection.cursor() as cursor:
        Patron.objects.filter(pk=one.pk).update(card_number="1999999999")
        with pytest.raises(IntegrityError, match="patrons_card_is_own"):
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        transaction.set_rollback(True)
    with pytest.raises(IntegrityError), transaction.atomic():
        PatronCard.objects.create(number=other.card_number, patron=one, since=date(2026, 1, 1))


@pytest.mark.req("F-PAT-005")
def test_a_new_card_in_place_of_a_lost_one_has_the_loan_and_the_three_holds_and_the_old_one_lends_nothing():
    clerk, patron, here = make.actor(), make.patron(), make.branch()
    thing = make.item()
    circulation.lend(clerk, patron.pk, thing.barcode, here)
    for n in range(3):
        place(clerk, patron.pk, Wanted(make.item(f"予約した本{n}").record_id))
    old = patron.card_number
    browser = make.client()
    browser.post(f"/patrons/{patron.pk}/cards/lost/", {"number": old})
    reply = browser.post(f"/patrons/{patron.pk}/cards/", {"number": NEW, "kind": "card", "replaces": "on"})
    assert reply.status_code == 302
    assert queries.by_card(old) is None
    assert queries.card_state(old).state == "lost"
    found = queries.by_card(NEW)
    assert found == patron
    assert found.loans.count() == 1
    assert Hold.objects.filter(patron=found, ended_at=None).count() == 3
    answer = scan(browser, old)
    assert answer["tone"] == "bad"
    assert "紛失" in answer["message"]
    assert not answer.get("token")
    page = browser.get(f"/patrons/{patron.pk}/").content.decode()
    assert NEW in page
    assert "予約 3件" in page


@pytest.mark.req("F-PAT-005", "F-PAT-010")
def test_a_card_replaced_without_being_lost_is_an_old_one():
    clerk, patron = make.actor(), make.patron()
    old = patron.card_number
    actions.replace_card(clerk, patron, NEW)
    state = queries.card_state(old)
    assert (state.state, state.live) == ("replaced", False)
    assert "旧券" in state.message
    assert queries.search(number=old).ids == [patron.pk]


@pytest.mark.req("F-PAT-023")
def test_a_card_reported_lost_is_dead_at_once_and_its_use_is_told_and_recorded():
    patron = make.patron()
    browser = make.client()
    assert scan(browser, patron.card_number)["token"]
    browser.post(f"/patrons/{patron.pk}/cards/lost/", {"number": patron.card_number})
    answer = scan(browser, patron.card_number)
    assert answer["tone"] == "bad"
    assert "停止中の利用券" in answer["message"]
    thing = make.item()
    scan(browser, thing.barcode)
    assert not patron.loans.exists()
    event = AuditEvent.objects.get(operation="patrons.stopped_card")
    assert (event.outcome, event.subject_id, event.detail) == ("refused", str(patron.pk), {"state": "lost"})


def test_a_number_of_somebody_else_cannot_be_reported_lost():
    one, other = make.patron(), make.patron()
    with pytest.raises(ValidationError, match="この利用者"):
        actions.report_lost(make.actor(), one, other.card_number)
    assert queries.by_card(other.card_number) == other


def test_reporting_twice_and_a_bad_number_change_nothing_and_say_why():
    clerk, patron = make.actor(), make.patron()
    first = actions.report_lost(clerk, patron, patron.card_number, today=date(2026, 1, 2))
    assert actions.report_lost(clerk, patron, patron.card_number).since == first.since == date(2026, 1, 2)
    reply = make.client().post(f"/patrons/{patron.pk}/cards/", {"number": "１２あ", "kind": "card"})
    assert reply.status_code == 400
    assert "番号は数字で" in reply.content.decode()
