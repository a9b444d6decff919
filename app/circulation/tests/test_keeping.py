"""While a loan lasts: extending it, another due date, stops that end with the last return."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from app.audit.models import AuditEvent
from app.branches.models import ClosedDay
from app.circulation import actions
from app.circulation.actions import Answers
from app.circulation.models import Loan, LoanStatistic
from app.patrons import actions as patrons
from app.tests import make

from .conftest import LATER, fresh, overdue


def renew(desk, who, thing, now=None, *answers, reason=""):
    given = Answers.of(*answers, reason=reason)
    return actions.renew(desk.actor, who.pk, thing.barcode, desk.branch, now, answers=given)


@pytest.mark.req("F-CIR-015")
def test_an_extension_is_refused_the_second_time_and_when_somebody_waits(desk, chief):
    who, thing, wanted = make.patron(), make.item(), make.item()
    desk.lend(who, thing), desk.lend(who, wanted)
    now = timezone.now() + timedelta(days=7)
    assert renew(desk, who, thing, now).code == "renew"
    again = renew(desk, who, thing, now + timedelta(days=1))
    assert (again.code, again.tone, again.asks) == ("renewals", "warn", ())
    desk.hold(make.patron(), wanted.record)
    refused = renew(desk, who, wanted, now)
    assert refused.code == "held"
    assert "予約が1件" in refused.message
    asked = renew(chief, who, thing, now + timedelta(days=1))
    assert asked.asks[0].choices[0].label == "理由を記録して延長する"
    assert renew(chief, who, thing, now + timedelta(days=1), "renewals", reason="入院").code == "renew"
    assert AuditEvent.objects.get(operation="circulation.override").purpose == "入院"


@pytest.mark.req("F-CIR-015")
def test_everything_is_extended_at_once_and_what_is_not_says_why(desk):
    who = make.patron()
    plain, wanted, film = make.item(), make.item(), make.item(material_type="dvd")
    late = overdue(desk, who, 3)
    for thing in (plain, wanted, film):
        desk.lend(who, thing)
    desk.hold(make.patron(), wanted.record)
    now = timezone.now() + timedelta(days=3)
    outcomes = {o.item.pk: o.code for o in actions.renew_all(desk.actor, who.pk, desk.branch, now)}
    assert outcomes == {plain.pk: "renew", wanted.pk: "held", film.pk: "renewals", late.pk: "late"}
    assert LoanStatistic.objects.filter(act="renew").count() == 1


def test_the_pieces_of_a_set_are_extended_together(desk, chief):
    from app.catalog import actions as catalog

    things, who = [make.item() for _ in range(3)], make.patron()
    catalog.put_set(chief.actor, "上中下", [thing.barcode for thing in things])
    desk.lend(who, things[0])
    outcomes = actions.renew_all(desk.actor, who.pk, desk.branch, timezone.now() + timedelta(days=3))
    assert [outcome.code for outcome in outcomes] == ["renew"]
    assert Loan.objects.filter(renewed=1).count() == 3
    assert Loan.objects.values("due_on").distinct().count() == 1


@pytest.mark.req("F-CIR-016")
def test_a_due_date_is_changed_for_a_reason_that_stays_with_the_loan_and_in_the_log(desk):
    who, thing = make.patron(), make.item()
    before = desk.lend(who, thing).due_on
    day = timezone.localdate() + timedelta(days=3)
    assert actions.change_due(desk.actor, thing.barcode, day, " ", desk.branch).code == "bad_due"
    changed = actions.change_due(desk.actor, thing.barcode, day, "次の利用者の授業のため", desk.branch)
    assert (changed.code, changed.due_on) == ("change_due", day)
    loan = Loan.objects.get()
    assert (loan.due_on, loan.due_changed_by, loan.due_reason) == (day, desk.actor.number, "次の利用者の授業のため")
    event = AuditEvent.objects.get(operation="circulation.change_due")
    assert (event.actor, event.purpose) == (desk.actor.number, "次の利用者の授業のため")
    assert event.detail == {"from": before.isoformat(), "to": day.isoformat()}
    assert (event.subject_type, event.subject_id) == ("branch", desk.branch.code)
    assert actions.change_due(desk.actor, thing.barcode, day, "同じ", desk.branch).code == "same_scan"


def test_a_due_date_is_never_changed_to_a_closed_day(desk):
    thing, day = make.item(), timezone.localdate() + timedelta(days=3)
    desk.lend(make.patron(), thing)
    ClosedDay.objects.create(branch=desk.branch, date=day, reason="整理日")
    refused = actions.change_due(desk.actor, thing.barcode, day, "依頼", desk.branch)
    assert refused.code == "bad_due"
    assert "休館日" in refused.message


@pytest.fixture
def stopped(desk):
    """A patron with two things out, stopped until both are back."""
    who = make.patron()
    things = [overdue(desk, who, 3), overdue(desk, who, 3)]
    today = timezone.localdate()
    patrons.stop(desk.actor, who, ["lend"], "長期延滞", today + timedelta(days=60), today, until_returned=True)
    return fresh(who), things


@pytest.mark.req("F-CIR-014")
def test_a_stop_ends_when_the_last_item_is_back(desk, stopped):
    who, things = stopped
    today = timezone.localdate()
    desk.give_back(things[0])
    assert not actions.end_when_all_is_back(who, today)
    assert desk.lend(who, make.item()).code == "stopped"
    desk.give_back(things[1])
    assert desk.lend(who, make.item()).code == "lend"
    assert fresh(who).stopped_until is None
    lifted = AuditEvent.objects.filter(operation="patrons.stop", actor="全点返却").get()
    assert lifted.subject_id == str(who.pk)


@pytest.mark.req("F-CIR-014")
def test_the_card_that_is_read_next_and_the_job_find_the_stop_ended(desk, stopped):
    who, things = stopped
    now = timezone.now()
    assert actions.end_all(now) == 0
    for thing in things:
        desk.give_back(thing)
    assert fresh(who).stopped_until is not None  # the return itself writes nothing about the patron
    assert actions.end_all(now) == 1
    assert fresh(who).stopped_until is None
    assert actions.end_all(now) == 0


@pytest.mark.req("F-CIR-014")
def test_the_stop_is_registered_on_the_patrons_page_and_its_sign_goes_with_the_last_return(desk):
    who, thing, today = make.patron(), make.item(), timezone.localdate()
    desk.lend(who, thing)
    browser, until = make.client("counter"), today + timedelta(days=30)
    given = {"kinds": ["lend"], "reason": "督促に応じない", "until": f"{until:%Y/%m/%d}", "until_returned": "on"}
    assert browser.post(reverse("patrons:add_stop", args=[who.pk]), given).status_code == 302
    scan = {"data": {"scan": who.card_number}, "headers": {"accept": "application/json"}}
    assert "停止しています" in browser.post(reverse("circulation:lend"), **scan).json()["panel"]["html"]
    desk.give_back(thing, now=timezone.now() + LATER)
    assert "停止しています" not in browser.post(reverse("circulation:lend"), **scan).json()["panel"]["html"]


def test_a_stop_for_another_reason_stays_until_its_day(desk):
    who, today = make.patron(), timezone.localdate()
    patrons.stop(desk.actor, who, ["lend"], "規則違反", today + timedelta(days=3), today)
    who = fresh(who)
    assert not actions.end_when_all_is_back(who, today)
    assert desk.lend(who, make.item()).code == "stopped"
    assert desk.lend(who, make.item(), now=timezone.now() + timedelta(days=4)).code == "lend"


def test_undoing_the_last_return_brings_the_stop_back(desk, stopped):
    who, things = stopped
    now = timezone.now() + LATER
    tokens = [desk.give_back(thing, now=now).undo for thing in things]
    assert actions.end_all(now) == 1
    assert actions.undo_return(desk.actor, tokens[1], now).code == "undo_return"
    assert fresh(who).stopped_until == timezone.localdate() + timedelta(days=60)
    assert desk.lend(who, make.item()).code == "stopped"
