"""The counter's decisions, without a database."""

from datetime import date, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.branches.rules import Closing
from app.circulation import rules
from app.circulation.rules import Borrower, Rule

TODAY = date(2026, 11, 22)
days = st.dates(date(2026, 1, 1), date(2031, 12, 31))
closings = st.builds(
    Closing, weekdays=st.frozensets(st.integers(0, 6), max_size=5), dates=st.frozensets(days, max_size=30)
)
optional = st.one_of(st.none(), st.integers(1, 3))
rows = st.builds(
    Rule,
    branch_id=optional,
    category_id=optional,
    material_type=st.sampled_from(["", "book", "cd"]),
    limit=st.integers(0, 12),
    period_days=st.integers(1, 60),
    renewals=st.integers(0, 3),
    overdue_block_days=st.one_of(st.none(), st.integers(1, 30)),
    reference_allowed=st.booleans(),
)
tables = st.lists(rows, max_size=8).map(lambda extra: [Rule(None, None, "", 10, 14), *extra])


def borrower(*due: date, valid_until: date | None = None, stopped_until: date | None = None, of_material: int = 0):
    return Borrower(valid_until, stopped_until, due, of_material)


def lend(who: Borrower, row: Rule, *, reference_only: bool = False, shelf: str = ""):
    case = rules.Terms(row, row)
    return rules.may_lend(who, case, Closing(), TODAY, reference_only=reference_only, shelf_problem=shelf)


@given(today=days, period=st.integers(1, 90), closing=closings)
def test_a_due_date_is_never_a_closed_day_and_never_before_the_period_ends(today, period, closing):
    due = rules.due_date(today, period, closing)
    assert not closing.is_closed(due)
    end = today + timedelta(days=period)
    assert due >= end
    assert all(closing.is_closed(end + timedelta(days=n)) for n in range((due - end).days))


@pytest.mark.req("F-CIR-005")
def test_a_period_that_ends_on_the_closed_tuesday_is_due_on_wednesday():
    lent_on_tuesday_minus_14 = date(2026, 12, 1) - timedelta(days=14)
    due = rules.due_date(lent_on_tuesday_minus_14, 14, Closing(frozenset({1})))
    assert due == date(2026, 12, 2)
    assert due.weekday() == 2


def test_a_period_that_ends_in_the_year_end_closure_is_due_after_it():
    closure = frozenset(date(2026, 12, 29) + timedelta(days=n) for n in range(6))
    assert rules.due_date(date(2026, 12, 16), 14, Closing(frozenset({1}), closure)) == date(2027, 1, 4)


def test_a_branch_that_never_opens_is_an_error_and_no_endless_search():
    with pytest.raises(ValueError, match="no open day"):
        rules.due_date(TODAY, 14, Closing(frozenset(range(7))))


@given(table=tables, branch=st.integers(1, 3), category=st.integers(1, 3), material=st.sampled_from(["book", "cd"]))
def test_the_winning_row_fits_and_no_fitting_row_is_more_special(table, branch, category, material):
    case = rules.terms(table, branch, category, material)
    fitting = [row for row in table if row.fits(branch, category, material)]
    assert case.item in fitting
    assert all(row.rank <= case.item.rank for row in fitting)
    assert case.total.material_type == ""


def test_the_row_that_names_more_wins_and_says_which_columns_made_it_win():
    general, cds, children_cds = Rule(None, None, "", 10, 14), Rule(None, None, "cd", 5, 7), Rule(None, 2, "cd", 2, 7)
    table = [children_cds, general, cds]
    assert rules.terms(table, 1, 1, "cd").item is cds
    assert rules.terms(table, 1, 2, "cd").item is children_cds
    assert rules.terms(table, 1, 2, "book").item is general
    assert children_cds.why == "利用者区分・資料種別を指定した規則"
    assert general.why == "全体の規則"


