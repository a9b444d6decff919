"""The report's questions, asked of the real PromQL engine and of what the exporters really export."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import yaml

from inventory import load
from monitoring import dashboards, metrics
from monitoring.reports import facts
from monitoring.reports.facts import gather
from monitoring.reports.period import Quarter
from monitoring.reports.quarter_content import RESOURCES
from monitoring.tests.promtool import promtool

NAMES = "CPU MEMORY DISK MEASURED HOST_UP SERVICE_UP FIRING BACKUP BACKUP_SIZE CERTIFICATE"
QUESTIONS = {name: getattr(facts, name) for name in NAMES.split()}
# Raw samples every 15 s for an hour and more, as Prometheus scrapes them.
RAW = {
    'node_cpu_seconds_total{host="db1",cpu="0",mode="idle"}': "0+11.25x300",  # 11.25 of 15 s idle: a quarter used
    'node_cpu_seconds_total{host="db1",cpu="1",mode="idle"}': "0+7.5x300",  # half used
    'node_memory_MemAvailable_bytes{host="db1"}': "75x300",
    'node_memory_MemTotal_bytes{host="db1"}': "100x300",
    'node_filesystem_avail_bytes{host="db1",mountpoint="/",fstype="ext4"}': "30x300",
    'node_filesystem_size_bytes{host="db1",mountpoint="/",fstype="ext4"}': "40x300",
    'node_filesystem_avail_bytes{host="db1",mountpoint="/run",fstype="tmpfs"}': "1x300",
    'node_filesystem_size_bytes{host="db1",mountpoint="/run",fstype="tmpfs"}': "40x300",
    'node_filesystem_avail_bytes{host="db1",mountpoint="/etc/hosts",fstype="ext4"}': "3x300",
    'node_filesystem_size_bytes{host="db1",mountpoint="/etc/hosts",fstype="ext4"}': "40x300",
    'up{job="node",host="db1"}': "1x240 0x59",  # the last quarter of an hour does not answer
    'up{job="library",host="app1"}': "0x300",
    'probe_success{service="library",instance="opac"}': "1x300",
    'probe_success{service="library",instance="staff"}': "1x289 0x9 1",  # ten of the last twenty questions fail
    'kura_backup_last_success_timestamp_seconds{host="db1"}': "1000x100 _x200",  # measured last some time ago
    'kura_backup_last_size_bytes{host="db1"}': "5x300",
    'probe_ssl_earliest_cert_expiry{service="library",instance="opac",host="app1"}': "9000x300",
    'kura_certificate_expiry_timestamp_seconds{service="database",host="db1",instance="10.0.0.1:9100"}': "7000x300",
    'kura_certificate_expiry_timestamp_seconds{service="library",host="app1",instance="10.0.0.2:9100"}': "8000x300",
    'ALERTS{alertname="HostDown",alertstate="firing",host="db1"}': "1x300",
    'ALERTS{alertname="HostDown",alertstate="pending",host="app1"}': "1x300",
}
# At 75 minutes: labels and value of the series that each question gives; of certificates the database's has no probe.
ANSWERS = {
    "CPU": ('{host="db1"}', 37.5),
    "MEMORY": ('{host="db1"}', 25),
    "DISK": ('{host="db1", mountpoint="/"}', 25),
    "MEASURED": ("{}", 1),
    "HOST_UP": ('{host="db1"}', 180 / 240),
    "SERVICE_UP": ('{service="library"}', 10 / 20),
    "FIRING": ('ALERTS{alertname="HostDown", alertstate="firing", host="db1"}', 1),
    "BACKUP": ('{host="db1"}', 1000),
    "BACKUP_SIZE": ('{host="db1"}', 5),
    "CERTIFICATE": ('{instance="opac", service="library"}', 9000),
}
MORE = {"CERTIFICATE": ('{instance="db1", service="database"}', 7000)}


def rounded(name: str) -> str:
    """The question without the last bit of its floating-point arithmetic (an alert keeps its labels)."""
    return QUESTIONS[name] if name == "FIRING" else f"round({QUESTIONS[name]}, 0.0009765625)"


def _sample(answer: tuple[str, float]) -> dict[str, object]:
    return {"labels": answer[0], "value": answer[1]}


def _more(name: str) -> list[tuple[str, float]]:
    return [MORE[name]] if name in MORE else []


def test_prometheus_answers_every_question_as_the_report_reads_it(tmp_path):
    expected = [
        {"expr": rounded(name), "eval_time": "75m", "exp_samples": [_sample(answer), *map(_sample, _more(name))]}
        for name, answer in ANSWERS.items()
    ]
    series = [{"series": name, "values": values} for name, values in RAW.items()]
    test = {"rule_files": [], "tests": [{"interval": "15s", "input_series": series, "promql_expr_test": expected}]}
    (tmp_path / "test.yml").write_text(yaml.safe_dump(test))
    done = promtool("test", "rules", "test.yml", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(ANSWERS) == set(QUESTIONS)


def test_the_charts_of_the_report_are_the_dashboards_panels():
    """Whoever changes a panel changes the report: its expression, the names of its lines, and nothing beside it."""
    charted = dashboards.charted()
    assert list(charted) == list(RESOURCES) == ["cpu", "memory", "disk"]
    asked = []
    gather(load("nagano"), Quarter.parse("2026Q3", "Asia/Tokyo"), lambda *question: asked.append(question) or [], [],
           datetime(2026, 7, 2, tzinfo=UTC))  # fmt: skip
    for id_, panel in charted.items():
        expr, step = panel.queries[0].expr, panel.report.step
        assert {question[3] for question in asked if expr in question[0]} == {step}, id_
        assert (RESOURCES[id_], panel.unit) == (panel.report.name, "percent")
    shown = {panel.id: panel for board in dashboards.load() for row in board.rows for panel in row.panels}
    assert all(shown[id_] == panel for id_, panel in charted.items())
    other = charted["memory"].model_copy(update={"queries": [dashboards.Query(expr="changed", legend="x")]})
    assert facts.question(other) == "avg_over_time((changed)[300s:60s])"


@pytest.mark.parametrize("name", sorted(set(QUESTIONS) - {"FIRING"}))
def test_every_metric_that_the_report_asks_for_is_exported(name):
    exported = frozenset().union(*metrics.recorded().values()) | {"up"}
    assert metrics.named(QUESTIONS[name]) - exported == frozenset()
