"""What an alert looks at is there, or somebody is told that it is not: silence is no good news."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from inventory import load
from monitoring import expected, metrics, rules

ROOT = Path(__file__).parents[2]
SITES = [load("nagano"), load("small")]


@pytest.mark.parametrize("alert", rules.load(), ids=lambda alert: alert.name)
def test_every_metric_of_an_alert_must_be_there_or_something_else_tells_of_its_absence(alert):
    must = {row.metric for row in expected.expected(SITES[0])}
    for name in metrics.named(alert.expr):
        held = any(name == known or (known[-1] in "_:" and name.startswith(known)) for known in expected.HELD)
        assert name in must or held, f"{alert.name}: nobody is told when {name} does not exist"


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.name)
def test_what_must_be_measured_is_of_hosts_of_the_inventory_and_has_been_seen_in_a_scrape(site):
    known = frozenset().union(*metrics.recorded().values())
    names = {host.name for host in site.hosts}
    rows = expected.expected(site)
    assert {row.metric for row in rows} <= known
    assert {row.host for row in rows} | {row.at for row in rows} <= names
    assert {row.within for row in rows} == {"hour", "day", "week"}
    assert len({(row.metric, row.host) for row in rows}) == len(rows)
    # Whatever the site, it has backups, their rehearsal, sealed records, jobs and a watcher of the monitoring.
    for name in ("restore_drill", "backup_isolated", "wal_base", "logs_sealed", "logs_kept", "watcher", "disk_watch"):
        assert any(name in row.metric for row in rows), name


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.name)
def test_the_monitoring_knows_each_of_them_as_a_series(site):
    text = rules.files(site, site.service("prometheus").hosts[0])["site.yml"]
    made = [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]
    series = {
        (rule["labels"]["measure"], rule["labels"]["host"]) for rule in made if rule.get("record") == expected.SERIES
    }
    assert series == {(row.metric, row.host) for row in expected.expected(site)}


def test_people_are_sent_to_units_that_a_role_makes():
    files = (ROOT / "roles").rglob("templates/*")
    made = {path.name.removesuffix(".j2") for path in files}
    for row in expected.expected(SITES[0]):
        unit = row.unit.replace("@often", "")
        assert {unit, f"{unit}.service"} & made, row.unit
