"""Branches come from the inventory; closed days are rules and dates."""

from datetime import date

import pytest
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from app.access.actor import system
from app.branches.actions import sync
from app.branches.models import Branch, ClosedDay
from app.branches.queries import closing_of
from app.branches.rules import Closing, next_open
from inventory import load

TODAY = date(2026, 11, 22)


@pytest.mark.django_db
def test_every_place_of_the_inventory_becomes_a_branch_and_a_second_run_changes_nothing():
    site = load("nagano")
    assert sync(system("test"), site, TODAY) == (len(site.places), 0)
    assert sync(system("test"), site, TODAY) == (0, 0)
    assert set(Branch.objects.values_list("code", "name")) == {(place.id, place.name) for place in site.places}


@pytest.mark.django_db
def test_a_changed_name_is_taken_over_and_edited_opening_days_are_kept():
    site = load("nagano")
    sync(system("test"), site, TODAY)
    Branch.objects.filter(code="nanbu").update(name="旧名", closed_weekdays="16")
    assert sync(system("test"), site, TODAY) == (0, 1)
    south = Branch.objects.get(code="nanbu")
    assert (south.name, south.closed_weekdays) == ("南部図書館", "16")


@pytest.mark.django_db
def test_a_place_that_left_the_inventory_is_put_out_of_use_and_not_deleted():
    site = load("nagano")
    sync(system("test"), site, TODAY)
    Branch.objects.create(code="gone", number=98, kind="room", name="廃止分室", short="廃止")
    sync(system("test"), site, TODAY)
    assert Branch.objects.get(code="gone").is_active is False


@pytest.mark.django_db
def test_tuesdays_and_the_year_end_are_closed_everywhere(capsys):
    call_command("sync_branches")
    assert "created=" in capsys.readouterr().out
    closing = closing_of(Branch.objects.get(code="nagano"), TODAY)
    assert closing.is_closed(date(2026, 11, 24))
    assert not closing.is_closed(date(2026, 11, 25))
    year_end = [date(2026, 12, 28 + n) for n in range(1, 4)] + [date(2027, 1, 1 + n) for n in range(3)]
    assert all(closing.is_closed(day) for day in year_end)
    assert closing.is_closed(date(2027, 1, 4)) is False


@pytest.mark.django_db
def test_a_closed_date_of_one_branch_does_not_close_another():
    sync(system("test"), load("nagano"), TODAY)
    north, south = Branch.objects.get(code="nagano"), Branch.objects.get(code="nanbu")
    ClosedDay.objects.create(branch=south, date=date(2026, 12, 3), reason="整理日")
    assert closing_of(south, TODAY).is_closed(date(2026, 12, 3))
    assert not closing_of(north, TODAY).is_closed(date(2026, 12, 3))


@given(
    day=st.dates(date(2026, 1, 1), date(2031, 12, 31)),
    weekdays=st.frozensets(st.integers(0, 6), max_size=6),
    dates=st.frozensets(st.dates(date(2026, 1, 1), date(2031, 12, 31)), max_size=20),
)
def test_the_next_open_day_is_open_and_none_before_it_is(day, weekdays, dates):
    closing = Closing(weekdays, dates)
    found = next_open(day, closing)
    assert not closing.is_closed(found)
    assert all(closing.is_closed(date.fromordinal(n)) for n in range(day.toordinal(), found.toordinal()))
