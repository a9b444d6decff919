"""Taking back what was a mistake."""

from datetime import timedelta

import pytest
from django.utils import timezone

from app.audit.models import AuditEvent
from app.branches.models import ClosedDay
from app.catalog import actions as catalog
from app.circulation import actions, enquiry
from app.circulation.actions import sealing
from app.circulation.models import HandledToday, Loan, LoanStatistic, UndoKey
from app.holds import actions as holds
from app.holds.models import HoldSet, HoldStatistic, Status
from app.tests import make
from app.transfers.models import Transfer

from .conftest import LATER, fresh


def state_of(loan):
    """Everything a loan says."""
    return {field.attname: getattr(loan, field.attname) for field in Loan._meta.fields if field.name != "id"}


@pytest.mark.req("F-CIR-017")
def test_a_loan_undone_is_no_return_and_no_figure_of_it_stays(desk):
    who, thing, other = make.patron(), make.item(), make.item()
    desk.lend(who, other)
    before = LoanStatistic.objects.count()
    desk.lend(who, thing)
    assert enquiry.times_lent(thing.pk, out=True) == 1
    undone = actions.undo_loan(desk.actor, thing.barcode, desk.branch)
    assert (undone.code, undone.next_step.kind) == ("undo_loan", "shelf")
    assert LoanStatistic.objects.filter(act="lend").count() == before
    assert not LoanStatistic.objects.filter(act="return").exists()
    assert [loan.item_id for loan in Loan.objects.all()] == [other.pk]
    assert enquiry.times_lent(thing.pk, out=False) == 0
    assert actions.settle_returns(timezone.localdate() + timedelta(days=1)) == 0
    assert not HandledToday.objects.exists()
    assert enquiry.times_lent(thing.pk, out=False) == 0


def test_undoing_a_loan_twice_changes_nothing_more(desk):
    who, thing = make.patron(), make.item()
    desk.lend(who, thing)
    desk.lend(who, make.item())
    assert actions.undo_loan(desk.actor, thing.barcode, desk.branch).code == "undo_loan"
    assert actions.undo_loan(desk.actor, thing.barcode, desk.branch).code == "same_scan"
    assert LoanStatistic.objects.filter(act="lend").count() == 1


def test_a_loan_of_yesterday_or_an_extended_one_is_returned_instead(desk):
    thing, old = make.item(), make.item()
    desk.lend(make.patron(), old, now=timezone.now() - timedelta(days=1, hours=1))
    assert actions.undo_loan(desk.actor, old.barcode, desk.branch).code == "undo_too_late"
    desk.lend(make.patron(), thing)
    Loan.objects.filter(item=thing).update(renewed=1)
    assert actions.undo_loan(desk.actor, thing.barcode, desk.branch).code == "undo_too_late"
    assert Loan.objects.count() == 2


@pytest.mark.req("F-CIR-017")
def test_a_loan_undone_that_had_completed_a_hold_brings_the_hold_and_its_figure_back(desk):
    who, book = make.patron(), make.item()
    hold = desk.hold(who, book.record)
    desk.give_back(book)
    desk.lend(who, book)
    assert HoldStatistic.objects.filter(act="hand_over").count() == 1
    undone = actions.undo_loan(desk.actor, book.barcode, desk.branch, timezone.now() + LATER)
    assert undone.next_step.kind == "hold_shelf"
    assert fresh(hold).status == Status.READY
    assert HoldStatistic.objects.filter(act="hand_over").count() == 0


@pytest.mark.req("F-CIR-033")
def test_a_return_undone_is_the_same_loan_of_the_same_patron_with_the_same_due_date(desk):
    who, thing = make.patron(), make.item()
    lent_at = timezone.now() - timedelta(days=20)
    desk.lend(who, thing, now=lent_at, without_card=True)
    Loan.objects.update(renewed=1, due_reason="入院のため", due_changed_by="x1")
    before = state_of(Loan.objects.get())
    figures = sorted(LoanStatistic.objects.values_list("act", flat=True))
    now = timezone.now()
    returned = desk.give_back(thing, now=now)
    assert returned.code == "give_back"
    assert not Loan.objects.exists()
    undone = actions.undo_return(desk.actor, returned.undo, now + timedelta(minutes=2))
    assert (undone.code, undone.due_on) == ("undo_return", before["due_on"])
    assert state_of(Loan.objects.get()) == before
    assert sorted(LoanStatistic.objects.values_list("act", flat=True)) == figures
    assert not HandledToday.objects.exists()
    assert actions.undo_return(desk.actor, returned.undo, now + timedelta(minutes=2)).code == "same_scan"
    assert Loan.objects.count() == 1


@pytest.mark.req("F-CIR-033")
def test_a_return_undone_gives_back_what_it_had_set_in_motion(desk):
    south = make.branch("nanbu", name="南部図書館", short="南部")
    who, waiting = make.patron(), make.patron()
    held, away = make.item(), make.item(branch=south)
    desk.lend(who, held), desk.lend(who, away)
    hold = desk.hold(waiting, held.record)
    queue = fresh(hold).queue_at
    now = timezone.now() + LATER
    first, second = desk.give_back(held, now=now), desk.give_back(away, now=now)
    assert fresh(hold).status == Status.READY
    assert Transfer.objects.filter(item=away).exists()
    for outcome in (first, second):
        assert actions.undo_return(desk.actor, outcome.undo, now).code == "undo_return"
    assert (fresh(hold).status, fresh(hold).item_id, fresh(hold).queue_at) == (Status.WAITING, None, queue)
    assert not Transfer.objects.exists()
    assert Loan.objects.filter(patron=who).count() == 2


