"""弁償: opened on a loan, ended by the return of the item, or settled and written off at night."""

from datetime import timedelta

import pytest
from django.utils import timezone

from app.access.actions import NotPermitted
from app.audit.models import AuditEvent
from app.circulation import actions
from app.circulation.models import Loan
from app.notices import queries as notices
from app.patrons import actions as patrons
from app.tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def lost(chief):
    """An item that has been out for two months, and who has it."""
    who, thing = make.patron(), make.item()
    chief.lend(who, thing)
    long_ago = timezone.now() - timedelta(days=60)
    Loan.objects.update(lent_at=long_ago, due_on=timezone.localdate(long_ago) + timedelta(days=14))
    return who, thing


@pytest.mark.req("F-CIR-032")
def test_a_compensation_stops_reminders_and_the_return_stops_the_compensation(chief, lost):
    who, thing = lost
    today = timezone.localdate()
    assert [row.item_id for row in notices.overdue(today)] == [thing.pk]
    actions.open_compensation(chief.actor, thing.barcode, "lost")
    assert notices.overdue(today) == []
    returned = chief.give_back(thing)
    assert "弁償の手続きを止めました。" in returned.notes
    assert not Loan.objects.exists()
    assert actions.undo_return(chief.actor, returned.undo).code == "undo_return"
    again = Loan.objects.get(item=thing, patron=who)
    assert (again.compensation, again.compensation_on) == ("lost", today)


@pytest.mark.req("F-PAT-021")
def test_who_owes_a_compensation_cannot_leave_and_after_it_is_settled_can(chief, lost):
    who, thing = lost
    actions.open_compensation(chief.actor, thing.barcode, "spoilt")
    with pytest.raises(Exception, match="貸出中の資料1点"):
        patrons.withdraw(chief.actor, who, "本人の申出")
    actions.settle_compensation(chief.actor, thing.barcode, "same")
    assert actions.write_off(timezone.localdate()) == 1
    assert actions.write_off(timezone.localdate()) == 0
    thing.refresh_from_db()
    assert thing.status == "withdrawn"
    assert not Loan.objects.exists()
    patrons.withdraw(chief.actor, who, "本人の申出")


def test_the_log_says_that_it_happened_and_neither_who_nor_what(chief, lost):
    who, thing = lost
    actions.open_compensation(chief.actor, thing.barcode, "lost")
    actions.open_compensation(chief.actor, thing.barcode, "spoilt")
    actions.settle_compensation(chief.actor, thing.barcode, "money")
    actions.stop_compensation(chief.actor, thing.barcode)
    assert Loan.objects.get().compensation == "lost"
    actions.stop_compensation(chief.actor, thing.barcode)
    assert Loan.objects.get().compensation == ""
    events = AuditEvent.objects.filter(operation="circulation.compensate", outcome="done").order_by("id")
    assert [event.detail["step"] for event in events] == ["opened", "settled", "reopened", "stopped"]
    for event in events:
        assert event.subject_type == "branch"
        assert thing.barcode not in str(event.detail)
        assert str(who.card_number) not in str(event.detail)


def test_what_is_being_compensated_is_not_renewed_and_money_is_remembered_at_its_return(chief, lost):
    who, thing = lost
    actions.open_compensation(chief.actor, thing.barcode, "lost")
    assert actions.renew(chief.actor, who.pk, thing.barcode, chief.branch).code == "compensation"
    actions.settle_compensation(chief.actor, thing.barcode, "money")
    assert any("返金" in note for note in chief.give_back(thing).notes)


def test_wrong_numbers_ways_and_rights_are_refused_in_words(desk, chief, lost):
    _, thing = lost
    with pytest.raises(NotPermitted):
        actions.open_compensation(desk.actor, thing.barcode, "lost")
    for wrong, said in (
        (lambda: actions.open_compensation(chief.actor, "99999999", "lost"), "登録されていません"),
        (lambda: actions.open_compensation(chief.actor, thing.barcode, "eaten"), "事由"),
        (lambda: actions.open_compensation(chief.actor, make.item().barcode, "lost"), "貸出中の資料ではありません"),
        (lambda: actions.settle_compensation(chief.actor, thing.barcode, "same"), "先に手続き"),
        (lambda: actions.settle_compensation(chief.actor, thing.barcode, "song"), "方法"),
    ):
        with pytest.raises(actions.CompensationRefused, match=said):
            wrong()


def test_the_page_opens_settles_and_stops(lost):
    _, thing = lost
    browser = make.client("librarian")
    assert "弁償の手続き中の資料はありません" in browser.get("/counter/compensation/").content.decode()
    page = browser.post("/counter/compensation/act/", {"act": "open", "barcode": "abc", "cause": "lost"})
    assert page.status_code == 422
    browser.post("/counter/compensation/act/", {"act": "open", "barcode": thing.barcode, "cause": "lost"})
    assert thing.barcode in browser.get("/counter/compensation/").content.decode()
    browser.post("/counter/compensation/act/", {"act": "settle", "barcode": thing.barcode, "way": "waived"})
    assert "免除</span>" in browser.get("/counter/compensation/").content.decode()
    browser.post("/counter/compensation/act/", {"act": "stop", "barcode": thing.barcode})
    assert Loan.objects.get().settled == ""
