"""What a host does while the batteries carry it, before the point of no return. Standard library alone.

NUT knows one end: low battery, and everything goes down. Before that there is time to do less harm, so each host
watches its own feeds and goes through stages: it says so; it ends batch work and lets the database write down what it
has in memory; it stops its services while the host stays on. When the mains return in any of these, services are back
in seconds and nobody boots. A stage never goes back while the batteries carry, and the mains must be steady for some
seconds before anything starts again: a flapping line must not make services flap.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from pathlib import Path
from typing import Any

from ups.client import Client, UpsError

POLL_SECONDS = 2.0


class Stage(IntEnum):
    """How far a host has gone; a later one includes those before it."""

    MAINS = 0
    TOLD = 1
    QUIET = 2
    STOPPED = 3


@dataclass(frozen=True)
class Reading:
    """What one feed reports: status flags, and the seconds its battery lasts when it says so. No flags: silent."""

    flags: frozenset[str]
    runtime: float | None = None

    @property
    def carries(self) -> bool:
        """Whether the mains reach the host over this feed."""
        return "OL" in self.flags and "OB" not in self.flags


@dataclass(frozen=True)
class Limits:
    """When each stage begins, in seconds: on battery, or of battery left."""

    told_after: float
    quiet_after: float
    stopped_after: float
    needed: float
    """Battery seconds that stopping everything after this stage takes, margins included."""
    steady: float


@dataclass(frozen=True)
class State:
    """Where a host is: its stage, since when the batteries carry it, since when the mains are back."""

    stage: Stage = Stage.MAINS
    battery_since: float | None = None
    mains_since: float | None = None


def step(state: State, feeds: Mapping[str, Reading], now: float, limits: Limits) -> State:
    """The state after a look at the feeds. Pure.

    One feed with mains is enough. A feed that says nothing counts as it did before: silence on mains is no outage,
    silence on battery does not end one.
    """
    silent = not any(reading.flags for reading in feeds.values())
    on_mains = state.battery_since is None if silent else any(reading.carries for reading in feeds.values())
    if on_mains:
        if state.battery_since is None:
            return state
        back = replace(state, mains_since=now if state.mains_since is None else state.mains_since)
        assert back.mains_since is not None
        return State() if now - back.mains_since >= limits.steady else back
    since = now if state.battery_since is None else state.battery_since
    return State(max(state.stage, _wanted(feeds, now - since, limits)), since, None)


def _wanted(feeds: Mapping[str, Reading], seconds: float, limits: Limits) -> Stage:
    """The stage for so many seconds on battery. The weakest feed decides: when it ends, the other carries double."""
    left = min((reading.runtime for reading in feeds.values() if reading.runtime is not None), default=None)
    low = any("LB" in reading.flags for reading in feeds.values())
    if low or seconds >= limits.stopped_after or (left is not None and left <= limits.needed):
        return Stage.STOPPED
    if seconds >= limits.quiet_after or (left is not None and left <= limits.needed + limits.quiet_after):
        return Stage.QUIET
    return Stage.TOLD if seconds >= limits.told_after else Stage.MAINS


def read(feeds: list[dict[str, str]]) -> dict[str, Reading]:
    """Ask upsd about this host's feeds; one that does not answer is silent."""
    found = {}
    for feed in feeds:
        try:
            with Client(feed["server"], timeout=3.0) as client:
                values = client.variables(feed["unit"])
        except UpsError:
            values = {}
        runtime = values.get("battery.runtime", "")
        known = runtime.replace(".", "", 1).isdigit()
        found[feed["unit"]] = Reading(
            frozenset(values.get("ups.status", "").split()), float(runtime) if known else None
        )
    return found