@pytest.mark.req("F-CIR-017")
def test_a_return_undone_brings_back_the_whole_set_of_any_and_keeps_the_returners_own_hold(desk):
    who, waiting = make.patron(), make.patron()
    one, other = make.item(), make.item()
    for thing in (one, other):
        desk.lend(who, thing)
    wishes = [desk.hold(waiting, thing.record) for thing in (one, other)]
    holds.join(desk.actor, [wish.pk for wish in wishes], HoldSet.Kind.ANY)
    now = timezone.now() + LATER
    returned = desk.give_back(one, now=now)
    own = desk.hold(who, one.record)
    assert [fresh(wish).status for wish in wishes] == [Status.READY, Status.CANCELLED]
    assert HoldStatistic.objects.filter(act="cancel").exists()
    assert actions.undo_return(desk.actor, returned.undo, now).code == "undo_return"
    assert [(fresh(wish).status, fresh(wish).item_id) for wish in wishes] == [(Status.WAITING, None)] * 2
    assert fresh(own).status == Status.WAITING
    assert not HoldStatistic.objects.filter(act__in=["cancel", "hand_over"]).exists()
    assert Loan.objects.get(item=one).patron_id == who.pk


def test_a_token_is_of_no_use_after_its_minutes_at_another_terminal_or_for_a_later_loan(desk):
    who, thing = make.patron(), make.item()
    desk.lend(who, thing)
    now = timezone.now() + LATER
    token = desk.give_back(thing, now=now).undo
    elsewhere = type(desk.actor)(**{**desk.actor.__dict__, "terminal": "10.81.1.71"})
    assert actions.undo_return(elsewhere, token, now).code == "undo_too_late"
    assert actions.undo_return(desk.actor, token, now + timedelta(minutes=11)).code == "undo_too_late"
    for wrong in ("", "x", token[:-8], token[:-4] + "AAAA"):
        assert actions.undo_return(desk.actor, wrong, now).code == "undo_too_late"
    desk.lend(make.patron(), thing, now=now)
    assert actions.undo_return(desk.actor, token, now).code == "on_loan"
    again = desk.give_back(thing, now=now + LATER)
    # The first return's own mark is gone with the second's: each token undoes its own return only.
    assert actions.undo_return(desk.actor, again.undo, now + LATER).code == "undo_return"


def test_the_key_of_a_token_is_forgotten_and_then_nothing_opens_it(desk):
    who, thing = make.patron(), make.item()
    desk.lend(who, thing)
    now = timezone.now() + LATER
    token = desk.give_back(thing, now=now).undo
    assert sealing.open_return(desk.actor, token, now).patron_id == who.pk
    assert actions.forget_old_keys(now) == 0
    assert actions.forget_old_keys(now + timedelta(minutes=16)) == 1
    assert not UndoKey.objects.exists()
    assert sealing.open_return(desk.actor, token, now) is None


def test_what_seals_tokens_is_in_no_write_ahead_log(db):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'circulation_undokey'")
        assert cursor.fetchone()[0] == "u"


def test_the_log_of_an_undoing_names_neither_patron_nor_item(desk):
    who, thing = make.patron(), make.item()
    desk.lend(who, thing)
    actions.undo_loan(desk.actor, thing.barcode, desk.branch)
    desk.lend(who, thing, now=timezone.now() + LATER)
    token = desk.give_back(thing, now=timezone.now() + 2 * LATER).undo
    actions.undo_return(desk.actor, token, timezone.now() + 2 * LATER)
    events = AuditEvent.objects.filter(operation="circulation.undo").order_by("id")
    assert [event.detail for event in events] == [{"what": "loan"}, {"what": "return"}]
    assert {(event.subject_type, event.subject_id) for event in events} == {("branch", desk.branch.code)}


def test_pieces_of_a_set_are_undone_one_by_one_and_the_set_counts_once(desk, chief):
    things, who, now = [make.item() for _ in range(3)], make.patron(), timezone.now() + LATER
    catalog.put_set(chief.actor, "上中下", [thing.barcode for thing in things])
    desk.lend(who, things[0])
    tokens = [desk.give_back(thing, now=now).undo for thing in things]
    assert LoanStatistic.objects.filter(act="return").count() == 1
    assert actions.undo_return(desk.actor, tokens[0], now).code == "undo_return"
    assert LoanStatistic.objects.filter(act="return").count() == 0
    assert desk.give_back(things[0], now=now).code == "give_back"
    assert LoanStatistic.objects.filter(act="return").count() == 1
    desk.lend(who, things[1], now=now)
    assert Loan.objects.count() == 3
    actions.undo_loan(desk.actor, things[2].barcode, desk.branch, now)
    assert not Loan.objects.exists()
    assert LoanStatistic.objects.filter(act="lend").count() == 1


def test_a_return_undone_after_its_due_day_was_closed_is_due_on_the_next_open_day(desk):
    thing, now = make.item(), timezone.now() + LATER
    due = desk.lend(make.patron(), thing).due_on
    token = desk.give_back(thing, now=now).undo
    ClosedDay.objects.create(branch=desk.branch, date=due, reason="臨時休館")
    assert actions.undo_return(desk.actor, token, now).due_on == due + timedelta(days=1)
