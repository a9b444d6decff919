"""Planned stops: the console tells them, every page announces them from seven days before."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from app.branches import revisions
from app.office import queries
from app.office.models import PlannedStop
from app.tests import make

TOKEN = "a token of the hosts"
TEXT = "蔵書検索とマイページをご利用いただけません。"


def tell(*stops, token=TOKEN, body=None):
    """What the console does."""
    sent = body if body is not None else json.dumps({"stops": list(stops)})
    client = Client(enforce_csrf_checks=True)
    headers = {"authorization": f"Bearer {token}"}
    answer = client.post("/office/stops/", sent, content_type="application/json", headers=headers)
    client.get("/health")  # as the monitoring asks every process: it learns of what changed
    return answer


@pytest.fixture(autouse=True)
def _nothing_planned():
    """What the process took in goes with the test's rows."""
    yield
    queries._planned.clear()


def stop(days: float, hours: float = 2, number="S2026-0001", up=True):
    """A stop that begins in so many days."""
    starts = timezone.now() + timedelta(days=days)
    ends = starts + timedelta(hours=hours)
    moments = {"starts_at": starts.isoformat(), "ends_at": ends.isoformat()}
    return {"number": number, "title": "サーバの更新", "text": TEXT, "up": up, **moments}


@pytest.mark.req("S-SW-006")
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("days", "hours", "shown"),
    [(7.1, 2, False), (6.9, 2, True), (0.01, 2, True), (-0.05, 2, True), (-0.2, 2, False)],
)
def test_readers_and_staff_are_told_from_seven_days_before_until_it_is_over(settings, days, hours, shown):
    settings.MAINTENANCE_TOKEN = TOKEN
    assert TEXT not in Client().get("/").content.decode()
    assert tell(stop(days, hours)).json() == {"taken": 1}
    assert (TEXT in Client().get("/").content.decode()) is shown
    assert (TEXT in make.client().get("/staff/").content.decode()) is shown


@pytest.mark.req("S-SW-006")
@pytest.mark.django_db
def test_a_stop_that_moves_or_is_called_off_follows_on_the_pages(settings):
    settings.MAINTENANCE_TOKEN = TOKEN
    tell(stop(1), stop(20, number="S2026-0002"))
    assert TEXT in Client().get("/").content.decode()
    tell(stop(1, up=False))
    assert TEXT not in Client().get("/").content.decode()
    tell(stop(3, number="S2026-0002"))
    assert TEXT in Client().get("/").content.decode()
    assert PlannedStop.objects.count() == 2


@pytest.mark.django_db
def test_nobody_else_may_tell_and_nothing_half_is_kept(settings):
    settings.MAINTENANCE_TOKEN = TOKEN
    assert tell(stop(1), token="guess").status_code == 404
    for body in ("no json", "[]", '{"stops": [{}]}', json.dumps({"stops": [stop(1), {"number": "x"}]})):
        assert tell(body=body).status_code == 400
    assert tell(stop(1, hours=-1)).status_code == 400
    assert not PlannedStop.objects.exists()


@pytest.mark.django_db
def test_a_page_costs_no_statement_more_where_nothing_is_planned(django_assert_num_queries):
    revisions.look()
    with django_assert_num_queries(0):
        assert queries.announced_stops(timezone.now()) == []
