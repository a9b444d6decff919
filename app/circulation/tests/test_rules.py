"""The counter's decisions, without a database."""

from datetime import date, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.branches.rules import Closing
from app.circulation import rules
from app.circulation.rules import Borrower, Thing
from app.regulations.rules import Case, Rule, Stage, decide

TODAY = date(2026, 11, 22)
STOP_AT_15 = (Stage(1, "note"), Stage(15, "stop_lending"))
days = st.dates(date(2026, 1, 1), date(2031, 12, 31))
closings = st.builds(
    Closing, weekdays=st.frozensets(st.integers(0, 6), max_size=5), dates=st.frozensets(days, max_size=30)
)


def terms(**values):
    """The terms that one general row gives."""
    given_values = {"total_limit": 10, "period_days": 14, "renewals": 1, **values}
    return decide([Rule(1, values=given_values)], Case(1, 1, "book", TODAY))


def borrower(*due: date, **fields) -> Borrower:
    return Borrower(**{"valid_until": None, "stopped_until": None, "due_dates": due, **fields})


def lend(who: Borrower, thing: Thing = Thing(), let_pass=(), due_on=None, **values):  # noqa: B008
    return rules.may_lend(who, terms(**values), Closing(), TODAY, thing, let_pass=let_pass, due_on=due_on)


def renew(due_on=TODAY + timedelta(days=3), who=None, lent_on=TODAY - timedelta(days=11), **more):
    values = {key: more.pop(key) for key in list(more) if key not in ("renewed", "waiting", "let_pass")}
    who = who or borrower(due_on)
    fields = {"renewed": 0, **more}
    return rules.may_renew(who, terms(**values), Closing(), TODAY, due_on=due_on, lent_on=lent_on, **fields)


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
    with pytest.raises(ValueError, match="no open day"):
        rules.last_open(TODAY, Closing(frozenset(range(7))))


@given(today=days, closing=closings)
def test_the_book_drop_counts_for_the_last_open_day_before(today, closing):
    day = rules.book_drop_day(today, closing)
    assert day < today
    assert not closing.is_closed(day)
    assert all(closing.is_closed(day + timedelta(days=n)) for n in range(1, (today - day).days))
    assert rules.return_day_problem(day, today, closing) == "" or (today - day).days > 31


def test_a_return_is_set_back_to_an_open_day_of_the_last_month_only():
    closing = Closing(frozenset({1}))
    assert rules.return_day_problem(TODAY, TODAY, closing) == ""
    assert "先の日" in rules.return_day_problem(TODAY + timedelta(days=1), TODAY, closing)
    assert "休館日" in rules.return_day_problem(date(2026, 11, 17), TODAY, closing)
    assert "31日" in rules.return_day_problem(date(2026, 10, 21), TODAY, closing)


def test_the_eleventh_of_ten_is_refused_with_the_numbers():
    later = TODAY + timedelta(days=3)
    assert lend(borrower(*[later] * 9)).allowed
    refused = lend(borrower(*[later] * 10))
    assert (refused.allowed, refused.code, refused.overridable) == (False, "limit", True)
    assert "10点まで" in refused.message


def test_a_table_without_a_limit_lends_without_end():
    assert lend(borrower(*[TODAY] * 500), total_limit=None).allowed


def test_the_limit_of_a_material_counts_only_that_material():
    later = (TODAY + timedelta(days=3),) * 4
    assert lend(borrower(*later, of_material=1), loan_limit=2).allowed
    assert lend(borrower(*later, of_material=2), loan_limit=2).code == "material_limit"


@pytest.mark.req("F-CIR-012")
@pytest.mark.parametrize(("late", "allowed"), [(14, True), (15, False), (16, False)])
def test_overdue_by_fourteen_days_warns_and_by_fifteen_stops(late, allowed):
    verdict = lend(borrower(TODAY - timedelta(days=late)), overdue_stages=STOP_AT_15)
    assert verdict.allowed is allowed
    assert f"{late}日延滞" in (verdict.notes[0] if allowed else verdict.message)


@pytest.mark.req("F-CIR-012")
def test_a_stage_may_ask_for_a_number_of_overdue_items():
    stages = (Stage(7, "stop_lending", items=3),)
    two, three = [TODAY - timedelta(days=8)] * 2, [TODAY - timedelta(days=8)] * 3
    assert lend(borrower(*two), overdue_stages=stages).allowed
    assert lend(borrower(*three), overdue_stages=stages).code == "overdue"
    assert lend(borrower(*three), overdue_stages=(Stage(7, "stop_holds", items=3),)).allowed


def test_the_last_day_of_a_card_is_good_and_the_day_after_is_not():
    assert lend(borrower(valid_until=TODAY)).allowed
    expired = lend(borrower(valid_until=TODAY - timedelta(days=1)))
    assert (expired.code, expired.overridable) == ("expired", False)


@pytest.mark.req("F-CIR-014")
def test_a_stop_ends_by_itself_after_its_last_day():
    assert lend(borrower(stopped_until=TODAY)).code == "stopped"
    assert lend(borrower(stopped_until=TODAY - timedelta(days=1))).allowed
    assert "9999" not in lend(borrower(stopped_until=date.max)).message