def test_a_table_without_a_general_row_is_reported_as_the_tables_fault():
    with pytest.raises(rules.NoRule, match="貸出規則"):
        rules.terms([Rule(None, None, "cd", 5, 7)], 1, 1, "book")


def test_the_eleventh_of_ten_is_refused_with_the_numbers():
    row = Rule(None, None, "", 10, 14)
    later = TODAY + timedelta(days=3)
    assert lend(borrower(*[later] * 9), row).allowed
    refused = lend(borrower(*[later] * 10), row)
    assert (refused.allowed, refused.code) == (False, "limit")
    assert "10点まで" in refused.message


def test_the_limit_of_a_material_counts_only_that_material():
    general, cds = Rule(None, None, "", 10, 14), Rule(None, None, "cd", 2, 7)
    later = (TODAY + timedelta(days=3),) * 4
    case = rules.Terms(cds, general)
    ask = {"case": case, "closing": Closing(), "today": TODAY, "reference_only": False}
    assert rules.may_lend(Borrower(None, None, later, 1), **ask).allowed
    assert rules.may_lend(Borrower(None, None, later, 2), **ask).code == "material_limit"


@pytest.mark.parametrize(("late", "allowed"), [(14, True), (15, False), (16, False)])
def test_overdue_by_fourteen_days_warns_and_by_fifteen_stops(late, allowed):
    row = Rule(None, None, "", 10, 14, overdue_block_days=15)
    verdict = lend(borrower(TODAY - timedelta(days=late)), row)
    assert verdict.allowed is allowed
    assert f"{late}日延滞" in (verdict.notes[0] if allowed else verdict.message)


def test_the_last_day_of_a_card_is_good_and_the_day_after_is_not():
    row = Rule(None, None, "", 10, 14)
    assert lend(borrower(valid_until=TODAY), row).allowed
    assert lend(borrower(valid_until=TODAY - timedelta(days=1)), row).code == "expired"


def test_a_stop_ends_by_itself_after_its_last_day():
    row = Rule(None, None, "", 10, 14)
    assert lend(borrower(stopped_until=TODAY), row).code == "stopped"
    assert lend(borrower(stopped_until=TODAY - timedelta(days=1)), row).allowed


def test_reference_only_stays_in_the_house_unless_the_row_allows_it():
    assert lend(borrower(), Rule(None, None, "", 10, 14), reference_only=True).code == "reference_only"
    assert lend(borrower(), Rule(None, None, "", 10, 14, reference_allowed=True), reference_only=True).allowed


def test_an_item_in_a_state_that_is_not_lent_is_refused_by_the_states_name():
    assert "修理中" in lend(borrower(), Rule(None, None, "", 10, 14), shelf="修理中").message


@given(table=tables, due=st.lists(days, max_size=14), today=days, closing=closings, valid=st.one_of(st.none(), days))
def test_whoever_may_borrow_is_valid_below_the_limit_and_gets_an_open_day(table, due, today, closing, valid):
    who = Borrower(valid, None, tuple(due), 0)
    case = rules.terms(table, 1, 1, "book")
    verdict = rules.may_lend(who, case, closing, today, reference_only=False)
    if verdict.allowed:
        assert valid is None or today <= valid
        assert len(due) < case.total.limit
        assert verdict.due_on > today
        assert not closing.is_closed(verdict.due_on)
    else:
        assert verdict.message
        assert verdict.due_on is None


@given(due=days, today=days, renewed=st.integers(0, 3), allowed=st.integers(0, 3), closing=closings)
def test_an_extension_never_shortens_a_loan_and_never_exceeds_its_number(due, today, renewed, allowed, closing):
    assume(abs((due - today).days) < 400)
    row = Rule(None, None, "", 10, 14, renewals=allowed)
    who = Borrower(None, None, (due,), 0)
    verdict = rules.may_renew(who, rules.Terms(row, row), closing, today, due_on=due, renewed=renewed)
    if verdict.allowed:
        assert verdict.due_on > due
        assert renewed < allowed
        assert today <= due
