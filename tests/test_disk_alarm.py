"""From a dead disk to the first alarm: the waits on the way, as they are configured, add up to less than a minute."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from inventory import load
from monitoring import targets

REPOSITORY = Path(__file__).parents[1]
ROLE = REPOSITORY / "roles/raid"


def seconds(text: str) -> int:
    """Prometheus' durations, of those that are used here."""
    found = re.fullmatch(r"(\d+)([sm])", text)
    assert found, text
    return int(found[1]) * {"s": 1, "m": 60}[found[2]]


@pytest.mark.parametrize("asked", ["raid_watch_seconds", "raid_controller_seconds"])
@pytest.mark.parametrize("name", ["nagano", "small"])
def test_a_dead_disk_is_told_within_a_minute_by_kernel_and_controller(name: str, asked: str) -> None:
    given = yaml.safe_load((ROLE / "defaults/main.yml").read_text(encoding="utf-8"))
    service = (ROLE / "templates/kura-disks.service.j2").read_text(encoding="utf-8")
    assert f"{{{{ {asked} }}}}" in service
    site = load(name)
    monitor = site.service("prometheus").hosts[0]
    scrape = yaml.safe_load(targets.scrape(site, monitor))["global"]
    route = yaml.safe_load(targets.alerting(site, monitor))["route"]
    rules = yaml.safe_load((REPOSITORY / "monitoring/rules/disks.yml").read_text(encoding="utf-8"))["groups"][0][
        "rules"
    ]
    failed = next(rule for rule in rules if rule.get("alert") == "DiskFailed")
    waits = [
        given[asked],
        given["raid_watch_seconds"],  # the watch sleeps so long between its rounds
        seconds(scrape["scrape_interval"]),
        seconds(scrape["evaluation_interval"]),
        seconds(failed["for"]),
        seconds(route["group_wait"]),
    ]
    assert sum(waits) <= 60, waits
