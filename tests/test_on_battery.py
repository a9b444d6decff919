"""What rooms must agree on for a power cut: which timers end on battery, and the mark by which readers are told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from backup import borgmatic
from inventory import load
from ups import staging

ROLES = Path(__file__).parents[1] / "roles"
TIMER = re.compile(r"kura-[a-z-]+(?:@[a-z-]+)?\.timer\b(?!\.j2)")
# Of earlier releases; the role that had it takes it away.
GONE = {"kura-library-nightly.timer"}


def timers() -> set[str]:
    """Every timer that a role makes, and those that the backup derives."""
    found: set[str] = set()
    for path in ROLES.glob("*/tasks/*.yml"):
        found |= set(TIMER.findall(path.read_text(encoding="utf-8")))
    for name in ("nagano", "small"):
        site = load(name)
        for host in site.hosts:
            found |= set(borgmatic.timers(site, host))
    return found - GONE


def test_every_timer_ends_on_battery_or_goes_on_for_a_reason() -> None:
    batch = {unit for unit in staging.BATCH if unit.endswith(".timer")}
    assert timers() == batch | set(staging.NOT_BATCH)
    assert not batch & set(staging.NOT_BATCH)


@pytest.mark.parametrize("kind", ["daily", "monthly"])
def test_a_running_backup_of_either_kind_ends(kind: str) -> None:
    assert f"kura-backup@{kind}.service" in staging.BATCH


def test_the_page_of_a_power_cut_looks_for_the_mark_that_the_stages_set() -> None:
    nginx = yaml.safe_load((ROLES / "nginx/defaults/main.yml").read_text(encoding="utf-8"))
    assert nginx["nginx_power_mark"] == staging.MARK
