"""The stages before the point of no return, and the boot gate: decisions tried over thousands of lines."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory import load
from ups import gate, plan, staging
from ups.stages import Host, Limits, Reading, Stage, State, step

SITE = load("nagano")
LIMITS = Limits(told_after=30, quiet_after=120, stopped_after=450, needed=525, steady=6)
MAINS, BATTERY = Reading(frozenset({"OL"}), 900), Reading(frozenset({"OB", "DISCHRG"}), 900)
SILENT = Reading(frozenset())


def after(seconds: float, *feeds: Reading, state: State | None = None) -> State:
    """The state after so many seconds, looking every two."""
    state = state or State()
    for now in range(0, int(seconds) + 1, 2):
        state = step(state, {str(number): feed for number, feed in enumerate(feeds)}, float(now), LIMITS)
    return state


def test_a_short_dip_stops_nothing() -> None:
    assert after(20, BATTERY, BATTERY).stage == Stage.MAINS


@pytest.mark.parametrize(
    ("seconds", "stage"), [(30, Stage.TOLD), (118, Stage.TOLD), (120, Stage.QUIET), (450, Stage.STOPPED)]
)
def test_time_on_battery_brings_the_stages_one_after_the_other(seconds: int, stage: Stage) -> None:
    assert after(seconds, BATTERY, BATTERY).stage == stage


def test_one_feed_with_mains_is_enough() -> None:
    assert after(3600, BATTERY, MAINS) == State()
    assert after(3600, Reading(frozenset({"OFF"})), MAINS) == State()


@pytest.mark.parametrize("feed", [replace(BATTERY, runtime=525), Reading(frozenset({"OB", "LB"}), 900)])
def test_services_stop_while_the_batteries_still_carry_the_whole_ordered_stop(feed: Reading) -> None:
    assert after(0, BATTERY, feed).stage == Stage.STOPPED


def test_the_seconds_kept_back_cover_every_stop_that_follows() -> None:
    assert staging.needed_seconds(SITE) >= plan.total_seconds(SITE) + staging.RESERVE_SECONDS
    weakest = min(unit.runtime_minutes * 60 for unit in SITE.power.units)
    assert weakest - staging.longest_seconds(SITE) >= plan.total_seconds(SITE)


def test_mains_that_come_and_go_start_nothing_until_they_are_steady() -> None:
    state = after(0, replace(BATTERY, runtime=100))
    for now in range(2, 100, 4):
        state = step(state, {"a": MAINS}, float(now), LIMITS)
        state = step(state, {"a": BATTERY}, float(now + 2), LIMITS)
        assert state.stage == Stage.STOPPED
    assert step(step(state, {"a": MAINS}, 200.0, LIMITS), {"a": MAINS}, 206.0, LIMITS) == State()


def test_silence_on_mains_is_no_outage_and_silence_on_battery_does_not_end_one() -> None:
    assert after(3600, SILENT, SILENT) == State()
    begun = step(State(), {"a": BATTERY}, 0.0, LIMITS)
    for now in (10, 100, 119):
        begun = step(begun, {"a": SILENT}, float(now), LIMITS)
    assert begun.stage == Stage.TOLD
    assert step(begun, {"a": SILENT}, 450.0, LIMITS).stage == Stage.STOPPED


readings = st.builds(
    Reading,
    st.sampled_from([frozenset(), frozenset({"OL"}), frozenset({"OB"}), frozenset({"OB", "LB"}), frozenset({"OFF"})]),
    st.one_of(st.none(), st.floats(0, 2000)),
)
lines = st.lists(st.tuples(st.floats(0.1, 60), readings, readings), max_size=40)


@given(lines)
def test_on_battery_no_stage_ever_goes_back_and_starting_again_needs_steady_mains(line) -> None:
    state, now = State(), 0.0
    for seconds, one, other in line:
        now += seconds
        before, feeds = state, {"a": one, "b": other}
        state = step(before, feeds, now, LIMITS)
        carried = one.carries or other.carries
        if state.stage < before.stage:
            assert carried or not (one.flags or other.flags)
            assert before.mains_since is not None
            assert now - before.mains_since >= LIMITS.steady
        if state.stage > before.stage:
            assert not carried


@given(lines)
def test_less_battery_never_means_a_lower_stage(line) -> None:
    full, weak, now = State(), State(), 0.0
    for seconds, one, other in line:
        now += seconds
        full = step(full, {"a": one, "b": other}, now, LIMITS)
        less = [replace(feed, runtime=(feed.runtime or 0) / 2) for feed in (one, other)]
        weak = step(weak, dict(zip("ab", less, strict=True)), now, LIMITS)
        assert weak.stage >= full.stage


class Machine:
    """A host's systemd as the stages see it: what runs, and what was asked of it in order."""

    def __init__(self, running: set[str]) -> None:
        self.running, self.asked = running, []

    def run(self, argv: list[str]) -> int:
        if argv[:2] == ["systemctl", "stop"]:
            self.running -= set(argv[2:])
            self.asked.append(("stop", *argv[2:]))
        elif argv[:2] == ["systemctl", "start"]:
            units = [unit for unit in argv[2:] if not unit.startswith("--")]
            self.running |= set(units)
            self.asked.append(("start", *units))
        elif argv[0] == "sh" and "ActiveState" in argv[2]:
            return 0 if argv[2].split("ActiveState ")[1].split(")")[0] in self.running else 3
        elif argv[0] == "runuser":
            self.asked.append(("checkpoint",))
        return 0


