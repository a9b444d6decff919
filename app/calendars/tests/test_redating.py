"""A closure moves dates, all of them, at once; and takes back exactly what it moved."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.access.actions import NotPermitted
from app.branches.actions import lay_out_year
from app.branches.models import ClosedDay
from app.branches.queries import closing_of
from app.branches.rules import Pattern, add_open_days, next_open
from app.calendars import actions, jobs, queries
from app.calendars.models import RedatedHold, RedatedLoan, Redating
from app.calendars.queries import Plan
from app.catalog.models import Item
from app.circulation import actions as circulation
from app.circulation.models import Loan
from app.holds.models import Hold, HoldEntry
from app.tests import make

pytestmark = pytest.mark.django_db
TODAY = date(2026, 12, 1)
CLOSURE, EXTENSION = Redating.Kind.CLOSURE, Redating.Kind.EXTENSION


@pytest.fixture
def chief():
    return make.actor("admin")


def lent(due, branch=None, patron=None):
    return Loan.objects.create(
        item=make.item(), patron=patron or make.patron(), branch=branch or make.branch(), due_on=due,
        lent_at=timezone.make_aware(timezone.datetime(2026, 11, 20, 10)),
    )  # fmt: skip


def shelved(keep_until, branch=None):
    item = make.item()
    return Hold.objects.create(
        patron=make.patron(), record=item.record, item=item, status="ready", received_at=timezone.now(),
        queue_at=timezone.now(), route="counter", pickup=branch or make.branch(), contact="none",
        ready_at=timezone.now(), keep_until=keep_until, shelf_number=Hold.objects.count() + 1,
    )  # fmt: skip


def closure(first=5, last=7, branches=None, **more):
    day = {"first": date(2026, 12, first), "last": date(2026, 12, last)}
    return Plan(CLOSURE, tuple(branches or [make.branch()]), **day, reason="大雪", **more)


def due(loan):
    return Loan.objects.get(pk=loan.pk).due_on


@pytest.mark.req("F-SYS-004")
def test_loans_due_within_a_closure_are_due_on_the_first_day_after_it(chief):
    before, first, last, after = (lent(date(2026, 12, day)) for day in (4, 5, 7, 8))
    elsewhere = lent(date(2026, 12, 5), make.branch("nanbu"))
    change = actions.carry_out(chief, closure(), TODAY)
    assert [due(loan).day for loan in (before, first, last, after)] == [4, 8, 8, 8]
    assert due(elsewhere).day == 5
    assert (change.state, change.loans_total, change.loans_moved) == ("done", 2, 2)
    assert closing_of(make.branch()).is_closed(date(2026, 12, 6))


@pytest.mark.req("F-CIR-005")
def test_a_loan_made_after_a_closure_was_registered_is_due_when_the_branch_is_open_again(chief):
    make.rule(period_days=5, total_limit=10)
    actions.carry_out(chief, closure(), TODAY)
    who, item = make.patron(), make.item()
    now = timezone.make_aware(timezone.datetime(2026, 12, 1, 10))
    outcome = circulation.lend(make.actor(), who.pk, item.barcode, make.branch(), now=now)
    assert outcome.due_on == date(2026, 12, 8)


@pytest.mark.req("F-RSV-033")
def test_a_closure_of_seven_days_keeps_everything_on_the_shelf_seven_open_days_longer(chief):
    here = make.branch(closed_weekdays="1")
    holds = [shelved(date(2026, 12, day)) for day in (7, 9, 13, 20)]
    gone, elsewhere = shelved(date(2026, 12, 4)), shelved(date(2026, 12, 9), make.branch("nanbu"))
    change = actions.carry_out(chief, closure(7, 13, hold_days=7), TODAY)
    assert change.holds_moved == 4
    closing = closing_of(here)
    for hold in holds:
        now = Hold.objects.get(pk=hold.pk).keep_until
        assert now == add_open_days(hold.keep_until, 7, closing)
        assert not closing.is_closed(now)
    assert Hold.objects.get(pk=gone.pk).keep_until == date(2026, 12, 4)
    assert Hold.objects.get(pk=elsewhere.pk).keep_until == date(2026, 12, 9)
    assert HoldEntry.objects.filter(hold=holds[0], kind="extend").get().text == "大雪のため期限を変更"


@pytest.mark.req("F-SYS-004")
def test_undoing_a_closure_puts_back_what_it_moved_and_leaves_what_staff_changed_since(chief):
    moved, changed, returned = (lent(date(2026, 12, 5)) for _ in range(3))
    hold = shelved(date(2026, 12, 6))
    change = actions.carry_out(chief, closure(hold_days=3), TODAY)
    Loan.objects.filter(pk=changed.pk).update(due_on=date(2026, 12, 20))
    circulation.give_back(make.actor(), returned.item.barcode, make.branch())
    actions.undo(chief, change.pk)
    change = actions.go_on(chief, change.pk)
    assert (change.state, change.loans_back, change.holds_back) == ("undone", 1, 1)
    assert due(moved) == date(2026, 12, 5)
    assert due(changed) == date(2026, 12, 20)
    assert Hold.objects.get(pk=hold.pk).keep_until == date(2026, 12, 6)
    assert not ClosedDay.objects.filter(source=change.source).exists()
    assert not closing_of(make.branch()).is_closed(date(2026, 12, 6))
    assert not RedatedLoan.objects.exists()
    assert not RedatedHold.objects.exists()
    with pytest.raises(ValidationError):
        actions.undo(chief, change.pk)


def test_days_that_were_closed_before_stay_closed_when_a_closure_is_undone(chief):
    ClosedDay.objects.create(branch=make.branch(), date=date(2026, 12, 6), reason="整理日")
    change = actions.carry_out(chief, closure(), TODAY)
    actions.undo(chief, change.pk)
    closing = closing_of(make.branch())
    assert closing.is_closed(date(2026, 12, 6))
    assert not closing.is_closed(date(2026, 12, 5))


def test_two_closures_are_undone_one_after_the_other(chief):
    loan = lent(date(2026, 12, 5))
    first = actions.carry_out(chief, closure(5, 5), TODAY)
    second = actions.carry_out(chief, closure(6, 6), TODAY)
    assert due(loan) == date(2026, 12, 7)
    for change, day in ((second, 6), (first, 5)):
        actions.undo(chief, change.pk)
        actions.go_on(chief, change.pk)
        assert due(loan).day == day


@pytest.mark.req("F-SYS-004")
def close_by_hand(chief, day, *, closed=True, branch=None):
    actions.set_day(chief, branch or make.branch(), day, closed=closed, reason="停電工事")


def test_a_change_of_the_calendar_is_undone_only_where_its_days_are_open_again(chief):
    """The day was closed by hand: undoing the dates does not open it, and no date goes back onto it."""
    first, second = date(2026, 12, 5), date(2026, 12, 10)
    loan, other, hold = lent(first), lent(second), shelved(second)
    for day in (first, second):
        close_by_hand(chief, day)
    change = actions.follow_calendar(chief, [make.branch()], "開館日の変更", TODAY)
    assert (due(loan), due(other)) == (date(2026, 12, 6), date(2026, 12, 11))
    with pytest.raises(ValidationError, match="今も休館日です"):
        actions.undo(chief, change.pk)
    assert Redating.objects.get(pk=change.pk).state == "done"
    assert (due(loan), due(other)) == (date(2026, 12, 6), date(2026, 12, 11))
    close_by_hand(chief, second, closed=False)
    actions.undo(chief, change.pk)
    change = actions.go_on(chief, change.pk)
    assert (change.state, change.loans_back, change.holds_back) == ("undone", 1, 1)
    assert (due(loan), due(other)) == (date(2026, 12, 6), second)
    hold.refresh_from_db()
    assert hold.keep_until == second
    assert not RedatedLoan.objects.exists()
    assert not RedatedHold.objects.exists()


def test_undoing_any_change_puts_no_date_on_a_day_that_was_closed_meanwhile(chief):
    loan, far = lent(date(2026, 12, 6)), lent(date(2026, 12, 5))
    until, to = date(2026, 12, 9), date(2026, 12, 20)
    change = actions.carry_out(chief, Plan(EXTENSION, (make.branch(),), TODAY, until, "機器の更新", to), TODAY)
    assert due(loan) == due(far) == to
    for day in (5, 6):
        close_by_hand(chief, date(2026, 12, day))
    actions.undo(chief, change.pk)
    assert actions.go_on(chief, change.pk).loans_back == 2
    assert due(loan) == due(far) == date(2026, 12, 7)


def test_all_dates_of_a_span_go_to_one_day_without_closing(chief):
    loans = [lent(date(2026, 12, day)) for day in (5, 6, 9)]
    ClosedDay.objects.create(branch=make.branch(), date=date(2026, 12, 20), reason="整理日")
    plan = Plan(EXTENSION, (make.branch(),), date(2026, 12, 5), date(2026, 12, 7), "災害", date(2026, 12, 20), 2)
    change = actions.carry_out(chief, plan, TODAY)
    assert [due(loan).day for loan in loans] == [21, 21, 9]
    assert change.loans_moved == 2
    assert not closing_of(make.branch()).is_closed(date(2026, 12, 6))


@pytest.mark.req("F-SYS-004")
def test_the_preview_tells_the_same_numbers_and_changes_nothing(chief, django_assert_max_num_queries):
    loans = [lent(date(2026, 12, 5)) for _ in range(3)]
    shelved(date(2026, 12, 6))
    plan = closure(hold_days=3)
    with django_assert_max_num_queries(6):
        seen = queries.preview(plan, TODAY)
    assert (seen.newly_closed, seen.loan_count, seen.hold_count) == (3, 3, 1)
    assert [(effect.before.day, effect.after.day, effect.count) for effect in seen.loans] == [(5, 8, 3)]
    assert all(due(loan).day == 5 for loan in loans)
    change = actions.carry_out(chief, plan, TODAY)
    assert (change.loans_moved, change.holds_moved) == (3, 1)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"last": date(2026, 12, 4)}, "last"),
        ({"branches": ()}, "branches"),
        ({"first": date(2026, 11, 1), "last": date(2026, 11, 30)}, "last"),
        ({"due_to": date(2026, 12, 6)}, "due_to"),
        ({"kind": EXTENSION}, "due_to"),
        ({"last": date(2028, 12, 4)}, "last"),
    ],
)
def test_what_makes_no_sense_is_refused(chief, wrong, field):
    with pytest.raises(ValidationError) as refused:
        actions.begin(chief, Plan(**{**closure().__dict__, **wrong}), TODAY)
    assert field in refused.value.error_dict
    assert not Redating.objects.exists()


@pytest.mark.req("F-RSV-033")
def test_the_same_closure_sent_twice_is_one_and_one_that_overlaps_is_refused(chief):
    hold = shelved(date(2026, 12, 9))
    first = actions.carry_out(chief, closure(5, 7, hold_days=3), TODAY)
    again = actions.carry_out(chief, closure(5, 7, hold_days=3), TODAY)
    assert first.pk == again.pk
    assert Hold.objects.get(pk=hold.pk).keep_until == date(2026, 12, 12)
    with pytest.raises(ValidationError, match="重なる臨時休館"):
        actions.begin(chief, closure(7, 8), TODAY)
    actions.undo(chief, first.pk)
    actions.go_on(chief, first.pk)
    assert actions.carry_out(chief, closure(7, 8), TODAY).pk != first.pk


def test_only_who_may_closes():
    with pytest.raises(NotPermitted):
        actions.begin(make.actor("librarian"), closure(), TODAY)


def test_a_change_cut_short_goes_on_where_it_was(chief, monkeypatch):
    loans = [lent(date(2026, 12, 5)) for _ in range(5)]
    monkeypatch.setattr(actions, "BATCH", 2)
    change = actions.begin(chief, closure(), TODAY)
    change = actions.go_on(chief, change.pk, seconds=0)
    assert (change.state, change.loans_moved) == ("running", 2)
    told = jobs.carry_on(timezone.now())
    assert "1件" in told
    change.refresh_from_db()
    assert (change.state, change.loans_moved) == ("done", 5)
    assert {due(loan).day for loan in loans} == {8}
    actions.undo(chief, change.pk)
    jobs.carry_on(timezone.now())
    assert {due(loan).day for loan in loans} == {5}


def test_a_loan_that_slipped_onto_a_closed_day_is_moved_by_the_job():
    today = timezone.localdate()
    loan = lent(today + timedelta(days=3))
    ClosedDay.objects.create(branch=make.branch(), date=today + timedelta(days=3), reason="臨時")
    assert "1件" in jobs.check(timezone.now())
    assert due(loan) == today + timedelta(days=4)
    assert "0件" in jobs.check(timezone.now())


def test_a_return_takes_the_note_with_it_and_no_statement_more(chief, django_assert_num_queries):
    loan = lent(date(2026, 12, 5))
    actions.carry_out(chief, closure(), TODAY)
    assert RedatedLoan.objects.filter(loan=loan).count() == 1
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with django_assert_num_queries(1):
        Loan.objects.filter(pk=loan.pk)._raw_delete(using="default")
    assert not RedatedLoan.objects.exists()


def test_a_year_laid_out_anew_keeps_the_days_of_a_closure(chief):
    actions.carry_out(chief, closure(), TODAY)
    actions.lay_out(chief, make.branch(), 2026, Pattern(frozenset({0})))
    assert closing_of(make.branch()).is_closed(date(2026, 12, 6))


@pytest.mark.req("F-SYS-002")
def test_a_year_is_copied_to_the_next_and_to_another_branch(chief):
    here, there = make.branch(), make.branch("nanbu")
    lay_out_year(chief, here, 2026, Pattern(frozenset({1}), ((4, 3),)))
    ClosedDay.objects.create(branch=here, date=date(2026, 6, 3), reason="停電工事")
    assert actions.copy_year(chief, here, 2026, [here, there], 2026, with_days=True) == 1
    assert closing_of(there).dates == closing_of(here).dates
    assert actions.copy_year(chief, here, 2026, [here, there], 2027, with_days=True) == 2
    assert closing_of(there).is_closed(date(2027, 4, 6))
    assert not closing_of(there).is_closed(date(2027, 6, 3))
    with pytest.raises(ValidationError):
        actions.copy_year(chief, here, 2030, [there], 2030, with_days=False)


@pytest.mark.req("F-SYS-004")
def test_ten_thousand_dates_are_moved_and_put_back_within_minutes_and_the_count_is_told(chief):
    who, here = make.patron(), make.branch()
    sample = make.item()
    items = Item.objects.bulk_create(
        Item(record=sample.record, branch=here, barcode=f"9{number:09}") for number in range(10_000)
    )
    at = timezone.make_aware(timezone.datetime(2026, 11, 20, 10))
    Loan.objects.bulk_create(
        Loan(item=item, patron=who, branch=here, due_on=date(2026, 12, 5 + place % 3), lent_at=at)
        for place, item in enumerate(items)
    )
    change = actions.carry_out(chief, closure(), TODAY)
    assert (change.state, change.loans_moved) == ("done", 10_000)
    assert set(Loan.objects.values_list("due_on", flat=True)) == {date(2026, 12, 8)}
    actions.undo(chief, change.pk)
    change = actions.go_on(chief, change.pk, seconds=300)
    assert change.loans_back == 10_000


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    days=st.lists(st.integers(1, 28), min_size=1, max_size=6),
    spans=st.lists(st.tuples(st.integers(2, 20), st.integers(0, 6)), min_size=1, max_size=3),
    weekdays=st.frozensets(st.integers(0, 6), max_size=3),
)
def test_after_any_closures_no_date_is_on_a_closed_day_and_undone_backwards_all_are_as_before(days, spans, weekdays):
    chief = make.actor("admin")
    branch = make.branch(f"b{Redating.objects.count()}-{make.staff().number}")
    branch.closed_weekdays = "".join(map(str, sorted(weekdays)))
    branch.save()
    closing = closing_of(branch)
    loans = [lent(next_open(date(2026, 12, day), closing), branch) for day in days]
    before = [loan.due_on for loan in loans]
    changes = []
    taken = set()
    for number, (first, length) in enumerate(spans):
        span = {date(2026, 12, first) + timedelta(days=offset) for offset in range(length + 1)}
        plan = Plan(CLOSURE, (branch,), min(span), max(span), f"停電{number}")
        if span & taken:
            with pytest.raises(ValidationError, match="重なる臨時休館"):
                actions.begin(chief, plan, TODAY)
        else:
            changes.append(actions.carry_out(chief, plan, TODAY))
            taken |= span
        assert not any(closing_of(branch).is_closed(due(loan)) for loan in loans)
        assert all(due(loan) >= was for loan, was in zip(loans, before, strict=True))
    for change in reversed(changes):
        actions.undo(chief, change.pk)
        actions.go_on(chief, change.pk)
    assert [due(loan) for loan in loans] == before
    assert closing_of(branch) == closing
