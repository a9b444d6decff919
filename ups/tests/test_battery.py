"""Battery tests: when one may run, what its end means, and what is kept of it, over the protocol."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from inventory import load
from ups import battery, nut, staging, upkeep
from ups.exporter import UpsCollector
from ups.tests.conftest import Talk, Upsd

SITE = load("nagano")
SECRET = "test-secret"
QUIET = {"ups.status": "OL", "battery.charge": "100", "battery.runtime": "900"}


def test_a_quiet_day_is_one_on_which_every_unit_is_well() -> None:
    assert battery.disturbances({"ups-a": QUIET, "ups-b": {"ups.status": "OL CHRG"}}, 525) == []


@pytest.mark.parametrize(
    ("odd", "why"),
    [
        (None, "ups-b does not answer"),
        ({**QUIET, "ups.status": "OB DISCHRG"}, "ups-b is OB DISCHRG"),
        ({**QUIET, "ups.status": "OL CAL"}, "ups-b is OL CAL"),
        ({**QUIET, "ups.status": "FSD OL"}, "ups-b is FSD OL"),
        ({**QUIET, "ups.status": ""}, "ups-b is silent"),
        ({**QUIET, "battery.charge": "89"}, "ups-b is charged to 89 % only"),
        ({**QUIET, "battery.runtime": "524"}, "ups-b carries 524 s, less than the 525 s of an ordered stop"),
    ],
)
def test_no_battery_is_tested_while_any_unit_is_not_well(odd, why: str) -> None:
    """Case 10 of the power plan: calibration and tests never meet an outage, a drained battery or a silent card."""
    assert battery.disturbances({"ups-a": QUIET, "ups-b": odd}, 525) == [why]


@given(st.lists(st.sampled_from(["OL", "OB", "LB", "FSD", "CAL", "OFF", "BYPASS", "TEST", "OVER"]), min_size=1))
def test_nothing_but_plain_mains_is_quiet(flags: list[str]) -> None:
    quiet = battery.disturbances({"a": {**QUIET, "ups.status": " ".join(flags)}}, 0) == []
    assert quiet is (set(flags) == {"OL"})


@given(st.integers(0, 1439), st.integers(0, 1439), st.integers(1, 1439))
def test_a_window_may_pass_midnight(minute: int, begins: int, lasts: int) -> None:
    inside = (minute - begins) % 1440 < lasts
    assert battery.within(minute, [(begins, (begins + lasts) % 1440)]) is inside


@pytest.mark.parametrize(
    ("now", "seen", "passed"),
    [
        ({"ups.status": "OL", "ups.test.result": "Done and passed"}, True, True),
        ({"ups.status": "OL", "ups.test.result": "Done and passed"}, False, None),
        ({"ups.status": "OL", "ups.test.result": "In progress"}, True, None),
        ({"ups.status": "OB DISCHRG", "ups.test.result": "Done and passed"}, True, None),
        ({"ups.status": "OL", "ups.test.result": "Done and error"}, True, False),
        ({"ups.status": "OL", "ups.test.result": "Done and warning"}, True, False),
        ({"ups.status": "OL", "ups.test.result": "Aborted"}, True, False),
        ({"ups.status": "OL RB", "ups.test.result": "Done and passed"}, True, False),
        ({"ups.status": "OL", "ups.test.result": "Done and passed", "ups.test.date": "2026/11/22"}, False, True),
        ({"ups.status": "OL", "ups.test.result": ""}, True, None),
        ({"ups.status": "OL"}, True, True),
        ({"ups.status": "OL"}, False, None),
        ({"ups.status": "OL RB"}, True, False),
        ({"ups.status": "OL ALARM"}, True, False),
        ({"ups.status": "OL LB"}, True, False),
        ({"ups.status": ""}, True, None),
    ],
)
def test_a_test_ends_with_the_units_own_words_and_not_with_those_of_the_last_one(now, seen, passed) -> None:
    before = {"ups.test.result": "Done and passed", "ups.test.date": "2026/11/15"}
    before = before if "ups.test.date" in now else {"ups.test.result": "Done and passed"}
    assert battery.verdict(before, now, seen=seen) is passed


class Unit(Talk):
    """A unit that tests its battery: on battery at first, then it says how it went."""

    def answer(self, line: str) -> list[str]:
        server = self.server
        if line.startswith("LIST CMD"):
            unit = line.split()[2]
            rows = [f"CMD {unit} {name}" for name in server.known]  # type: ignore[attr-defined]
            return [f"BEGIN {line}", *rows, f"END {line}"]
        if line.startswith("LIST VAR"):
            unit = line.split()[2]
            return [f"BEGIN {line}", *(f'VAR {unit} {k} "{v}"' for k, v in self.values(unit).items()), f"END {line}"]
        if line.startswith("INSTCMD"):
            server.told.append(line)  # type: ignore[attr-defined]
            return ["OK"]
        return super().answer(line)

    def values(self, unit: str) -> dict[str, str]:
        told = [line for line in self.server.told if f" {unit} " in line]  # type: ignore[attr-defined]
        if not told:
            return {**QUIET, "ups.test.result": "Done and passed"}
        looks = self.server.looks[unit] = self.server.looks.get(unit, 0) + 1  # type: ignore[attr-defined]
        if looks < 3:
            return {**QUIET, "ups.status": "OB DISCHRG", "ups.test.result": "In progress"}
        return {**QUIET, "battery.charge": "97", "ups.test.result": self.server.ending}  # type: ignore[attr-defined]


@pytest.fixture
def units() -> Iterator[Upsd]:
    with Upsd(("127.0.0.1", 0), Unit) as server:
        server.logins, server.told, server.looks = [], [], {}  # type: ignore[attr-defined]
        server.known, server.ending = [battery.QUICK], "Done and passed"  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def at_work(server: Upsd, folder: Path, *, busy: list[str] | None = None, now: float = 1e9) -> battery.Tester:
    config = upkeep.battery(SITE, SITE.power.units, SECRET) | {
        "port": server.server_address[1], "password": "right", "results": str(folder / "battery.json"),
    }  # fmt: skip
    results = battery.Results(Path(config["results"]))
    return battery.Tester(config, results, lambda: busy or [], lambda: now, lambda seconds: None)


def test_each_unit_is_tested_after_the_other_and_what_it_said_is_kept(units: Upsd, tmp_path: Path) -> None:
    mine = at_work(units, tmp_path)
    assert mine.run(deep=False, now=False) == []
    assert units.told == [f"INSTCMD {unit.id} {battery.QUICK}" for unit in SITE.power.units]  # type: ignore[attr-defined]
    kept = json.loads((tmp_path / "battery.json").read_text())
    assert {unit: (row["passed"], row["said"], row["running"], row["charge"]) for unit, row in kept.items()} == {
        unit.id: (True, "Done and passed", False, 97.0) for unit in SITE.power.units
    }
    assert mine.run(deep=False, now=False) == []
    assert len(units.told) == 2, "a unit is not tested again within the week"  # type: ignore[attr-defined]


def test_a_battery_that_fails_is_kept_as_failed(units: Upsd, tmp_path: Path) -> None:
    units.ending = "Done and error"  # type: ignore[attr-defined]
    mine = at_work(units, tmp_path)
    mine.run(deep=False, now=False)
    assert [row["passed"] for row in mine.results.rows.values()] == [False, False]


def test_while_somebody_is_at_work_nothing_is_tested_and_nothing_counts_as_tested(units: Upsd, tmp_path: Path) -> None:
    mine = at_work(units, tmp_path, busy=["a deployment is under way"])
    assert mine.run(deep=False, now=False) == ["ups-a is not tested now: a deployment is under way"]
    assert (units.told, mine.results.rows) == ([], {})  # type: ignore[attr-defined]


def test_a_unit_that_cannot_test_itself_is_named_and_not_believed(units: Upsd, tmp_path: Path, capsys) -> None:
    units.known = ["load.off"]  # type: ignore[attr-defined]
    mine = at_work(units, tmp_path)
    mine.run(deep=False, now=False)
    assert [row["passed"] for row in mine.results.rows.values()] == [None, None]
    assert "test it by hand" in capsys.readouterr().out


def test_a_deployments_mark_and_the_backups_hours_put_a_test_off(tmp_path: Path, monkeypatch) -> None:
    mark = tmp_path / "deploying"
    config = upkeep.battery(SITE, SITE.power.units, SECRET) | {"mark": str(mark), "busy_units": []}
    sunday = battery.time.strptime("2026-11-22 05:30", "%Y-%m-%d %H:%M")
    night = battery.time.strptime("2026-11-22 02:10", "%Y-%m-%d %H:%M")
    assert battery.busy_here(config, sunday, 1e9) == []
    assert battery.busy_here(config, night, 1e9) == ["these are the backup's hours"]
    mark.touch()
    written = mark.stat().st_mtime
    assert battery.busy_here(config, sunday, written + 60) == ["a deployment is under way"]
    assert battery.busy_here(config, sunday, written + battery.MARK_SECONDS) == []
    monkeypatch.setattr(battery.subprocess, "run", lambda argv, **_: type("Done", (), {"returncode": 0}))
    assert battery.busy_here(config | {"busy_units": ["kura-backup@daily.service"]}, sunday, 1e18) == [
        "kura-backup@daily.service runs"
    ]


def test_the_weekly_test_lies_outside_the_backups_hours_at_every_site() -> None:
    for name in ("nagano", "small"):
        site = load(name)
        hour, minute = map(int, site.power.battery_test.at.split(":"))
        config = upkeep.battery(site, site.power.units, SECRET)
        assert not battery.within(hour * 60 + minute, [tuple(row) for row in config["windows"]])
        when = site.power.battery_test
        assert f"OnCalendar={when.day.capitalize()} *-*-* {when.at}:00\n" in upkeep.timer(site)


def test_the_user_that_tests_batteries_may_do_nothing_else() -> None:
    reader = SITE.host(SITE.power.units[0].read_by)
    users = nut.files(SITE, reader, secret=SECRET)["/etc/nut/upsd.users"]
    block = users[users.index("[battery]") :].split("\n\n")[0].splitlines()[1:]
    assert [line.split("=")[0].strip() for line in block] == ["password", "instcmds", "instcmds", "instcmds"]
    assert all("test.battery." in line for line in block[1:])
    assert nut.password(SECRET, nut.BATTERY_USER) == upkeep.battery(SITE, SITE.power.units, SECRET)["password"]


def test_only_the_reader_looks_after_batteries() -> None:
    given = {host.name: set(upkeep.files(SITE, host, secret=SECRET)) for host in SITE.hosts}
    assert {name for name, paths in given.items() if paths} == {unit.read_by for unit in SITE.power.units}


def exported(folder: Path, results: dict[str, object]) -> Callable[..., float | None]:
    reader = SITE.host(SITE.power.units[0].read_by)
    facts, told = folder / "facts.json", folder / "battery.json"
    value = json.loads(upkeep.files(SITE, reader, secret=SECRET)[upkeep.FACTS]) | {"killpower": [str(folder / "kill")]}
    facts.write_text(json.dumps(value))
    told.write_text(json.dumps(results))
    registry = CollectorRegistry()
    registry.register(UpsCollector("127.0.0.1", ["ups-a"], facts, told))
    return lambda name, **labels: registry.get_sample_value(f"kura_ups_{name}", labels)


@pytest.mark.req("S-HW-005")
def test_planned_replacements_and_the_last_tests_are_measured(tmp_path: Path) -> None:
    value = exported(tmp_path, {"ups-a": {"tested": 5e8, "passed": False, "running": True}})
    for unit in SITE.power.units:
        assert unit.replacement_planned is not None
        midnight = datetime.combine(unit.replacement_planned, datetime.min.time(), UTC).timestamp()
        assert value("battery_replacement_timestamp_seconds", ups=unit.id) == midnight
    assert value("battery_test_timestamp_seconds", ups="ups-a") == 5e8
    assert (value("battery_test_passed", ups="ups-a"), value("battery_test_passed", ups="ups-b")) == (0.0, None)
    assert (value("battery_test_running", ups="ups-a"), value("battery_test_running", ups="ups-b")) == (1.0, 0.0)
    assert value("runtime_needed_seconds") == staging.needed_seconds(SITE)
    assert value("killpower") == 0.0


def test_a_flag_that_would_cut_the_units_is_seen(tmp_path: Path) -> None:
    (tmp_path / "kill").touch()
    assert exported(tmp_path, {})("killpower") == 1.0


def test_a_battery_never_tested_counts_from_its_deployment(tmp_path: Path) -> None:
    value = exported(tmp_path, {})
    assert value("battery_test_timestamp_seconds", ups="ups-a") == (tmp_path / "facts.json").stat().st_mtime
    assert value("battery_test_passed", ups="ups-a") is None
