"""The cuts in which something else goes wrong, over a make-believe twin: what counts as passed, and what must not.

The daemons themselves answer in tests/twin/test_power.py; here time is cheap and every mishap can be had.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from inventory import load
from ups import cuts, drill, plan

SITE = load("nagano")
STEPS = plan.steps(SITE)
READER = SITE.power.units[0].read_by
NAMES = [host.name for host in plan.fed(SITE)]


class World:
    """Hosts that stop in their order once the batteries are low, each a second after the one before; time is free."""

    def __init__(self, **mishap: object) -> None:
        self.now, self.on, self.low_at, self.mishap = 0.0, set(NAMES), None, mishap
        self.unplugged: set[str] = set()
        self.unplugged_at: float | None = None
        self.hanging: set[str] = set()
        self.cut: list[str] = []
        self.started: list[str] = []
        self.order = [name for step in STEPS for name in step.hosts]
        if mishap.get("inverted"):
            self.order[0], self.order[1] = self.order[1], self.order[0]
        self.status = "OL"

    def shell(self, name: str, command: str) -> tuple[int, str]:
        if name not in self.on:
            return 255, "no route to host"
        if "ups.status=" in command:
            self.status = command.split("ups.status='")[1].split("'")[0]
            if "LB" in self.status and self.low_at is None:
                self.low_at = self.now
            return 0, ""
        if "kura-hung" in command:
            self.hanging.add(name)
            return 0, ""
        if "signal=KILL nut-server" in command:
            self.low_at = self.now
            return 0, ""
        if command == drill.LISTENING:
            return 0, "22 443"
        if command == drill.STARTED:
            clean = not self.mishap.get("unclean")
            return 0, f"database system was {'shut down' if clean else 'interrupted'}"
        return 0, ""

    def advance(self, seconds: float) -> None:
        self.now += seconds
        if self.low_at is not None:
            for place, name in enumerate(self.order):
                if self.now - self.low_at > 2 * (place + 1) and name not in self.hanging | self.stubborn:
                    self.on.discard(name)
        for name in self.unplugged:
            if self.unplugged_at is not None and self.now - self.unplugged_at > 5:
                self.on.discard(name)

    @property
    def stubborn(self) -> set[str]:
        return {str(self.mishap["stubborn"])} if "stubborn" in self.mishap else set()

    def is_running(self, name: str) -> bool:
        return name in self.on

    def start_one(self, name: str) -> None:
        self.started.append(name)
        self.on.add(name)
        self.low_at, self.hanging = None, set()

    def wait_ssh(self, names: object) -> None:
        """They answer at once."""

    def power_cut(self, name: str) -> None:
        self.cut.append(name)
        self.on.discard(name)

    def unplug(self, name: str) -> None:
        self.unplugged.add(name)
        self.unplugged_at = self.now

    def replug(self, name: str) -> None:
        self.unplugged.discard(name)

    @contextmanager
    def waking(self) -> Iterator[list[str]]:
        woken = [name for name in NAMES if name not in self.on] if not self.mishap.get("asleep") else []
        self.on |= set(woken)
        yield woken


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch):
    def run(name: str, *, lends: bool = True, **mishap: object) -> tuple[dict, World]:
        world = World(**mishap)
        monkeypatch.setattr(time, "monotonic", lambda: world.now)
        monkeypatch.setattr(time, "sleep", world.advance)
        asked = iter([True])
        result = cuts.run(name, SITE, NAMES, world.shell, world, lambda said: None, lambda: next(asked, lends))
        return result, world

    return run


def value(result: dict, name: str) -> float:
    return result["figures"][name]["value"]


def test_mains_that_return_in_the_middle_do_not_leave_anybody_behind(play) -> None:
    """Case 4 of the power plan."""
    result, world = play("return")
    assert result["passed"]
    assert list(result["details"]["off_seconds"]) == world.order
    assert sorted(world.started) == sorted(NAMES), "the outlets were cut, and everybody came back"
    assert world.on == set(NAMES)


def test_a_host_that_hangs_is_the_only_one_left_and_the_others_are_clean(play) -> None:
    """Case 5."""
    result, world = play("hung")
    assert result["passed"]
    assert result["details"]["hung"] == STEPS[0].hosts[0]
    assert world.cut == [result["details"]["hung"]], "the outlets take whoever is left"
    assert list(result["details"]["off_seconds"]) == world.order[1:]


def test_with_upsd_dead_everybody_still_ends_in_order(play) -> None:
    """Case 6."""
    result, world = play("upsd")
    assert result["passed"]
    assert list(result["details"]["off_seconds"]) == world.order


def test_a_host_cut_off_from_the_network_ends_alone_and_is_switched_on_again(play) -> None:
    """Case 7."""
    result, world = play("split")
    assert result["passed"]
    assert result["details"]["woken"] == [STEPS[0].hosts[0]]
    assert world.started == []


def test_a_host_that_nobody_switches_on_fails_the_drill(play) -> None:
    result, world = play("split", asleep=True)
    assert not result["passed"]
    assert value(result, "power_hosts_not_woken") == 1
    assert world.on == set(NAMES), "afterwards it runs all the same"


def test_batteries_that_give_out_at_once_take_everybody_and_everybody_comes_back(play) -> None:
    """Case 9, worse: both units low, and gone before the stop is over."""
    result, world = play("weak")
    assert result["passed"]
    assert value(result, "power_hosts_cut") == len(world.cut) > 0
    assert "power_unclean_databases" not in result["figures"], "what was cut cannot have been shut down in order"


@pytest.mark.parametrize("name", ["return", "upsd"])
def test_a_host_that_stays_on_fails_the_drill(play, name: str) -> None:
    result, world = play(name, stubborn="db1")
    assert not result["passed"]
    assert value(result, "power_hosts_left_on") == 1
    assert world.on == set(NAMES)


@pytest.mark.parametrize("name", ["return", "hung", "upsd"])
def test_a_wrong_order_fails_the_drill(play, name: str) -> None:
    result, _ = play(name, inverted=True)
    assert result["passed"] is (name == "hung"), "who hangs has no place in the order"


@pytest.mark.parametrize("name", ["return", "hung", "upsd"])
def test_a_database_that_was_not_shut_down_fails_the_drill(play, name: str) -> None:
    result, _ = play(name, unclean=True)
    assert not result["passed"]
    assert value(result, "power_unclean_databases") == 1


@pytest.mark.parametrize("name", sorted(cuts.CUTS))
def test_a_library_that_does_not_lend_again_fails_every_drill(play, name: str) -> None:
    result, _ = play(name, lends=False)
    assert not result["passed"]


def test_a_drill_that_breaks_off_brings_everybody_back(play, monkeypatch: pytest.MonkeyPatch) -> None:
    worlds: list[World] = []

    def broken(cut: cuts.Cut) -> None:
        worlds.append(cut.lab)  # type: ignore[arg-type]
        cut.mains_off(low=True)
        raise KeyboardInterrupt

    monkeypatch.setitem(cuts.CUTS, "return", broken)  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        play("return")
    assert worlds[0].on == set(NAMES)
