"""The inspection's evidence from the results of a run of tests."""

from __future__ import annotations

import json

import pytest

from monitoring.reports.inspection import from_results

HOSTS = ["app1", "db1"]


def results(tmp_path, **outcomes):
    """A results file: test name and host → outcome."""
    tests = {
        f"tests/twin/test_inspection.py::test_{name}[{host}]": {
            "requirements": [], "outcome": outcome, "date": "2026-09-15T00:00:10+00:00", "seconds": 10.0,
            "python": "3.11.2", "title": {"clock": "時刻が合っている"}.get(name),
        }
        for name, by_host in outcomes.items() for host, outcome in by_host.items()
    }  # fmt: skip
    path = tmp_path / "inspection.json"
    path.write_text(json.dumps({"tests": tests}))
    return path


def test_every_point_has_a_result_and_an_inspector(tmp_path):
    evidence = from_results(results(tmp_path, clock={"app1": "passed", "db1": "passed"}), HOSTS, by="小林 直樹")
    assert evidence.passed
    assert evidence.by == "小林 直樹"
    assert [(item.title, item.passed, item.hosts) for item in evidence.items] == [
        ("時刻が合っている", True, ("app1", "db1"))
    ]
    assert evidence.figures == {"points": 1, "passed": 1, "failed": 0, "not_done": 0}
    assert evidence.seconds == 10


def test_a_point_fails_when_it_fails_on_one_host_and_names_it(tmp_path):
    evidence = from_results(results(tmp_path, clock={"app1": "passed", "db1": "failed"}), HOSTS)
    assert not evidence.passed
    assert (evidence.items[0].passed, evidence.items[0].note) == (False, "不合格: db1")


def test_a_skipped_point_is_not_called_passed(tmp_path):
    evidence = from_results(results(tmp_path, disks_have_room={"app1": "passed", "db1": "skipped"}), HOSTS)
    assert not evidence.passed
    assert (evidence.items[0].title, evidence.items[0].passed) == ("disks have room", None)


def test_an_inspection_of_nothing_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no test ran"):
        from_results(results(tmp_path), HOSTS)
