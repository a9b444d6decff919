"""Battery tests: each unit tests its own battery every week, one after the other, and what came out is kept.

Runs by timer on the host that reads the units, standard library alone. A test takes a little from the battery, so it
is put off while anything is not as on a quiet day: a unit off the mains or not charged, a host at work (a deployment,
a backup), the backup's hours. Exit 0: nothing is due any more; 75: put off, the timer's service tries again.
Results stand in `results` (JSON, unit → when, verdict, the unit's own words), which the exporter publishes.

    python3 -m ups.battery /etc/kura/battery.json [--deep] [--now] [--by-hand UNIT passed|failed]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from ups.client import Client, UpsError

DAY = 86400
DUE_AFTER_SECONDS = 6 * DAY
CHARGED_PERCENT = 90.0
PATIENCE_SECONDS = 300.0
DEEP_PATIENCE_SECONDS = 7200.0
PUT_OFF = 75
# Units are back on the mains some seconds before they complain: a good end must last for so many looks.
SETTLED_LOOKS = 5
# A mark older than this was left by a deployment that was cut short.
MARK_SECONDS = 7200
QUIET_FLAGS = {"OL", "CHRG", "RB", "TRIM", "BOOST", "HB"}
QUICK, DEEP = "test.battery.start.quick", "test.battery.start.deep"

Variables = Mapping[str, str]


def disturbances(units: Mapping[str, Variables | None], needed: float) -> list[str]:
    """Why no battery may be tested now, from what all units report. Pure.

    One feed carries the load while the other is tested: all of them must be on mains, charged, and able to carry an
    ordered stop (`needed` seconds).
    """
    found = []
    for unit, values in units.items():
        if values is None:
            found.append(f"{unit} does not answer")
            continue
        odd = sorted(set(values.get("ups.status", "").split()) - QUIET_FLAGS)
        if odd or "OL" not in values.get("ups.status", "").split():
            found.append(f"{unit} is {values.get('ups.status') or 'silent'}")
        charge, runtime = number(values, "battery.charge"), number(values, "battery.runtime")
        if charge is not None and charge < CHARGED_PERCENT:
            found.append(f"{unit} is charged to {charge:.0f} % only")
        if runtime is not None and runtime < needed:
            found.append(f"{unit} carries {runtime:.0f} s, less than the {needed:.0f} s of an ordered stop")
    return found


def within(minute: int, windows: Iterable[tuple[int, int]]) -> bool:
    """Whether a minute of the day lies in one of the windows (from, until); a window may pass midnight. Pure."""
    return any(begin <= minute < end if begin <= end else minute >= begin or minute < end for begin, end in windows)


def verdict(before: Variables, now: Variables, *, seen: bool) -> bool | None:
    """Whether a test has passed (True) or not (False); None while it is under way. Pure.

    `before` is what the unit said when this test began: many units go on telling of the last one for a while, and
    only after the test was `seen` under way are the same words about this one.
    """
    said = now.get("ups.test.result", "")
    if under_way(now):
        return None
    flags = set(now.get("ups.status", "").split())
    if "ups.test.result" not in now:  # many units tell no verdict: they end on mains, and complain when it was bad
        return not {"RB", "LB", "ALARM"} & flags if seen and "OL" in flags else None
    same = said == before.get("ups.test.result", "") and now.get("ups.test.date") == before.get("ups.test.date")
    if not said or (same and not seen):
        return None
    words = said.lower()
    if "RB" in flags:
        return False
    if "pass" in words or words in ("ok", "good"):
        return True
    return False if any(word in words for word in ("fail", "error", "warning", "abort", "bad")) else None


def under_way(now: Variables) -> bool:
    """Whether a unit is testing its battery. Pure."""
    running = {"CAL", "TEST", "OB"} & set(now.get("ups.status", "").split())
    return bool(running) or "progress" in now.get("ups.test.result", "").lower()


def number(values: Variables, name: str) -> float | None:
    """A variable as a number, or None where the unit does not tell it."""
    try:
        return float(values[name])
    except (KeyError, ValueError):
        return None


class Results:
    """What the tests said, in a file that anybody may read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: dict[str, dict[str, Any]] = json.loads(path.read_text("utf-8")) if path.exists() else {}

    def keep(self, unit: str, **values: object) -> None:
        """Remember something about a unit's test, at once and whole."""
        self.rows[unit] = self.rows.get(unit, {}) | values
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_suffix(".part")
        part.write_text(json.dumps(self.rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        part.chmod(0o644)
        part.replace(self.path)

    def due(self, unit: str, now: float) -> bool:
        """Whether a unit's last test is so long ago that another one is due."""
        return now - float(self.rows.get(unit, {}).get("tested", 0)) > DUE_AFTER_SECONDS


class Tester:
    """Tests units over one upsd."""

    def __init__(
        self,
        config: Mapping[str, Any],
        results: Results,
        busy: Callable[[], list[str]],
        clock: Callable[[], float] = time.time,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.config, self.results, self.busy, self.clock, self.pause = config, results, busy, clock, pause

    def client(self) -> Client:
        """A connection to upsd. UpsError."""
        return Client(self.config["server"], int(self.config["port"]))

    def look(self) -> dict[str, Variables | None]:
        """Unit → variables now; None for one that does not answer."""
        found: dict[str, Variables | None] = dict.fromkeys(self.config["units"])
        try:
            with self.client() as client:
                for unit in found:
                    try:
                        found[unit] = client.variables(unit)
                    except UpsError:
                        found[unit] = None
        except UpsError:
            pass
        return found

    def run(self, *, deep: bool, now: bool) -> list[str]:
        """Test what is due (all units with `now`), one after the other; returns why something was put off."""
        for unit in self.config["units"]:
            if not now and not self.results.due(unit, self.clock()):
                continue
            reasons = disturbances(self.look(), float(self.config["needed"])) + self.busy()
            if reasons:
                return [f"{unit} is not tested now: {reason}" for reason in reasons]
            try:
                self.test(unit, DEEP if deep else QUICK)
            except UpsError as error:
                self.results.keep(unit, tried=self.clock(), passed=None, said=str(error), running=False)
                print(f"{unit}: {error}", flush=True)
        return []

    def test(self, unit: str, command: str) -> None:
        """One test to its end. UpsError when the unit has no such test or refuses it."""
        with self.client() as client:
            before = dict(client.variables(unit))
            if command not in client.commands(unit):
                raise UpsError(f"it has no {command}: test it by hand and record it with --by-hand")
            self.results.keep(unit, started=self.clock(), running=True, command=command)
            try:
                client.instant(unit, command, self.config["user"], self.config["password"])
            except UpsError:
                self.results.keep(unit, running=False)
                raise
        print(f"{unit}: {command}", flush=True)
        passed, values = self.wait(unit, before, DEEP_PATIENCE_SECONDS if command == DEEP else PATIENCE_SECONDS)
        self.results.keep(
            unit,
            tested=self.clock(),
            passed=passed,
            said=values.get("ups.test.result", "") or "the unit did not say how it ended",
            running=False,
            charge=number(values, "battery.charge"),
            runtime=number(values, "battery.runtime"),
            replace="RB" in values.get("ups.status", "").split(),
        )
        print(f"{unit}: {self.results.rows[unit]['said']}", flush=True)

    def wait(self, unit: str, before: Variables, patience: float) -> tuple[bool | None, Variables]:
        """The verdict and the last values; None when the unit has said nothing in time."""
        ends, seen, good, values = self.clock() + patience, False, 0, dict(before)
        while self.clock() < ends:
            self.pause(1.0)
            current = self.look().get(unit)
            if current is None:
                continue  # some cards are away for a moment during a test
            values = dict(current)
            seen = seen or under_way(values)
            passed = verdict(before, values, seen=seen)
            good = good + 1 if passed else 0
            if passed is False or good > SETTLED_LOOKS:
                return passed, values
        return None, values


def busy_here(config: Mapping[str, Any], now: time.struct_time, clock: float) -> list[str]:
    """Why this host or this hour is no quiet one: a deployment's mark, a running backup, the backup's hours."""
    found = []
    mark = Path(config["mark"])
    if mark.exists() and clock - mark.stat().st_mtime < MARK_SECONDS:
        found.append("a deployment is under way")
    for unit in config["busy_units"]:
        done = subprocess.run(["systemctl", "is-active", "--quiet", unit], check=False)
        if done.returncode == 0:
            found.append(f"{unit} runs")
    if within(now.tm_hour * 60 + now.tm_min, [tuple(row) for row in config["windows"]]):
        found.append("these are the backup's hours")
    return found


def main() -> int:
    """Test what is due; 75 when that had to be put off."""
    parser = argparse.ArgumentParser(description="Test the UPS units' batteries")
    parser.add_argument("config", type=Path)
    parser.add_argument("--deep", action="store_true", help="a long test, by a person who stays with it")
    parser.add_argument("--now", action="store_true", help="also units whose test is not due yet")
    parser.add_argument("--by-hand", nargs=2, metavar=("UNIT", "VERDICT"), help="record a test made at the unit itself")
    options = parser.parse_args()
    config = json.loads(options.config.read_text(encoding="utf-8"))
    results = Results(Path(config["results"]))
    if options.by_hand:
        unit, said = options.by_hand
        if unit not in config["units"] or said not in ("passed", "failed"):
            parser.error(f"--by-hand takes one of {' '.join(config['units'])}, then passed or failed")
        results.keep(unit, tested=time.time(), passed=said == "passed", said=f"by hand: {said}", running=False)
        return 0
    tester = Tester(config, results, lambda: busy_here(config, time.localtime(), time.time()))
    reasons = tester.run(deep=options.deep, now=options.now)
    for reason in reasons:
        print(reason, file=sys.stderr)
    return PUT_OFF if reasons else 0


if __name__ == "__main__":
    sys.exit(main())
