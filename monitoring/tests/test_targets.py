"""Everything the inventory says is measured is measured, and Prometheus accepts what we write."""

from __future__ import annotations

import json

import pytest
import yaml

from inventory import Inventory, load
from monitoring import targets
from monitoring.tests.promtool import promtool

SITE = load("nagano")
MONITOR = SITE.service("prometheus").hosts[0]


def _config(site: Inventory, **keywords: object) -> dict:
    return yaml.safe_load(targets.scrape(site, site.service("prometheus").hosts[0], **keywords))


def _static(config: dict) -> list[tuple[str, str, dict]]:
    return [
        (job["job_name"], address, group["labels"])
        for job in config["scrape_configs"]
        for group in job["static_configs"]
        for address in group["targets"]
    ]


def test_every_host_of_every_service_with_metrics_is_scraped_and_no_other():
    expected = {
        (service.id, f"{host.address}:{service.row.metrics.port}", host.name)
        for service in SITE.services
        if service.row.metrics
        for host in service.hosts
    }
    scraped = {
        (job, address, labels["host"])
        for job, address, labels in _static(_config(SITE))
        if not job.startswith("probe-") and job != "blackbox"
    }
    assert scraped == expected
    assert {host for job, _, host in scraped if job == "node"} == {
        host.name for host in SITE.hosts if host.kind != "workstation"
    }


def test_every_service_is_probed_or_says_why_not():
    probed = {probe.service for probe in targets.probe_targets(SITE)}
    reasons = targets.unprobed(SITE)
    assert probed | set(reasons) == {service.id for service in SITE.services}
    assert not probed & set(reasons)
    assert {"library", "console", "database", "dns"} <= probed


def test_the_library_is_probed_by_the_names_readers_and_staff_use():
    asked = {probe.target for probe in targets.probe_targets(SITE) if probe.service == "library"}
    assert asked == {
        "https://opac.kura-nagano.example/health",
        "https://staff.kura-nagano.example/health",
    }


def test_only_limits_targets_to_the_named_hosts():
    names = {labels["host"] for job, _, labels in _static(_config(SITE, only=["app1", "db1"])) if job != "blackbox"}
    assert names == {"app1", "db1"}


def test_a_target_carries_where_it_stands():
    (app,) = [labels for job, _, labels in _static(_config(SITE)) if job == "library"]
    assert app == {
        "host": "app1",
        "zone": "app",
        "place": "datacentre",
        "kind": "server",
        "backup": "application",
        "service": "library",
    }


def test_the_text_is_the_same_each_time_and_has_no_anchors():
    text = targets.scrape(SITE, MONITOR)
    assert text == targets.scrape(load("nagano"), MONITOR)
    assert "&id" not in text


def test_alerts_reach_the_console_by_its_own_name():
    config = yaml.safe_load(targets.alerting(SITE, MONITOR))
    receivers = {receiver["name"]: receiver for receiver in config["receivers"]}
    assert config["route"]["receiver"] == "duty"
    for name in ("duty", "urgent"):
        hook = receivers[name]["webhook_configs"][0]
        assert hook["url"] == "https://console.kura-nagano.example/hooks/alertmanager"


def test_prometheus_accepts_the_configuration(tmp_path):
    path = tmp_path / "prometheus.yml"
    path.write_text(targets.scrape(SITE, MONITOR), encoding="utf-8")
    result = promtool("check", "config", "--syntax-only", str(path))
    assert result.returncode == 0, result.stdout + result.stderr


def test_prometheus_refuses_a_broken_configuration(tmp_path):
    path = tmp_path / "prometheus.yml"
    path.write_text(json.dumps({"scrape_configs": [{"job": "no such key"}]}), encoding="utf-8")
    assert promtool("check", "config", "--syntax-only", str(path)).returncode != 0


@pytest.mark.parametrize("name", ["nagano", "small"])
def test_every_inventory_yields_a_configuration(name):
    config = _config(load(name))
    assert {"node", "library", "database"} <= {job["job_name"] for job in config["scrape_configs"]}
