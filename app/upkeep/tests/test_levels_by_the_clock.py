"""Service levels as the timer measures them, on a console with a real Prometheus."""

from __future__ import annotations

from datetime import datetime

import pytest

from app.incidents.tests.helpers import TOKYO
from app.operations.tests.running import prometheus  # noqa: F401 - the fixture


@pytest.mark.req("S-ISM-002")
def test_the_clock_measures_the_month_without_anybody_asking_and_says_so(start_console, prometheus):  # noqa: F811
    console = start_console(prometheus)
    assert console.sign_in()[0] == 200
    done = console.manage("levels_measure")
    assert done.returncode == 0, done.stderr
    month = f"{datetime.now(TOKYO):%Y-%m}"
    assert f"{month}: 8 levels" in done.stdout
    kept = console.records()["levels"]
    assert [row["month"] for row in kept] == [month] * 8  # of the months before there was nothing to measure
    # Again on the same day: measured again, kept once.
    assert console.manage("levels_measure").returncode == 0
    assert len(console.records()["levels"]) == 8
    assert "（自動）" in console.get(f"/trail/?subject=levels/{month}")[1]


def test_a_silent_prometheus_keeps_nothing_and_is_told(alone):
    before = alone.records()["levels"]
    done = alone.manage("levels_measure")
    assert done.returncode != 0
    assert "Prometheus does not answer" in done.stderr
    assert alone.records()["levels"] == before
