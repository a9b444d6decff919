"""Every day has its record: good, good after a retry, failed, or told to be missing."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from backup import history, run

TOKYO = ZoneInfo("Asia/Tokyo")
ANSWER = [{"archive": {"stats": {"compressed_size": 1, "deduplicated_size": 7, "nfiles": 2, "original_size": 90}}}]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """A host whose clock and borgmatic do as they are told; `at` is now, `good` what borgmatic ends with."""
    told: dict[str, Any] = {"at": datetime(2026, 10, 31, 17, 5, tzinfo=UTC), "good": True}

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return told["at"]

    def borgmatic(argv: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        assert argv[0] == "borgmatic"
        return subprocess.CompletedProcess(argv, 0 if told["good"] else 2, json.dumps(ANSWER) if told["good"] else "")

    monkeypatch.setattr(run, "datetime", Clock)
    monkeypatch.setattr(run.subprocess, "run", borgmatic)
    monkeypatch.setattr(run, "TEXTFILES", tmp_path)
    monkeypatch.setattr(history.add, "__defaults__", (tmp_path / "history.jsonl",))
    monkeypatch.setattr(history.read, "__defaults__", (tmp_path / "history.jsonl",))
    argv = ["run", "--kind", "daily", "--host", "app1", "--repository", "bak1"]
    monkeypatch.setattr(run.sys, "argv", argv)
    return told


@pytest.mark.req("S-BKP-001")
def test_thirty_days_in_a_row_each_have_a_success_or_a_failure_and_its_retry(clock: dict[str, Any]) -> None:
    """Thirty nights of the program that the timer starts: the 5th fails and is good on the retry, the 12th fails three
    times, and on the 20th the host was off."""
    for night in range(30):
        clock["at"] = datetime(2026, 10, 31, 17, 5, tzinfo=UTC) + timedelta(days=night)  # 02:05 in Tokyo
        attempts = {4: [False, True], 11: [False, False, False], 19: []}.get(night, [True])
        for good in attempts:
            clock["good"] = good
            assert run.main() == (0 if good else 1)
            clock["at"] += timedelta(minutes=15)
    found = history.days(history.read(), date(2026, 11, 30), 30, TOKYO)
    assert [row.day for row in found] == [f"2026-11-{day:02d}" for day in range(1, 31)]
    outcomes = {row.day[-2:]: row.outcome for row in found}
    assert outcomes.pop("05") == "good after retry"
    assert outcomes.pop("12") == "failed"
    assert outcomes.pop("20") == "no record"
    assert set(outcomes.values()) == {"good"}
    failed = next(row for row in found if row.outcome == "failed")
    assert failed.attempts == 3
    assert "ended with 2" in failed.error
    assert found[0].bytes == 90


def test_a_line_that_a_power_cut_left_unfinished_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    history.add(history.Attempt("daily", "2026-11-02T17:00:00+00:00", 1.0, good=True), path)
    with path.open("a") as stream:
        stream.write('{"kind": "dai')
    assert len(history.read(path)) == 1


def test_what_is_older_than_the_years_of_keeping_goes(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    for year in (2020, 2026):
        history.add(history.Attempt("daily", f"{year}-12-02T17:00:00+00:00", 1.0, good=True), path)
    history.add(history.Attempt("daily", "2028-01-01T17:00:00+00:00", 1.0, good=True), path)
    assert [row.started[:4] for row in history.read(path)] == ["2026", "2028"]


def test_a_monthly_backup_is_no_daily_one() -> None:
    rows = [history.Attempt("monthly", "2026-11-01T17:00:00+00:00", 1.0, good=True)]
    assert history.days(rows, date(2026, 11, 2), 1, TOKYO)[0].outcome == "no record"
    assert history.days(rows, date(2026, 11, 2), 1, TOKYO, "monthly")[0].outcome == "good"
