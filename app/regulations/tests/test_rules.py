"""Column by column the most special row wins, and says so."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.regulations.rules import (
    COLUMNS,
    Case,
    NoRule,
    Reminder,
    Rule,
    Stage,
    decide,
    explain,
    in_force,
    reminder_of,
    stage_of,
)

TODAY = date(2026, 12, 1)
GENERAL = Rule(1, values={"total_limit": 10, "period_days": 14, "renewals": 1})
CHILD = Rule(2, category_id=4, values={"total_limit": 20}, title="児童")
CD = Rule(3, material_type="cd", values={"period_days": 7, "loan_limit": 5}, title="CD")


def case(branch=1, category=4, material="cd", on=TODAY, **more):
    return Case(branch, category, material, on, **more)


@pytest.mark.req("F-SYS-003")
def test_each_column_falls_back_on_its_own():
    terms = decide([GENERAL, CHILD, CD], case())
    assert (terms.total_limit.value, terms.total_limit.rule_id) == (20, 2)
    assert (terms.period_days.value, terms.period_days.rule_id) == (7, 3)
    assert (terms.renewals.value, terms.renewals.rule_id) == (1, 1)
    assert terms.total_limit.why == "「児童」の規則"
    assert terms.renewals.why == "全体の規則"
    assert terms.hold_limit.value is None
    assert terms.hold_limit.rule_id is None


@pytest.mark.req("F-SYS-003")
def test_more_named_keys_win_and_patrons_come_before_material_before_place_before_branch():
    two = Rule(9, branch_id=1, material_type="cd", values={"period_days": 3})
    assert decide([GENERAL, CD, two], case()).period_days.value == 3
    one = [
        Rule(11, category_id=4, values={"period_days": 11}),
        Rule(12, material_type="cd", values={"period_days": 12}),
        Rule(13, location="書庫", values={"period_days": 13}),
        Rule(14, branch_id=1, values={"period_days": 15}),
    ]
    for place in range(len(one)):
        winner = decide([GENERAL, *one[place:]], case(location="書庫")).period_days
        assert winner.rule_id == one[place].id


@pytest.mark.req("F-SYS-003")
def test_a_change_takes_effect_by_itself_on_its_day():
    later = Rule(4, effective_from=TODAY + timedelta(days=30), values={"total_limit": 12, "period_days": 21})
    table = [GENERAL, later]
    assert decide(table, case(on=TODAY + timedelta(days=29))).total_limit.value == 10
    after = decide(table, case(on=TODAY + timedelta(days=30)))
    assert after.total_limit.value == 12
    # A later version replaces the whole row: what it does not name is no longer said.
    assert after.renewals.value == 0


@pytest.mark.req("F-CIR-006")
def test_a_row_with_an_end_lies_over_the_others_for_the_columns_it_names():
    due = date(2027, 1, 10)
    over = Rule(5, effective_from=date(2026, 12, 14), effective_until=date(2026, 12, 28), values={"fixed_due": due})
    special = Rule(6, material_type="cd", values={"period_days": 7})
    for on, wanted in (
        (date(2026, 12, 13), None),
        (date(2026, 12, 14), due),
        (date(2026, 12, 28), due),
        (date(2026, 12, 29), None),
    ):
        terms = decide([GENERAL, special, over], case(on=on))
        assert terms.fixed_due.value == wanted
        assert terms.period_days.value == 7
    assert decide([GENERAL, over], case(on=date(2026, 12, 20))).fixed_due.why == "全体の規則（2026/12/14～2026/12/28）"


@pytest.mark.req("F-RSV-025")
def test_many_waiting_holds_shorten_the_period_and_end_renewals():
    busy = Rule(7, values={"busy_from": 10, "busy_period_days": 7, "busy_renewals": 0})
    table = [GENERAL, Rule(8, material_type="book", values=busy.values, title="一般図書")]
    assert decide(table, case(material="book", waiting=9)).renewals.value == 1
    terms = decide(table, case(material="book", waiting=10))
    assert (terms.renewals.value, terms.period_days.value) == (0, 7)
    assert terms.renewals.why == "予約10件以上（現在10件）: 「一般図書」の規則"


def test_many_waiting_holds_never_lengthen_anything():
    table = [GENERAL, Rule(8, branch_id=1, values={"busy_from": 1, "busy_period_days": 30, "busy_renewals": 5})]
    terms = decide(table, case(waiting=99))
    assert (terms.renewals.value, terms.period_days.value) == (1, 14)


@pytest.mark.req("F-RSV-031")
def test_holds_are_refused_by_material_and_by_location():
    table = [
        GENERAL,
        Rule(2, material_type="magazine", values={"holds_refused_latest": True}),
        Rule(3, location="展示", values={"holds_refused": True}, title="展示"),
        Rule(4, material_type="dvd", values={"holds_refused_days": 90}),
    ]
    assert decide(table, case(material="magazine")).holds_refused_latest.value is True
    assert decide(table, case(material="book")).holds_refused_latest.value is False
    refused = decide(table, case(material="book", location="展示")).holds_refused
    assert (refused.value, refused.why) == (True, "「展示」の規則")
    assert decide(table, case(material="dvd")).holds_refused_days.value == 90


def test_without_a_general_row_there_is_no_answer():
    with pytest.raises(NoRule):
        decide([CD], case(material="book"))


@pytest.mark.req("F-CIR-012")
def test_stages_are_reached_by_days_and_by_number_of_items():
    stages = (Stage(1, "note"), Stage(15, "stop_lending"), Stage(7, "stop_holds", items=3))
    assert stage_of(stages, [14]) == (stages[0],)
    assert stage_of(stages, [15, 2]) == stages[:2]
    assert stage_of(stages, [8, 7, 7]) == (stages[0], stages[2])
    assert stage_of(stages, [0, -3]) == ()


@pytest.mark.req("F-NTC-003")
def test_reminders_follow_their_days():
    stages = tuple(Reminder(*row) for row in ((7, "mail"), (21, "phone"), (60, "postcard"), (90, "letter")))
    reached = [reminder_of(stages, days) for days in (6, 7, 20, 21, 60, 90, 400)]
    assert [stage.method if stage else None for stage in reached] == [
        None, "mail", "mail", "phone", "postcard", "letter", "letter",
    ]  # fmt: skip


COUNTS = st.one_of(st.none(), st.integers(0, 30))
DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))


@st.composite
def rows(draw):
    values = {
        name: value
        for name, value in (
            ("total_limit", draw(COUNTS)),
            ("period_days", draw(st.one_of(st.none(), st.integers(1, 60)))),
            ("renewals", draw(COUNTS)),
            ("busy_from", draw(COUNTS)),
            ("busy_period_days", draw(st.one_of(st.none(), st.integers(1, 60)))),
        )
        if value is not None
    }
    begin = draw(DAYS)
    key = (
        draw(st.sampled_from([None, 1, 2])),
        draw(st.sampled_from([None, 1, 2])),
        draw(st.sampled_from(["", "cd", "book"])),
        draw(st.sampled_from(["", "書庫"])),
    )
    end = draw(st.one_of(st.none(), st.just(begin + timedelta(days=20))))
    if end is None and not any(key):
        # As the database demands of every version of the general row.
        values.setdefault("period_days", 14)
    return Rule(
        draw(st.integers(2, 10_000)),
        *key,
        effective_from=begin,
        effective_until=end,
        values=values,
    )


TABLES = st.lists(rows(), max_size=12, unique_by=lambda rule: rule.id)
CASES = st.builds(
    Case,
    st.sampled_from([1, 2, 3]),
    st.sampled_from([1, 2, 3]),
    st.sampled_from(["cd", "book", "map"]),
    DAYS,
    st.integers(0, 20),
    st.sampled_from(["", "書庫", "一般"]),
)


@pytest.mark.req("F-SYS-003")
@given(TABLES, CASES)
def test_every_case_has_an_answer_and_every_answer_a_row_that_fits_it(table, asked):
    table = [GENERAL, *table]
    terms = decide(table, asked)
    by_id = {rule.id: rule for rule in table}
    valid = in_force(table, asked.on)
    for column in COLUMNS:
        answer = getattr(terms, column.name)
        assert answer.why
        if answer.rule_id is not None:
            winner = by_id[answer.rule_id]
            assert winner in valid
            assert winner.fits(asked)
            assert winner.effective_from <= asked.on
    assert terms.period_days.value >= 1


@given(TABLES, CASES)
def test_the_explanation_names_the_same_winner(table, asked):
    table = [GENERAL, *table]
    terms = decide(table, Case(asked.branch_id, asked.category_id, asked.material_type, asked.on))
    told = explain(table, Case(asked.branch_id, asked.category_id, asked.material_type, asked.on))
    for column in COLUMNS:
        answer, candidates = getattr(terms, column.name), told[column.name]
        assert [one.wins for one in candidates] == [True] * bool(candidates) + [False] * (len(candidates) - 1)
        assert (candidates[0].rule.id if candidates else None) == answer.rule_id


@given(TABLES, CASES, st.randoms(use_true_random=False))
def test_the_order_of_the_table_does_not_matter(table, asked, random):
    table = [GENERAL, *table]
    shuffled = list(table)
    random.shuffle(shuffled)
    assert decide(table, asked) == decide(shuffled, asked)


@given(TABLES, CASES)
def test_a_row_about_something_else_changes_nothing(table, asked):
    table = [GENERAL, *table]
    other = Rule(77_777, branch_id=99, values={"total_limit": 1, "period_days": 1})
    assert decide(table, asked) == decide([*table, other], asked)
