"""Rows of the requirements about returning."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from app.audit.models import AuditEvent
from app.branches.models import ClosedDay
from app.branches.queries import closing_of
from app.catalog.models import Item
from app.circulation import actions, rules
from app.circulation.models import HandledToday, Loan, LoanStatistic
from app.holds.models import Status
from app.notices import queries as notices
from app.tests import make
from app.transfers.models import Transfer

from .conftest import LATER, fresh, overdue


def later():
    return timezone.now() + LATER


@pytest.mark.req("F-CIR-025")
def test_a_hold_another_librarys_item_lateness_and_the_usual_each_say_something_else(desk):
    south = make.branch("nanbu", name="南部図書館", short="南部")
    who = make.patron()
    held, away, late, plain = make.item(), make.item(branch=south), make.item(), make.item()
    for thing in (held, away, plain):
        desk.lend(who, thing)
    overdue(desk, who, 3, late)
    desk.hold(make.patron(), held.record)
    said = {
        name: desk.give_back(thing, now=later())
        for name, thing in {"held": held, "away": away, "late": late, "plain": plain}.items()
    }
    kinds = {name: (outcome.tone, outcome.next_step.kind) for name, outcome in said.items()}
    assert kinds == {
        "held": ("info", "hold_shelf"),
        "away": ("info", "transfer"),
        "late": ("warn", "shelf"),
        "plain": ("ok", "shelf"),
    }
    assert "取置棚" in said["held"].message
    assert "3日延滞" in said["late"].message
    assert said["plain"].message == "返却しました。"


@pytest.mark.req("F-CIR-027")
def test_with_the_return_the_hold_has_its_item_and_its_slip(desk):
    south = make.branch("nanbu", name="南部図書館", short="南部")
    who = make.patron()
    here, there = make.item("こころ"), make.item("それから")
    desk.lend(who, here), desk.lend(who, there)
    first, second = desk.hold(make.patron(), here.record), desk.hold(make.patron(), there.record, south)
    shelf, way = desk.give_back(here, now=later()), desk.give_back(there, now=later())
    assert (fresh(first).status, fresh(second).status) == (Status.READY, Status.TRANSIT)
    assert [slip.kind for slip in (*shelf.slips, *way.slips)] == ["hold", "transfer"]
    assert shelf.slips[0].number == str(fresh(first).shelf_number) == shelf.next_step.number
    assert way.slips[0].destination == "南部"
    for slip in (*shelf.slips, *way.slips):
        assert who.name not in repr(slip)


@pytest.mark.req("F-CIR-028")
def test_an_item_of_the_south_returned_in_the_north_is_on_its_way_home(desk):
    south = make.branch("nanbu", name="南部図書館", short="南部")
    thing = make.item(branch=south)
    desk.lend(make.patron(), thing)
    outcome = desk.give_back(thing, now=later())
    assert "南部図書館へ回送" in outcome.message
    way = Transfer.objects.get(item=thing)
    assert (way.from_branch_id, way.to_branch_id) == (desk.branch.pk, south.pk)


@pytest.mark.req("F-CIR-029")
def test_twenty_items_of_the_book_drop_count_for_the_last_open_day_without_lateness(desk):
    today = timezone.localdate()
    for days in (1, 2):
        ClosedDay.objects.create(branch=desk.branch, date=today - timedelta(days=days), reason="年末年始")
    last_open = today - timedelta(days=3)
    assert rules.book_drop_day(today, closing_of(desk.branch)) == last_open
    make.rule(total_limit=50)
    who, things = make.patron(), [make.item() for _ in range(20)]
    for thing in things:
        Loan.objects.create(
            item=thing, patron=who, branch=desk.branch, due_on=last_open, lent_at=timezone.now() - timedelta(days=17)
        )
    outcomes = [desk.give_back(thing, on_date=last_open) for thing in things]
    assert {(outcome.code, outcome.days_late) for outcome in outcomes} == {("give_back", 0)}
    assert LoanStatistic.objects.filter(act="return", on_date=last_open).count() == 20
    assert not LoanStatistic.objects.filter(act="return", on_date=today).exists()


@pytest.mark.req("F-CIR-029")
def test_a_return_is_not_set_back_to_a_closed_day_nor_before_the_loan(desk):
    today = timezone.localdate()
    yesterday = today - timedelta(days=1)
    thing = make.item()
    desk.lend(make.patron(), thing)
    ClosedDay.objects.create(branch=desk.branch, date=yesterday, reason="休館")
    refused = desk.give_back(thing, on_date=yesterday)
    assert (refused.code, refused.tone) == ("bad_day", "bad")
    assert Loan.objects.exists()
    assert desk.give_back(thing, on_date=today + timedelta(days=1)).code == "bad_day"
    assert desk.give_back(thing, on_date=today - timedelta(days=2)).code == "give_back"
    assert LoanStatistic.objects.get(act="return").on_date == today


@pytest.mark.req("F-CIR-031")
@pytest.mark.parametrize("status", ["missing", "withdrawn"])
def test_a_lost_or_withdrawn_item_that_comes_back_is_asked_about_and_stands_on_the_shelf_again(desk, status):
    thing = make.item(status=status)
    asked = desk.give_back(thing)
    assert (asked.code, [choice.code for choice in asked.asks[0].choices]) == ("ask", ["restore", "leave"])
    assert fresh(thing).status == status
    back = desk.give_back(thing, "restore")
    assert (back.code, back.next_step.kind) == ("restored", "shelf")
    assert fresh(thing).status == "in_stock"
    assert not Item.objects.filter(status=status).exists()
    event = AuditEvent.objects.get(operation="catalog.restore")
    assert event.detail == {"changed": {"status": [status, "in_stock"]}}


def test_a_lost_item_may_be_left_as_it_is_and_does_not_go_to_the_shelf(desk):
    thing = make.item(status="missing")
    left = desk.give_back(thing, "leave")
    assert (left.tone, left.next_step.kind) == ("warn", "keep_back")
    assert fresh(thing).status == "missing"


@pytest.mark.req("F-CIR-031")
def test_an_item_that_is_lost_on_loan_is_returned_and_restored_at_once(desk):
    thing, who = make.item(), make.patron()
    desk.lend(who, thing)
    Item.objects.filter(pk=thing.pk).update(status="missing")
    assert desk.give_back(thing, now=later()).code == "ask"
    assert desk.give_back(thing, "restore", now=later()).code == "give_back"
    assert not Loan.objects.exists()
    assert fresh(thing).status == "in_stock"


@pytest.mark.req("F-CIR-026")
def test_who_returned_is_opened_for_ten_minutes_only_by_whoever_may_and_is_recorded(desk, chief):
    who, thing = make.patron(name="秘密 太郎"), make.item()
    desk.lend(who, thing)
    now = later()
    outcome = chief.give_back(thing, now=now)
    assert "秘密" not in repr(outcome)
    with pytest.raises(Exception, match="借受者"):
        actions.who_returned(desk.actor, outcome.undo, "確認", now)
    found = actions.who_returned(chief.actor, outcome.undo, "付属物の確認", now + timedelta(minutes=1))
    assert found.pk == who.pk
    event = AuditEvent.objects.get(operation="circulation.see_borrower")
    assert (event.outcome, event.subject_id, event.purpose) == ("viewed", str(who.pk), "付属物の確認")
    assert thing.barcode not in str(event.detail)
    assert actions.who_returned(chief.actor, outcome.undo, "確認", now + timedelta(minutes=11)) is None


@pytest.mark.req("F-CIR-019")
def test_five_uses_in_the_house_stand_apart_from_loans(desk):
    for _ in range(5):
        thing = make.item(reference_only=True)
        assert actions.in_library_use(desk.actor, thing.barcode, desk.branch).code == "in_library"
        assert actions.in_library_use(desk.actor, thing.barcode, desk.branch).code == "same_scan"
    stack = make.item(status="closed_stack")
    assert actions.in_library_use(desk.actor, stack.barcode, desk.branch, stack=True).code == "stack"
    acts = dict.fromkeys(("use", "stack", "lend", "return"), 0)
    for act in LoanStatistic.objects.values_list("act", flat=True):
        acts[act] += 1
    assert acts == {"use": 5, "stack": 1, "lend": 0, "return": 0}
    assert not Loan.objects.exists()
    out = make.item()
    desk.lend(make.patron(), out)
    assert actions.in_library_use(desk.actor, out.barcode, desk.branch).code == "on_loan"


def test_a_return_of_what_is_not_out_may_count_as_use_in_the_house(desk):
    thing = make.item()
    assert desk.give_back(thing, in_library=True).code == "in_library"
    assert list(LoanStatistic.objects.values_list("act", flat=True)) == ["use"]


@pytest.mark.req("F-CIR-032")
def test_right_after_its_return_no_reminder_speaks_of_an_item(desk):
    who, today = make.patron(), timezone.localdate()
    thing, other = overdue(desk, who, 30), overdue(desk, who, 30)
    assert {row.item_id for row in notices.overdue(today)} == {thing.pk, other.pk}
    desk.give_back(thing)
    assert {row.item_id for row in notices.overdue(today)} == {other.pk}


@pytest.mark.req("F-CIR-030")
def test_a_second_scan_of_a_return_is_no_second_return(desk):
    thing = make.item()
    desk.lend(make.patron(), thing)
    now = later()
    assert desk.give_back(thing, now=now).code == "give_back"
    assert desk.give_back(thing, now=now + timedelta(seconds=5)).code == "same_scan"
    assert desk.give_back(thing, now=now + LATER).code == "not_out"
    assert LoanStatistic.objects.filter(act="return").count() == HandledToday.objects.count() == 1


def test_days_late_count_to_the_day_of_return(desk):
    who, thing = make.patron(), make.item()
    due = date(2026, 11, 20)
    now = timezone.make_aware(timezone.datetime(2026, 11, 23, 10))
    Loan.objects.create(item=thing, patron=who, branch=desk.branch, due_on=due, lent_at=now - timedelta(days=17))
    assert desk.give_back(thing, now=now, on_date=date(2026, 11, 22)).days_late == 2


@pytest.mark.req("F-CIR-026")
def test_the_return_screen_opens_the_name_only_for_a_purpose_and_only_to_whoever_may(desk):
    who, thing = make.patron(name="秘密 太郎"), make.item()
    desk.lend(who, thing)
    page = reverse("circulation:give_back")
    for role in ("counter", "librarian"):
        browser = make.client(role)
        reply = browser.post(page, {"scan": thing.barcode}, headers={"accept": "application/json"})
        assert "秘密" not in str(reply.json())
        token = reply.json()["undo"]["undo"]
        asked = browser.post(page, {"act": "who", "undo": token}, headers={"accept": "application/json"})
        given = {"act": "who", "undo": token, "answer": "who", "reason": "付録の確認"}
        opened = browser.post(page, given, headers={"accept": "application/json"})
        assert "目的" in asked.json()["ask"]
        assert "秘密" not in str(asked.json())
        assert ('id="who"' in browser.get(page).content.decode()) == (role == "librarian")
        if role == "librarian":
            assert "秘密 太郎" in opened.json()["says"]
        else:
            assert opened.status_code == 403
            assert "秘密" not in opened.content.decode()
        desk.lend(who, thing, now=timezone.now() + LATER)
    assert AuditEvent.objects.filter(operation="circulation.see_borrower", outcome="viewed").count() == 1
