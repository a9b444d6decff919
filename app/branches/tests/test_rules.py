"""Years laid out by rules, the van's days, dates counted in open days."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.branches import notation
from app.branches.queries import national_holidays
from app.branches.rules import (
    HOLIDAY_RULES,
    WEEKDAYS,
    Closing,
    Pattern,
    add_open_days,
    days_of,
    fiscal_year,
    hours_on,
    lay_out,
    next_delivery,
    pattern_from_json,
    pattern_to_json,
)

TUESDAY, THURSDAY = 1, 3
HOLIDAYS = national_holidays(2026)


@pytest.mark.req("F-SYS-002")
def test_tuesdays_and_fourth_thursdays_of_a_whole_year_in_one_go():
    closed = lay_out(2026, Pattern(frozenset({TUESDAY}), ((4, THURSDAY),)), HOLIDAYS)
    year = days_of(2026)
    assert (year[0], year[-1], len(year)) == (date(2026, 4, 1), date(2027, 3, 31), 365)
    assert all(day in closed for day in year if day.weekday() == TUESDAY)
    thursdays = sorted(day for day in closed if day.weekday() == THURSDAY and closed[day] == "定例休館日")
    assert len(thursdays) == 12
    assert date(2026, 4, 23) in thursdays
    assert all(22 <= day.day <= 28 for day in thursdays)
    assert closed[date(2026, 12, 31)] == "年末年始"
    assert date(2027, 1, 4) not in closed


@pytest.mark.parametrize(
    ("rule", "holiday_tuesday", "day_after", "holiday_wednesday"),
    [
        ("ignore", True, False, False),
        ("close", True, False, True),
        ("open", False, False, False),
        ("shift", False, True, False),
    ],
)
def test_what_national_holidays_do(rule, holiday_tuesday, day_after, holiday_wednesday):
    # 3 November 2026 (文化の日) is a Tuesday; 29 April 2026 (昭和の日) a Wednesday.
    closed = lay_out(2026, Pattern(frozenset({TUESDAY}), holidays=rule), HOLIDAYS)
    assert (date(2026, 11, 3) in closed) is holiday_tuesday
    assert (date(2026, 11, 4) in closed) is day_after
    assert (date(2026, 4, 29) in closed) is holiday_wednesday


def test_a_shifted_closing_day_passes_over_the_holidays_behind_it():
    # 5 May 2026 is a Tuesday and a holiday, 6 May is the substitute holiday: the branch closes on the 7th.
    closed = lay_out(2026, Pattern(frozenset({TUESDAY}), holidays="shift"), HOLIDAYS)
    assert date(2026, 5, 5) not in closed
    assert date(2026, 5, 6) not in closed
    assert closed[date(2026, 5, 7)] == "振替休館日"


def test_the_tidy_up_day_is_the_last_of_every_month_however_long_it_is():
    closed = lay_out(2027, Pattern(tidy=31, year_end=None), {})
    assert len(closed) == 12
    assert date(2028, 2, 29) in closed
    assert date(2027, 4, 30) in closed


PATTERNS = st.builds(
    Pattern,
    st.frozensets(st.integers(0, 6), max_size=6),
    st.lists(st.tuples(st.integers(1, 5), st.integers(0, 6)), max_size=3).map(lambda pairs: tuple(sorted(set(pairs)))),
    st.integers(0, 31),
    st.sampled_from([None, ((12, 29), (1, 3)), ((12, 28), (12, 31)), ((2, 1), (2, 28))]),
    st.sampled_from(sorted(HOLIDAY_RULES)),
)


@given(PATTERNS, st.integers(2020, 2035))
def test_a_year_laid_out_lies_within_the_year_and_the_pattern_survives_storing(pattern, year):
    closed = lay_out(year, pattern, national_holidays(year))
    assert {fiscal_year(day) for day in closed} <= {year}
    assert all(closed.values())
    assert pattern_from_json(pattern_to_json(pattern)) == pattern


def test_a_year_that_is_laid_out_is_exactly_its_own_days():
    closing = Closing(frozenset({TUESDAY}), frozenset({date(2026, 6, 4)}), frozenset({2026}))
    assert closing.is_closed(date(2026, 6, 4))
    assert not closing.is_closed(date(2026, 6, 2))
    assert closing.is_closed(date(2027, 4, 6))


@pytest.mark.req("F-TRF-006")
def test_the_next_van_calls_on_its_next_day_at_an_open_branch():
    twice = {0, 3}
    monday = date(2026, 11, 30)
    assert next_delivery(monday, twice, Closing()) == date(2026, 12, 3)
    assert next_delivery(date(2026, 12, 2), twice, Closing()) == date(2026, 12, 3)
    assert next_delivery(date(2026, 12, 3), twice, Closing()) == date(2026, 12, 7)
    closed = Closing(dates=frozenset({date(2026, 12, 3)}))
    assert next_delivery(monday, twice, closed) == date(2026, 12, 7)
    assert next_delivery(monday, set(), Closing()) is None
    assert next_delivery(monday, {0}, Closing(frozenset({0}))) is None


@given(
    st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    st.integers(0, 20),
    st.frozensets(st.integers(0, 6), max_size=5),
)
def test_open_days_are_counted_one_by_one(day, count, weekdays):
    closing = Closing(weekdays)
    after = add_open_days(day, count, closing)
    between = [day + timedelta(days=offset) for offset in range(1, (after - day).days + 1)]
    assert sum(not closing.is_closed(one) for one in between) == count
    assert count == 0 or not closing.is_closed(after)


def test_hours_by_weekday_and_holiday():
    pattern = Pattern(hours={0: ("09:45", "19:00"), 7: ("09:45", "18:00")})
    assert hours_on(date(2026, 11, 30), pattern, holiday=False) == ("09:45", "19:00")
    assert hours_on(date(2026, 11, 23), pattern, holiday=True) == ("09:45", "18:00")
    assert hours_on(date(2026, 12, 1), pattern, holiday=False) is None


@pytest.mark.parametrize("text", ["第2・第4木曜", "第2,4木", "2木 4木", "第２木曜日、第４木曜日"])
def test_nth_weekdays_are_read_as_offices_write_them(text):
    assert notation.read_nth(text) == ((2, 3), (4, 3))


@pytest.mark.parametrize("text", ["木曜", "第6木曜", "第4", "毎月末"])
def test_what_is_no_nth_weekday_is_named(text):
    with pytest.raises(notation.Unreadable):
        notation.read_nth(text)


def test_nth_weekdays_are_read_as_they_are_written():
    every = tuple((n, weekday) for n in range(1, 6) for weekday in range(len(WEEKDAYS)))
    assert notation.read_nth(notation.nth_text(every)) == every


def test_hours_are_read_as_they_are_written():
    hours = notation.read_hours("月水木金 9:45-19:00\n土日祝 ９：４５～１８：００")
    assert hours[0] == ("09:45", "19:00")
    assert hours[7] == ("09:45", "18:00")
    assert 1 not in hours
    assert notation.read_hours(notation.hours_text(hours)) == hours
    for wrong in ("月 19:00-9:00", "月 25:00-26:00", "月曜は休み"):
        with pytest.raises(notation.Unreadable):
            notation.read_hours(wrong)


def test_month_and_day():
    assert notation.read_month_day("12/29") == notation.read_month_day("１２月２９日") == (12, 29)
    for wrong in ("13/1", "2/30", "きのう", ""):
        with pytest.raises(notation.Unreadable):
            notation.read_month_day(wrong)