class Host:
    """Does what the stages ask of this host, and undoes it when the mains are back."""

    def __init__(self, config: Mapping[str, Any], run: Callable[[list[str]], int], clock: Callable[[], float]) -> None:
        self.config, self.run, self.clock = config, run, clock
        self.memory = Path(config["memory"])
        kept = json.loads(self.memory.read_text(encoding="utf-8")) if self.memory.exists() else {}
        self.stopped: list[list[str]] = kept.get("stopped", [])
        self.quiet: list[str] = kept.get("quiet", [])

    @property
    def state(self) -> State:
        """Where this host was when its watcher was stopped: a watcher that starts again must start things again."""
        if not self.memory.exists():
            return State()
        return State(Stage.STOPPED if self.stopped else Stage.QUIET, self.clock(), None)

    def remember(self) -> None:
        """Keep what was stopped in a file that a boot forgets."""
        if self.stopped or self.quiet:
            self.memory.parent.mkdir(parents=True, exist_ok=True)
            self.memory.write_text(json.dumps({"stopped": self.stopped, "quiet": self.quiet}), encoding="utf-8")
        else:
            self.memory.unlink(missing_ok=True)

    def enter(self, stage: Stage) -> None:
        """What a stage does; each is entered once, and those before it have been."""
        if stage == Stage.QUIET:
            self.quiet = [unit for unit in self.config["quiet"] if self.active(unit)]
            self.remember()
            self.stop(self.quiet)
            for argv in self.config["settle"]:
                self.run(argv)
        elif stage == Stage.STOPPED:
            groups = [[unit for unit in group if self.active(unit)] for group in self.config["services"]]
            self.stopped = [group for group in groups if group]
            self.remember()
            self.wait(self.idle)
            for group in self.stopped:
                self.stop(group)

    def mains(self) -> None:
        """Start again what was stopped here and nothing else, after what it needs answers."""
        if self.stopped:
            self.wait(self.needed)
        for group in reversed(self.stopped):
            self.run(["systemctl", "start", *group])
        for unit in self.quiet:
            self.run(["systemctl", "start", "--no-block", unit])
        self.stopped, self.quiet = [], []
        self.remember()

    def active(self, unit: str) -> bool:
        """Whether a unit runs or is starting now: what somebody had stopped stays stopped."""
        state = f"case $(systemctl show -P ActiveState {unit}) in active|activating|reloading) ;; *) exit 1 ;; esac"
        return self.run(["sh", "-c", state]) == 0

    def stop(self, units: list[str]) -> None:
        """Stop units together: a socket that outlives its service would start it again."""
        if units:
            self.run(["systemctl", "stop", *units])

    def wait(self, ready: Callable[[], bool]) -> None:
        """Until it is so, at most as long as the plan allows: somebody who hangs must not hold everybody."""
        until = self.clock() + float(self.config["patience"])
        while not ready() and self.clock() < until:
            time.sleep(0.5)

    def idle(self) -> bool:
        """Whether nobody from another host uses this host's services any more."""
        return all(
            self.run(["sh", "-c", f"! ss -Htn state established '( sport = :{port} )' | grep -qv 127.0.0.1"]) == 0
            for port in self.config["ports"]
        )

    def needed(self) -> bool:
        """Whether what this host's services need answers."""
        return all(
            self.run(["timeout", "2", "bash", "-c", f"</dev/tcp/{need['address']}/{need['port']}"]) == 0
            for need in self.config["needs"]
        )


def tell(path: Path, stage: Stage) -> None:
    """The stage as a figure for Prometheus, and a mark that the maintenance page looks for."""
    part = path.with_suffix(".part")
    part.write_text(
        "# HELP kura_power_stage 0 mains, 1 told, 2 batch work ended, 3 services stopped.\n"
        f"# TYPE kura_power_stage gauge\nkura_power_stage {int(stage)}\n",
        encoding="ascii",
    )
    part.replace(path)


def mark(path: Path, there: bool) -> None:
    """The file that says: stopped for want of power."""
    if there:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    else:
        path.unlink(missing_ok=True)


def no_way_back(path: Path, readings: Mapping[str, Reading], now: float) -> None:
    """Keep the moment at which the ordered stop began, until it is told that it did not: the power-off counts from it.

    The clock is the host's own since its boot.
    """
    flags = [reading.flags for reading in readings.values() if reading.flags]
    if any("FSD" in each for each in flags):
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{now}\n", encoding="ascii")
    elif flags:
        path.unlink(missing_ok=True)


def stale(flag: Path, readings: Mapping[str, Reading]) -> None:
    """Take away a flag that would make the next ordinary reboot cut the units, and with them everybody.

    NUT sets it only after the forced shutdown, which upsd reports until it ends: while every unit has mains and none
    reports that, somebody left it behind.
    """
    certain = all(reading.carries and "FSD" not in reading.flags for reading in readings.values())
    if readings and certain and flag.exists():
        flag.unlink(missing_ok=True)
        print(f"{flag} was left behind: removed", flush=True)


def command(argv: list[str]) -> int:
    """Run a command, with what it says in the journal; its exit code."""
    return subprocess.run(argv, check=False, stdout=subprocess.DEVNULL).returncode


def main(path: str) -> None:
    """Watch for ever."""
    config = json.loads(Path(path).read_text(encoding="utf-8"))
    limits = Limits(**config["limits"])
    host = Host(config, command, time.monotonic)
    state = host.state
    figure, stopped = Path(config["figure"]), Path(config["mark"])
    mark(stopped, state.stage == Stage.STOPPED)
    tell(figure, state.stage)
    while True:
        readings = read(config["feeds"])
        no_way_back(Path(config["began"]), readings, time.monotonic())
        if config.get("flag"):
            stale(Path(config["flag"]), readings)
        before, state = state.stage, step(state, readings, time.monotonic(), limits)
        for stage in (stage for stage in Stage if before < stage <= state.stage):
            print(f"on battery: {stage.name.lower()}", flush=True)
            mark(stopped, stage == Stage.STOPPED)
            host.enter(stage)
        if state.stage < before:
            print("the mains are back", flush=True)
            host.mains()
            mark(stopped, False)
        if state.stage != before:
            tell(figure, state.stage)
        time.sleep(POLL_SECONDS)


if __name__ == "__main__":
    main(sys.argv[1])
