"""Years and days by the era and by the Western count."""

from datetime import date, timedelta

import pytest
from django import forms
from hypothesis import given
from hypothesis import strategies as st

from app.web.dates import ERAS, era_of, japanese_date, japanese_year, parse_date, parse_year
from app.web.forms import EraDateField, EraYearField


@pytest.mark.req("F-GEN-020")
@pytest.mark.parametrize("text", ["R5", "r5", "令和5", "令和5年", "令5", "2023", "２０２３", "Ｒ５", "R.5"])
def test_the_same_year_in_every_notation(text):
    assert parse_year(text) == 2023


@pytest.mark.req("F-GEN-020")
@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("令和元年", 2019),
        ("平成31", 2019),
        ("H1", 1989),
        ("昭和64年", 1989),
        ("S20", 1945),
        ("T15", 1926),
        ("M1", 1868),
    ],
)
def test_the_turns_of_eras(text, year):
    assert parse_year(text) == year


@pytest.mark.parametrize("text", ["", "昭和70", "H40", "R0", "Q5", "5", "令和", "20233", "R5.4.1"])
def test_what_is_no_year(text):
    assert parse_year(text) is None


@pytest.mark.req("F-GEN-020")
@pytest.mark.parametrize(
    "text",
    [
        "2023-04-01",
        "2023/4/1",
        "20230401",
        "2023.4.1",
        "2023年4月1日",
        "R5.4.1",
        "R5/04/01",
        "令和5年4月1日",
        "令和５年４月１日",
    ],
)
def test_the_same_day_in_every_notation(text):
    assert parse_date(text) == date(2023, 4, 1)


@pytest.mark.parametrize("text", ["2023/2/29", "平成31年5月1日", "R5", "4/1", "令和5年13月1日", "20231301", "あした"])
def test_what_is_no_day(text):
    assert parse_date(text) is None


@pytest.mark.req("F-GEN-020")
@given(st.dates(ERAS[0].first, date(2200, 12, 31)))
def test_what_is_written_is_read_again(day):
    if (era := era_of(day)) and day.year - era.first.year + 1 < 100:
        assert parse_date(japanese_date(day)) == day
    assert parse_date(day.isoformat()) == day


@given(st.integers(1869, 2117))
def test_a_year_is_read_as_it_is_written(year):
    assert parse_year(japanese_year(year)) == year


def test_the_first_days_of_eras():
    assert japanese_date(date(2019, 5, 1)) == "令和元年5月1日"
    assert japanese_date(date(2019, 4, 30)) == "平成31年4月30日"
    assert era_of(ERAS[0].first - timedelta(days=1)) is None


class Form(forms.Form):
    day = EraDateField(label="日")
    year = EraYearField(label="年", required=False)


@pytest.mark.req("F-GEN-020")
def test_fields_take_both_and_say_what_is_wrong():
    form = Form({"day": "令和9年1月10日", "year": "R5"})
    assert form.is_valid()
    assert form.cleaned_data == {"day": date(2027, 1, 10), "year": 2023}
    wrong = Form({"day": "2027/2/30", "year": "昭和70"})
    assert not wrong.is_valid()
    assert "R9.1.10" in wrong.errors["day"][0]
    assert "R5" in wrong.errors["year"][0]
    assert 'value="2027/01/10"' in str(Form(initial={"day": date(2027, 1, 10)})["day"])
