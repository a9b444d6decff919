"""The boot nurse: when it looks, whom it wakes, and what it sends."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import inventory
from inventory import load, schema
from ups import nurse, nut, plan, upkeep
from ups.gate import Battery
from ups.nurse import Patient, Watch

SITE = load("nagano")
READER = SITE.host(SITE.power.units[0].read_by)
LIMITS = {"after": 300.0, "again": 300.0, "tries": 5}
MAINS, BATTERY = [Battery("OL", 100)], [Battery("OB DISCHRG", 60)]


def test_it_looks_for_a_while_after_each_time_on_battery_and_at_no_other_time() -> None:
    state = nurse.watch(Watch(), MAINS, 100, 3600)
    assert state == Watch()
    state = nurse.watch(state, BATTERY, 200, 3600)
    assert state.on_battery
    state = nurse.watch(state, [Battery()], 300, 3600)
    assert state.on_battery, "silence does not end an outage"
    state = nurse.watch(state, MAINS, 1000, 3600)
    assert state == Watch(4600, False)
    assert nurse.watch(state, MAINS, 2000, 3600) == state, "it does not look for ever"


def test_a_cut_that_takes_the_nurse_down_is_remembered_and_an_ordinary_restart_is_none(tmp_path: Path) -> None:
    memory = tmp_path / "nurse" / "looking"
    nurse.remember(memory, Watch(), 100)
    assert not memory.exists()
    nurse.remember(memory, nurse.watch(Watch(), BATTERY, 100, 3600), 100)
    assert memory.exists()
    back = Watch(until=3600)
    nurse.remember(memory, back, 3599)
    assert memory.exists()
    nurse.remember(memory, back, 3600)
    assert not memory.exists()


def looks(rows: list[tuple[bool, bool]], every: float = 5.0) -> list[float]:
    """The moments at which a host is woken that is (up, allowed) at each look."""
    patient, woken = Patient(), []
    for number, (up, allowed) in enumerate(rows):
        patient, act = nurse.due(patient, up=up, allowed=allowed, now=number * every, limits=LIMITS)
        woken += [number * every] if act else []
    return woken


def test_a_host_that_stays_off_is_woken_after_its_time_and_again_but_not_for_ever() -> None:
    assert looks([(False, True)] * 1000) == [300, 600, 900, 1200, 1500]


def test_a_host_that_comes_up_by_itself_is_left_alone() -> None:
    assert looks([(False, True)] * 59 + [(True, True)] * 100) == []


def test_time_on_battery_does_not_count() -> None:
    assert looks([(False, True)] * 50 + [(False, False)] + [(False, True)] * 61)[0] == 51 * 5 + 300


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=400))
def test_nobody_is_woken_who_is_up_or_while_it_is_not_allowed(rows: list[tuple[bool, bool]]) -> None:
    for moment in looks(rows):
        at = int(moment / 5)
        assert rows[at] == (False, True)
        assert all(row == (False, True) for row in rows[at - 60 : at + 1]), "off with good mains for all of its time"


def test_the_packet_carries_the_cards_address_sixteen_times_and_goes_to_the_hosts_own_network() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as card:
        card.bind(("127.0.0.1", 0))
        card.settimeout(5)
        port = card.getsockname()[1]
        how = {"by": "wol", "mac": "02:4b:75:72:61:01", "broadcast": "127.0.0.1"}
        original, nurse.WAKE_PORT = nurse.WAKE_PORT, port
        try:
            nurse.wake(how, lambda argv: 0)
        finally:
            nurse.WAKE_PORT = original
        packet = card.recv(1024)
    assert packet == b"\xff" * 6 + bytes.fromhex("024b75726101") * 16


def test_a_controller_is_asked_with_the_password_in_a_file(tmp_path: Path) -> None:
    asked: list[list[str]] = []
    nurse.wake({"by": "ipmi", "address": "10.0.0.9"}, lambda argv: asked.append(argv) or 0)  # type: ignore[func-returns-value]
    assert asked == [
        ["ipmitool", "-I", "lanplus", "-H", "10.0.0.9", "-U", "kura", "-f", "/etc/kura/ipmi", "chassis", "power", "on"]
    ]


def test_a_host_is_up_that_upsd_knows_or_that_answers() -> None:
    hosts = [{"name": name, "address": name} for name in ("a", "b", "c")]
    assert nurse.present(hosts, {"a"}, lambda argv: 0 if argv[-1] == "b" else 1) == {"a", "b"}


def test_a_command_that_is_not_installed_is_a_failure_and_no_end() -> None:
    assert nurse.command(["no-such-command-here"]) == 127


def test_the_nurse_knows_every_fed_host_but_her_own_those_first_that_others_need() -> None:
    config = upkeep.nurse(SITE, READER, lab=False)
    names = [host["name"] for host in config["hosts"]]
    assert set(names) == {host.name for host in plan.fed(SITE)} - {READER.name}
    assert names.index("db1") < names.index("app1")
    assert config["after"] == SITE.power.wake_after_minutes * 60
    for host in config["hosts"]:
        zone = SITE.zone_network(SITE.host(host["name"]).zone)
        assert host["wake"]["broadcast"] == str(zone.broadcast_address)


def test_a_host_with_a_controller_is_switched_on_over_it() -> None:
    host = SITE.host("db1")
    row = schema.Wake.model_validate({"by": "ipmi", "address": "10.24.0.50"})
    assert upkeep.wake_by(SITE, host, row) == {"by": "ipmi", "address": "10.24.0.50"}


def test_controllers_are_used_where_the_inventory_has_some_and_by_the_reader_alone(tmp_path: Path) -> None:
    assert not any(upkeep.over_ipmi(SITE, host) for host in SITE.hosts)
    shutil.copytree(Path(inventory.__file__).parent / "nagano", tmp_path / "nagano")
    hosts = tmp_path / "nagano" / "hosts.yml"
    text = hosts.read_text("utf-8")
    hosts.write_text(text.replace('{by: wol, mac: "02:4b:75:72:61:02"}', "{by: ipmi, address: 10.90.2.11}"), "utf-8")
    other = load(tmp_path / "nagano")
    assert [host.name for host in other.hosts if upkeep.over_ipmi(other, host)] == [READER.name]
    wakes = {host["name"]: host["wake"] for host in upkeep.nurse(other, other.host(READER.name), lab=False)["hosts"]}
    assert wakes["db1"] == {"by": "ipmi", "address": "10.90.2.11"}


def test_attempts_are_measured(tmp_path: Path) -> None:
    nurse.tell(tmp_path / "nurse.prom", {"db1": Patient(0, 2, 600), "app1": Patient()})
    assert (tmp_path / "nurse.prom").read_text().splitlines()[2:] == [
        'kura_boot_nurse_tries{patient="app1"} 0',
        'kura_boot_nurse_tries{patient="db1"} 2',
    ]


@pytest.mark.parametrize("name", ["nagano", "small"])
def test_every_reader_gets_a_nurse(name: str) -> None:
    site = load(name)
    for unit in site.power.units:
        reader = site.host(unit.read_by)
        assert upkeep.NURSE in upkeep.files(site, reader, secret="x")
        assert nut.unit_ids(site, reader)
