"""The language of the definitions, the reading of definitions, and the days that follow from days. Pure."""

from datetime import date

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from app.registers import rules
from app.registers.expressions import ExpressionError, read
from app.registers.rules import Book, Row
from app.registers.schema import Definition, DefinitionError, definitions, load

TODAY = date(2026, 11, 23)


def said(text, **names):
    """What an expression says of these names."""
    row = Row("borrowed", "TY-2026-0001", names)
    book = Book(TODAY, lambda _: [], {"city": "長野市"})
    return read(text).value({"today": TODAY, **names}, rules.functions(row, book))


@pytest.mark.parametrize(
    ("text", "names", "expected"),
    [
        ("due < today and not back", {"due": date(2026, 11, 22), "back": None}, True),
        ("due < today and not back", {"due": TODAY, "back": None}, False),
        ("due < today", {"due": None}, False),
        ("share + 1", {"share": None}, None),
        ("a / b", {"a": 1, "b": 0}, None),
        ("kind in ['x', 'y']", {"kind": "y"}, True),
        ("kind not in ['x']", {"kind": None}, True),
        ("a < b", {"a": "text", "b": 3}, False),
        ("filled(a, b)", {"a": 0, "b": "x"}, True),
        ("filled(a)", {"a": None}, False),
        ("1 < a <= 3", {"a": 3}, True),
        ("fact('city')", {}, "長野市"),
    ],
)
def test_what_is_not_filled_in_is_no_reason(text, names, expected):
    assert said(text, **names) == expected


@pytest.mark.parametrize(
    "text",
    ["__import__('os').system('id')", "a.b", "a[0]", "lambda: 1", "[x for x in a]", "f'{a}'", "a if b else c", "a ** 9",
     "f(x=1)", "(a := 1)", "*a", "1 +"],
)  # fmt: skip
def test_nothing_else_of_python_can_be_said(text):
    with pytest.raises(ExpressionError):
        read(text)


@given(st.dates(date(2000, 1, 1), date(2090, 1, 1)), st.integers(-240, 240))
def test_some_months_later_is_in_that_month_and_never_a_later_day(day, months):
    later = rules.months_later(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day <= day.day


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(1, 80), st.sets(st.integers(0, 6), min_size=1))
def test_between_the_first_and_the_last_opening_day_lie_as_many_as_asked(first, count, weekdays):
    last = rules.opening_day(first, count, weekdays, [])
    days = [date.fromordinal(at) for at in range(first.toordinal(), last.toordinal() + 1)]
    assert sum(day.weekday() in weekdays for day in days) == count
    assert last.weekday() in weekdays
    assert rules.opening_day(first, count, weekdays, [last]) > last


def test_definitions_that_do_not_fit_are_refused_with_the_reason(tmp_path):
    whole = definitions()["borrowed"].model_dump(exclude={"rows", "settled", "fields", "approval", "seed", "spawn"})
    base = {**whole, "id": "sample", "prefix": "ZZ", "papers": [], "name": "item", "requirements": ["S-PRJ-008"]}
    base = {key: value for key, value in base.items() if value}
    field = {"key": "item", "label": "品名"}

    def reason(**change):
        path = tmp_path / "sample.yml"
        path.write_text(yaml.safe_dump({**base, "fields": [field], **change}, allow_unicode=True))
        with pytest.raises(DefinitionError) as error:
            load(path)
        return str(error.value)

    assert "no field title" in reason(name="title")
    assert "uses due, which is not there" in reason(rows=[{"level": "late", "when": "due < today", "text": "x"}])
    assert "is not of the language" in reason(rows=[{"level": "late", "when": "item.upper()", "text": "x"}])
    assert "a choice needs choices" in reason(fields=[field, {"key": "kind", "label": "種別", "kind": "choice"}])
    assert "two fields of one key" in reason(fields=[field, field])
    assert "Extra inputs" in reason(fields=[{**field, "colour": "red"}])
    assert "must be the file's name" in reason(id="other")


def test_every_definition_names_the_rows_it_serves_and_links_lead_somewhere():
    found = definitions()
    assert len(found) >= 40
    for definition in found.values():
        assert isinstance(definition, Definition)
        assert definition.requirements
        assert definition.listed, definition.id