def host(tmp_path: Path, name: str, machine: Machine) -> Host:
    config = json.loads(staging.config(SITE, SITE.host(name))) | {"memory": str(tmp_path / "state.json")}
    return Host(config, machine.run, lambda: 0.0)


def test_what_was_stopped_starts_again_and_what_somebody_had_stopped_does_not(tmp_path: Path) -> None:
    working = {"kura-library-jobs@often.timer", "kura-library-jobs@often.service"}
    machine = Machine({"kura-library.socket", "kura-library.service"} | working)
    app1 = host(tmp_path, "app1", machine)
    app1.enter(Stage.QUIET)
    assert machine.asked == [("stop", "kura-library-jobs@often.timer", "kura-library-jobs@often.service")]
    app1.enter(Stage.STOPPED)
    assert machine.running == set()
    app1.mains()
    assert machine.running == {"kura-library.socket", "kura-library.service"} | working


def test_the_database_writes_its_memory_down_before_it_is_stopped(tmp_path: Path) -> None:
    machine = Machine({"postgresql@17-main.service"})
    db1 = host(tmp_path, "db1", machine)
    db1.enter(Stage.QUIET)
    db1.enter(Stage.STOPPED)
    assert machine.asked == [("checkpoint",), ("stop", "postgresql@17-main.service")]


def test_a_watcher_that_is_started_again_still_starts_what_its_forerunner_stopped(tmp_path: Path) -> None:
    machine = Machine({"kura-library.socket", "kura-library.service"})
    first = host(tmp_path, "app1", machine)
    first.enter(Stage.QUIET)
    first.enter(Stage.STOPPED)
    second = host(tmp_path, "app1", machine)
    assert second.state.stage == Stage.STOPPED
    second.mains()
    assert machine.running == {"kura-library.socket", "kura-library.service"}
    assert host(tmp_path, "app1", machine).state == State()


def test_the_gate_stands_before_services_and_no_socket() -> None:
    # A socket starts before the gate can: systemd would break the circle by leaving the library closed.
    assert staging.gated_units(SITE, SITE.host("app1")) == ["kura-library.service"]
    assert staging.gated_units(SITE, SITE.host("db1")) == ["postgresql@17-main.service"]
    assert staging.gated_units(SITE, SITE.host("mon1")) == []


GATE = {"charge": 20.0, "runtime": 1050.0, "patience": 120.0}


@pytest.mark.parametrize(
    ("batteries", "waited", "opens"),
    [
        ([gate.Battery("OL CHRG", 19, 300)], 9999, False),
        ([gate.Battery("OL CHRG", 20, 300)], 0, True),
        ([gate.Battery("OL", 5, 1050)], 0, True),
        ([gate.Battery("OB DISCHRG", 100, 9999)], 9999, False),
        ([gate.Battery("OL CHRG", 5, 300), gate.Battery("OL", 100, 900)], 0, True),
        ([gate.Battery()], 119, False),
        ([gate.Battery()], 120, True),
        ([gate.Battery("OL")], 0, True),
    ],
)
def test_the_gate_opens_when_the_batteries_could_carry_an_ordered_stop(batteries, waited, opens) -> None:
    assert bool(gate.open_for(batteries, waited, GATE)) is opens