@pytest.mark.req("F-CIR-007")
@pytest.mark.parametrize(
    ("thing", "code", "word"),
    [
        (Thing(reference_only=True), "reference_only", "禁帯出"),
        (Thing(restriction="in_library"), "in_library", "館内のみ"),
        (Thing(restriction="latest"), "latest", "最新号"),
        (Thing(shelf_problem="点検中"), "not_lendable", "点検中"),
        (Thing(shelf_problem="修理中"), "not_lendable", "修理中"),
    ],
)
def test_what_is_not_for_lending_is_refused_by_its_reason(thing, code, word):
    verdict = lend(borrower(), thing)
    assert verdict.code == code
    assert word in verdict.message


def test_a_row_of_the_table_may_let_reference_works_and_latest_issues_go():
    assert lend(borrower(), Thing(reference_only=True), reference_allowed=True).allowed
    assert lend(borrower(), Thing(restriction="latest"), latest_refused=False).allowed
    assert lend(borrower(), Thing(restriction="latest"), latest_refused=True).code == "latest"
    assert lend(borrower(), lending_refused=True).code == "refused"


def test_what_is_let_pass_is_named_and_the_rest_still_stands():
    late = borrower(TODAY - timedelta(days=20), stopped_until=TODAY)
    both = lend(late, overdue_stages=STOP_AT_15)
    assert [objection.code for objection in both.objections] == ["stopped", "overdue"]
    assert lend(late, let_pass=["stopped"], overdue_stages=STOP_AT_15).code == "overdue"
    passed = lend(late, let_pass=["stopped", "overdue"], overdue_stages=STOP_AT_15)
    assert [objection.code for objection in passed.passed] == ["stopped", "overdue"]
    assert lend(borrower(valid_until=TODAY - timedelta(days=1)), let_pass=["expired"]).code == "expired"


@pytest.mark.req("F-CIR-006")
def test_a_fixed_due_date_takes_the_place_of_the_period():
    fixed = date(2027, 1, 10)
    verdict = lend(borrower(), fixed_due=fixed)
    assert verdict.due_on == fixed
    closed = rules.may_lend(borrower(), terms(fixed_due=fixed), Closing(frozenset(), frozenset({fixed})), TODAY)
    assert closed.due_on == fixed + timedelta(days=1)


def test_a_due_date_by_hand_is_an_open_day_to_come():
    assert lend(borrower(), due_on=TODAY + timedelta(days=2)).due_on == TODAY + timedelta(days=2)
    assert lend(borrower(), due_on=TODAY - timedelta(days=1)).code == "bad_due"
    closing = Closing(frozenset(), frozenset({TODAY + timedelta(days=2)}))
    assert "休館日" in rules.due_problem(TODAY + timedelta(days=2), TODAY, closing)
    assert "1年" in rules.due_problem(TODAY + timedelta(days=400), TODAY, closing)


limits = st.one_of(st.none(), st.integers(0, 12))


@given(
    total=limits,
    kind=limits,
    period=st.integers(1, 60),
    due=st.lists(days, max_size=14),
    today=days,
    closing=closings,
    valid=st.one_of(st.none(), days),
)
def test_whoever_may_borrow_is_valid_below_the_limits_and_gets_an_open_day(
    total, kind, period, due, today, closing, valid
):
    who = Borrower(valid, None, tuple(due), len(due))
    verdict = rules.may_lend(who, terms(total_limit=total, loan_limit=kind, period_days=period), closing, today)
    if verdict.allowed:
        assert valid is None or today <= valid
        assert total is None or len(due) < total
        assert kind is None or len(due) < kind
        assert verdict.due_on > today
        assert not closing.is_closed(verdict.due_on)
    else:
        assert verdict.message
        assert verdict.due_on is None


@given(due=days, today=days, renewed=st.integers(0, 3), allowed=st.integers(0, 3), closing=closings)
def test_an_extension_never_shortens_a_loan_and_never_exceeds_its_number(due, today, renewed, allowed, closing):
    assume(abs((due - today).days) < 400)
    verdict = rules.may_renew(
        borrower(due), terms(renewals=allowed), closing, today, due_on=due, renewed=renewed, lent_on=min(due, today)
    )
    if verdict.allowed:
        assert verdict.due_on > due
        assert not closing.is_closed(verdict.due_on)
        assert renewed < allowed
        assert today <= due


@pytest.mark.req("F-CIR-015")
def test_an_extension_is_refused_when_others_wait_too_often_late_or_early_unless_the_table_says_otherwise():
    assert renew().due_on == TODAY + timedelta(days=14)
    assert renew(waiting=1).code == "held"
    assert renew(waiting=1, renew_when_waiting=True).allowed
    assert renew(renewed=1).code == "renewals"
    assert renew(due_on=TODAY - timedelta(days=2)).code == "late"
    assert renew(due_on=TODAY - timedelta(days=2), renew_when_late=True).allowed
    assert renew(lent_on=TODAY - timedelta(days=2), renew_after_days=7).code == "too_early"
    assert renew(renew_from_due=True).due_on == TODAY + timedelta(days=17)
    assert renew(renew_days=7).due_on == TODAY + timedelta(days=7)
    assert renew(due_on=TODAY + timedelta(days=14)).code == "no_gain"
    assert renew(waiting=2, renewed=1, let_pass={"held", "renewals"}).allowed
