"""Every alert fires when it must, stays silent when it must, and tells the person on duty what to do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from inventory import load
from monitoring import dashboards, metrics, rules, runbooks
from monitoring.tests.promtool import promtool

TESTS = sorted((Path(__file__).parent / "rules").glob("*.yml"))
ALERTS = rules.load()
# Made by Prometheus itself for every target.
BUILT_IN = frozenset({"up", "ALERTS"}) | rules.recorded()


def test_every_rule_file_is_accepted():
    result = promtool("check", "rules", *[str(path) for path in sorted(rules.FOLDER.glob("*.yml"))])
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_the_alerts_fire_and_stay_silent_as_written(path):
    result = promtool("test", "rules", path.name, cwd=path.parent)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_every_alert_is_tested_to_fire_and_not_to_fire(alert):
    cases = [
        case
        for path in TESTS
        for group in yaml.safe_load(path.read_text("utf-8"))["tests"]
        for case in group["alert_rule_test"]
        if case["alertname"] == alert.name
    ]
    assert any(case.get("exp_alerts") for case in cases), "no test in which it fires"
    assert any(not case.get("exp_alerts") for case in cases), "no test in which it stays silent"


def test_the_goal_of_the_contract_is_what_service_levels_are_measured_against(tmp_path):
    site = load("nagano")
    written = rules.files(site, site.service("prometheus").hosts[0])
    assert f"vector({site.contract.availability_goal_percent / 100:.6g})" in written["site.yml"]
    for name, text in written.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    checked = promtool("check", "rules", *map(str, sorted(tmp_path.glob("*.yml"))))
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_alert_names_differ():
    assert len({alert.name for alert in ALERTS}) == len(ALERTS)


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_every_alert_tells_impact_first_step_and_a_runbook_heading_that_exists(alert):
    name, _, heading = alert.runbook.partition("#")
    assert heading == alert.name
    assert heading in runbooks.headings(name)
    assert alert.impact.endswith("。")
    assert alert.first_step.endswith("してください。")
    assert alert.severity in ("critical", "warning")


def test_every_tag_that_people_are_told_to_deploy_exists_in_the_playbook():
    root = Path(__file__).parents[2]
    plays = yaml.safe_load((root / "playbooks" / "site.yml").read_text("utf-8"))
    tags = {
        tag
        for play in plays
        for part in (play, *play.get("roles", []), *play.get("tasks", []))
        if isinstance(part, dict)
        for tag in part.get("tags", [])
    }
    told = {
        tag
        for path in (*rules.FOLDER.glob("*.yml"), *runbooks.FOLDER.glob("*.md"))
        for found in re.findall(r"--tags[ =]([\w,-]+)", path.read_text("utf-8"))
        for tag in found.split(",")
    }
    assert told
    assert told <= tags


def test_an_alert_without_a_first_step_is_refused(tmp_path, monkeypatch):
    broken = yaml.safe_load((rules.FOLDER / "power.yml").read_text("utf-8"))
    del broken["groups"][0]["rules"][0]["annotations"]["first_step"]
    (tmp_path / "power.yml").write_text(yaml.safe_dump(broken), encoding="utf-8")
    monkeypatch.setattr(rules, "FOLDER", tmp_path)
    with pytest.raises(KeyError, match="first_step"):
        rules.load()


def test_every_service_names_a_runbook_that_exists():
    for service in load("nagano").services:
        assert runbooks.headings(service.row.runbook), service.id


def test_every_metric_of_alerts_and_panels_exists_in_a_recorded_scrape():
    known = BUILT_IN.union(*metrics.recorded().values())
    expressions = [*dashboards.expressions(), *[alert.expr for alert in ALERTS]]
    missing = {name for expr in expressions for name in metrics.named(expr)} - known
    assert not missing


@pytest.mark.parametrize(
    ("expr", "names"),
    [
        ("up", {"up"}),
        ('100 * (1 - avg by (host) (rate(node_cpu_seconds_total{mode="idle"}[5m])))', {"node_cpu_seconds_total"}),
        ('a{x="b"} unless on (host) c or vector(0)', {"a", "c"}),
        ("time() - kura_x offset 5m > bool 3", {"kura_x"}),
        ("job:errors:rate5m / ignoring(code) group_left(host) b", {"job:errors:rate5m", "b"}),
    ],
)
def test_metric_names_are_found_in_expressions(expr, names):
    assert metrics.named(expr) == names
