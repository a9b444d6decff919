"""Stages as lines, values as words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.regulations import notation
from app.regulations.rules import COLUMN, COLUMNS, EFFECTS, METHODS, Reminder, Stage

STAGES = st.lists(
    st.builds(Stage, st.integers(1, 999), st.sampled_from(sorted(EFFECTS)), st.integers(1, 99)), max_size=5
)
REMINDERS = st.lists(
    st.builds(Reminder, st.integers(0, 999), st.sampled_from(sorted(METHODS))),
    max_size=5,
    unique_by=lambda one: one.days,
)


@given(STAGES)
def test_stages_are_read_as_they_are_written(stages):
    ordered = tuple(sorted(stages, key=lambda stage: (stage.days, stage.items)))
    assert notation.read_stages(notation.lines_of(COLUMN["overdue_stages"], ordered)) == ordered


@given(REMINDERS)
def test_reminders_are_read_as_they_are_written(stages):
    ordered = tuple(sorted(stages, key=lambda stage: stage.days))
    assert notation.read_reminders(notation.lines_of(COLUMN["reminder_stages"], ordered)) == ordered


def test_full_width_and_missing_spaces_are_read():
    assert notation.read_stages("１５日　貸出停止\n7日3点 注意\n") == (Stage(7, "note", 3), Stage(15, "stop_lending"))


@pytest.mark.parametrize("text", ["貸出停止", "15日 退会", "0日 注意", "15 貸出停止", "15日"])
def test_what_is_no_stage_is_named(text):
    with pytest.raises(notation.Unreadable):
        notation.read_stages(text)


def test_two_reminders_on_one_day_are_refused():
    with pytest.raises(notation.Unreadable):
        notation.read_reminders("7日 メール\n7日 電話")


def test_every_column_can_be_shown_unset():
    assert all(notation.shown(column, column.default) for column in COLUMNS)
