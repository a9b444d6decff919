"""The calendar of a branch in the database."""

from datetime import date, time

import pytest
from django.core.exceptions import ValidationError

from app.access.actions import NotPermitted
from app.audit.models import AuditEvent
from app.branches import actions, queries
from app.branches.models import Branch, ClosedDay
from app.branches.rules import Pattern
from app.tests import make

pytestmark = pytest.mark.django_db
TUESDAYS = Pattern(frozenset({1}), ((4, 3),), hours={0: ("09:45", "19:00"), 7: ("09:45", "18:00")})


@pytest.fixture
def who():
    return make.actor("librarian")


@pytest.fixture
def here():
    return make.branch()


@pytest.mark.req("F-SYS-002")
def test_a_year_is_laid_out_and_laid_out_again(who, here):
    count = actions.lay_out_year(who, here, 2026, TUESDAYS)
    closing = queries.closing_of(here)
    assert closing.is_closed(date(2026, 6, 2))
    assert closing.is_closed(date(2026, 6, 25))
    assert not closing.is_closed(date(2026, 6, 3))
    assert ClosedDay.objects.filter(branch=here).count() == count
    actions.lay_out_year(who, here, 2026, Pattern(frozenset({0})))
    closing = queries.closing_of(here)
    assert not closing.is_closed(date(2026, 6, 2))
    assert closing.is_closed(date(2026, 6, 1))


def test_days_closed_by_hand_stay_when_the_year_is_laid_out_again(who, here):
    actions.lay_out_year(who, here, 2026, TUESDAYS)
    assert actions.set_day(who, here, date(2026, 6, 3), closed=True, reason="停電工事")
    assert not actions.set_day(who, here, date(2026, 6, 3), closed=True)
    actions.lay_out_year(who, here, 2026, TUESDAYS)
    day = queries.days(here, date(2026, 6, 3), date(2026, 6, 3))[0]
    assert (day.closed, day.reason) == (True, "停電工事")


def test_a_closing_day_is_opened_in_a_year_that_is_laid_out_and_in_no_other(who, here):
    actions.set_weekly(who, here, [1])
    with pytest.raises(ValidationError):
        actions.set_day(who, here, date(2026, 6, 2), closed=False)
    actions.lay_out_year(who, here, 2026, TUESDAYS)
    assert actions.set_day(who, here, date(2026, 6, 2), closed=False, reason="まつり")
    assert not queries.closing_of(here).is_closed(date(2026, 6, 2))


def test_days_common_to_all_hold_where_no_year_is_laid_out(who, here):
    ClosedDay.objects.create(branch=None, date=date(2026, 6, 3), reason="全館")
    assert queries.closing_of(here).is_closed(date(2026, 6, 3))
    actions.lay_out_year(who, here, 2026, TUESDAYS)
    assert not queries.closing_of(here).is_closed(date(2026, 6, 3))
    other = make.branch("nanbu")
    assert queries.closing_of(other).is_closed(date(2026, 6, 3))


@pytest.mark.req("F-SYS-002")
def test_hours_by_rule_and_of_one_day(who, here):
    actions.lay_out_year(who, here, 2026, TUESDAYS)
    monday, holiday = date(2026, 6, 1), date(2026, 11, 23)
    shown = queries.days(here, monday, monday)[0]
    assert (shown.opens, shown.closes, shown.special) == ("09:45", "19:00", False)
    assert queries.days(here, holiday, holiday)[0].closes == "18:00"
    actions.set_hours(who, here, monday, (time(13), time(17)), "館内作業")
    shown = queries.days(here, monday, monday)[0]
    assert (shown.opens, shown.closes, shown.special, shown.reason) == ("13:00", "17:00", True, "館内作業")
    actions.set_hours(who, here, monday, None)
    assert queries.days(here, monday, monday)[0].opens == "09:45"
    with pytest.raises(ValidationError):
        actions.set_hours(who, here, monday, (time(17), time(13)))


def test_a_branch_never_closes_for_good(who, here):
    with pytest.raises(ValidationError):
        actions.lay_out_year(who, here, 2026, Pattern(frozenset(range(7))))
    with pytest.raises(ValidationError):
        actions.set_weekly(who, here, range(7))
    assert Branch.objects.get(pk=here.pk).closed_weekdays == ""


@pytest.mark.req("F-TRF-006")
def test_what_is_sent_to_a_room_with_two_runs_a_week_arrives_on_the_next_of_them(who, here):
    actions.set_delivery(who, here, [0, 3])
    assert queries.arrival_on(here, date(2026, 11, 30)) == date(2026, 12, 3)
    ClosedDay.objects.create(branch=here, date=date(2026, 12, 3), reason="整理日")
    assert queries.arrival_on(here, date(2026, 11, 30)) == date(2026, 12, 7)
    actions.set_delivery(who, here, [])
    assert queries.arrival_on(here, date(2026, 11, 30)) is None


@pytest.mark.req("F-SYS-001")
def test_every_change_of_a_calendar_is_in_the_log(who, here):
    actions.set_delivery(who, here, [0, 3])
    actions.set_day(who, here, date(2026, 6, 3), closed=True, reason="停電工事")
    event = AuditEvent.objects.filter(subject_type="calendar").latest("id")
    assert (event.actor, event.subject_id) == (who.number, here.code)
    assert (event.detail["before"], event.detail["after"], event.detail["note"]) == ("開館", "休館", "停電工事")


def test_only_who_may_changes_a_calendar(here):
    with pytest.raises(NotPermitted):
        actions.set_day(make.actor("counter"), here, date(2026, 6, 3), closed=True)


def test_closing_days_are_read_once_for_many_questions(here, django_assert_num_queries):
    queries.closing_of(here)
    with django_assert_num_queries(0):
        assert not queries.closing_of(here).is_closed(date(2026, 6, 3))
    ClosedDay.objects.create(branch=here, date=date(2026, 6, 3), reason="x")
    with django_assert_num_queries(3):
        assert queries.closing_of(here).is_closed(date(2026, 6, 3))
