"""What the full drill makes of the moments at which hosts went: measured stops beside the inventory's."""

from __future__ import annotations

import pytest

from inventory import load
from ups import drill, plan

SITE = load("nagano")
STEPS = plan.steps(SITE)
NAMES = [name for step in STEPS for name in step.hosts]


def judged(off: dict[str, float]) -> dict:
    up = dict.fromkeys(NAMES, 60.0)
    return drill.result(SITE, NAMES, off, up, True, True, 80.0, {})


def moments(**late: float) -> dict[str, float]:
    """Hosts off one after the other, each in half of its time; `late` gives others their seconds."""
    off, clock = {}, 0.0
    for step in STEPS:
        for name in step.hosts:
            off[name] = clock + late.get(name, step.seconds / 2)
        clock = max(off.values())
    return off


def test_a_stop_within_what_the_inventory_states_passes_and_is_kept_for_each_host() -> None:
    result = judged(moments())
    assert result["passed"]
    assert result["figures"]["power_stops_over_budget"]["value"] == 0
    assert result["details"]["stop_seconds"] == {
        name: {"measured": step.seconds / 2, "budget": step.seconds} for step in STEPS for name in step.hosts
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_host_that_stops_slower_than_the_inventory_states_fails_the_drill_though_the_whole_is_in_time(name) -> None:
    step = next(step for step in STEPS if name in step.hosts)
    off = moments(**{name: step.seconds + 1.0})
    assert max(off.values()) < plan.total_seconds(SITE)
    result = judged(off)
    assert not result["passed"]
    assert result["figures"]["power_stops_over_budget"] == {"value": 1, "unit": "hosts", "goal": 0, "met": False}
