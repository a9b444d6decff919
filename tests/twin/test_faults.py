"""Faults under a lending load, as operations drill them: a short choice of `./kura drill faults`."""

from __future__ import annotations

import json
import re
import time

import pytest

from monitoring.evidence import read
from tests.twin.verbs import figures, kura

CASES = [
    "kill/app1/kura-library", "kill/db1/postgresql@17-main", "cut/app1-bak1", "cable/db1", "restore/moment",
    "corrupt/borg-db1", "corrupt/wal",
]  # fmt: skip


FAILED = "systemctl list-units --state=failed --no-legend --plain | cut -d' ' -f1"


@pytest.fixture(scope="module", autouse=True)
def _jobs_of_the_clock_run_again(twin):
    """A job that fell into a fault waits for its timer; the tests that come after find it done."""
    yield
    deadline = time.monotonic() + 240
    while left := {host: said for host in twin.running() if (said := twin.run(host, FAILED).stdout.split())}:
        assert time.monotonic() < deadline, left
        for host, units in left.items():
            twin.run(host, f"systemctl reset-failed {' '.join(units)}; systemctl start --no-block {' '.join(units)}")
        time.sleep(3)


def chosen(names: list[str]) -> list[str]:
    return [word for name in names for word in ("--case", name)]


def test_after_each_fault_the_ledger_of_the_counters_and_the_database_agree(twin, tmp_path) -> None:
    said = kura("drill", "faults", "--again", *chosen(CASES), "--json", tmp_path / "faults.json")
    seen = figures(tmp_path / "faults.json")
    assert seen["faults_cases"]["value"] == len(CASES), said
    for name in ("faults_failed", "faults_acts_lost", "faults_acts_doubled", "faults_acts_half_done"):
        assert seen[name]["value"] == 0, said
    record = read(twin.state, "drill")[-1]
    assert record.name == "faults"
    assert len(record.items) == len(CASES)


@pytest.mark.req("S-SW-005")
def test_search_and_lending_answer_while_backups_and_aggregations_run(twin, tmp_path) -> None:
    said = kura("drill", "faults", "--again", *chosen(["beside"]), "--json", tmp_path / "beside.json")
    seen = figures(tmp_path / "beside.json")
    assert seen["beside_scans_unanswered"]["value"] == 0, said
    assert seen["beside_pages_refused"]["value"] == 0, said
    assert seen["beside_seconds"]["value"] > 0


@pytest.mark.req("S-SW-005")
def test_availability_is_recorded_for_longer_than_a_year(twin) -> None:
    """What the year's figure is made of: how often catalogue and counter answered when they were asked."""
    monitor = twin.site.service("prometheus").hosts[0].name
    api = "http://localhost:9090/api/v1"
    query = 'avg_over_time(probe_success{service="library"}[5m])'
    asked = f"curl -fsS -m 20 --get {api}/query --data-urlencode 'query={query}'"
    deadline = time.monotonic() + 120
    while not (rows := json.loads(twin.run(monitor, asked).stdout)["data"]["result"]):
        assert time.monotonic() < deadline, "nobody asks whether the library answers"
        time.sleep(1)
    assert all(0 <= float(row["value"][1]) <= 1 for row in rows)
    flags = json.loads(twin.run(monitor, f"curl -fsS -m 20 {api}/status/flags").stdout)["data"]
    kept = re.fullmatch(r"(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?.*", flags["storage.tsdb.retention.time"])
    years, weeks, days = (int(part or 0) for part in kept.groups())
    assert 365 * years + 7 * weeks + days >= 366
