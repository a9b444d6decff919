"""Power over the real NUT daemons and hosts: what must not stop anybody, and the ordered stop with the way back."""

from __future__ import annotations

import time

import pytest

from monitoring.evidence import read
from tests.twin.verbs import figures, kura
from ups import drill, plan


def status(twin, unit: str, value: str) -> None:
    """Give one simulated unit a status."""
    reader = next(row.read_by for row in twin.site.power.units if row.id == unit)
    done = twin.run(reader, drill.SET_VALUE.format(units=unit, name="ups.status", value=value))
    assert done.ok, done.stdout
    deadline = time.monotonic() + 60
    while twin.run(reader, f"upsc {unit} ups.status 2>/dev/null").stdout.strip() != value:
        assert time.monotonic() < deadline, f"{unit} does not become {value}"
        time.sleep(0.5)


def fed(twin) -> list[str]:
    return [name for name in twin.running() if twin.site.host(name).power.supplies]


def lends(twin) -> bool:
    """Whether the catalogue answers over TLS from the operations zone."""
    name = twin.site.fqdn("opac")
    address = twin.site.service("library").hosts[0].address
    done = twin.inside(
        "operator", "curl", "-fsS", "-m", "10", "-o", "/dev/null", "--cacert", str(twin.state / "ca.crt"),
        "--resolve", f"{name}:443:{address}", f"https://{name}/health",
    )  # fmt: skip
    return done.ok


def test_every_fed_host_is_logged_in_on_both_units(twin) -> None:
    for unit in twin.site.power.units:
        said = twin.run(unit.read_by, f"upsc -c {unit.id} 2>/dev/null").stdout.split()
        expected = {"127.0.0.1" if name == unit.read_by else str(twin.site.host(name).address) for name in fed(twin)}
        assert expected <= set(said), unit.id


def test_the_units_are_measured_on_mains(twin) -> None:
    row = twin.site.service("ups")
    assert row.row.metrics
    url = f"http://{row.hosts[0].address}:{row.row.metrics.port}{row.row.metrics.path}"
    said = twin.run("mon1", f"curl -fsS -m 10 {url}")
    assert said.ok, said.stdout
    for unit in twin.site.power.units:
        assert f'kura_ups_up{{ups="{unit.id}"}} 1.0' in said.stdout
        assert f'kura_ups_status{{status="OL",ups="{unit.id}"}} 1.0' in said.stdout


def test_losing_one_feed_altogether_stops_nobody(twin) -> None:
    """Case 8 of the power plan: one unit at its end, the other healthy; every host has both."""
    unit = twin.site.power.units[0].id
    status(twin, unit, "OB LB")
    try:
        drill.hold(fed(twin), twin.lab)
    finally:
        status(twin, unit, "OL")
    flags = twin.run(twin.site.power.units[0].read_by, f"upsc {unit} ups.status 2>/dev/null").stdout
    assert "FSD" not in flags


def test_nothing_of_nut_is_restarted_while_the_batteries_carry(twin) -> None:
    unit = twin.site.power.units[1].id
    guard = "PYTHONPATH=/usr/local/lib/kura python3 -m ups.client"
    assert twin.run(twin.site.power.units[1].read_by, guard).ok
    status(twin, unit, "OB DISCHRG")
    try:
        refused = twin.run(twin.site.power.units[1].read_by, guard)
        assert refused.rc == 1
        assert f"{unit} is OB" in refused.stdout
    finally:
        status(twin, unit, "OL")


@pytest.mark.parametrize("trace", ["dip", "services", "flap"])
def test_a_cut_that_ends_in_time_costs_no_boot(twin, tmp_path, trace: str) -> None:
    """Cases 1 and 2 of the power plan, and a line that comes and goes."""
    kura("drill", "power", "--trace", trace, "--json", tmp_path / "power.json")
    assert figures(tmp_path / "power.json")["power_hosts_rebooted"]["value"] == 0
    assert lends(twin)


def test_readers_are_told_that_it_is_the_power(twin) -> None:
    assert twin.run("app1", "mkdir -p /run/kura-power && touch /run/kura-power/stopped").ok
    assert twin.run("app1", "systemctl stop kura-library.socket kura-library.service").ok
    name, address = twin.site.fqdn("opac"), twin.site.service("library").hosts[0].address
    try:
        done = twin.inside(
            "operator", "curl", "-sS", "-i", "--data", "q=x", "--cacert", str(twin.state / "ca.crt"),
            "--resolve", f"{name}:443:{address}", f"https://{name}/",
        )  # fmt: skip
        assert " 503" in done.stdout.splitlines()[0]
        assert "停電のため" in done.stdout
    finally:
        assert twin.run(
            "app1", "rm /run/kura-power/stopped; systemctl start kura-library.socket kura-library.service"
        ).ok


def test_a_database_waits_at_boot_until_its_batteries_could_carry_an_ordered_stop(twin) -> None:
    """Case 12 of the power plan: the mains are back, the batteries are empty."""
    site, shell = twin.site, twin.lab.shell
    for name, value in (("battery.charge", "5"), ("battery.runtime", "60")):
        drill.set_value(site, shell, name, value)
    try:
        twin.lab.machine("db1").stop(30)
        twin.lab.start_one("db1")
        twin.lab.wait_ssh(["db1"])
        waits = "systemctl show -P ActiveState kura-boot-gate.service postgresql@17-main.service"
        assert twin.run("db1", waits).stdout.split() == ["activating", "inactive"]
    finally:
        drill.set_value(site, shell, "battery.charge", "100")
        for unit in site.power.units:
            drill.set_value(site, shell, "battery.runtime", str(unit.runtime_minutes * 60), only=unit.id)
    assert drill.wait_for(lambda: lends(twin), 120)


def test_on_low_batteries_hosts_stop_in_order_and_the_library_lends_again_when_power_returns(twin, tmp_path) -> None:
    """The slowest test of the twin, as operations start it; afterwards every host runs, whatever happened."""
    hosts = fed(twin)
    if not lends(twin):
        pytest.fail("the library does not lend before the drill: deploy first")
    before = read(twin.state, "drill")
    kura("drill", "power", "--json", tmp_path / "power.json")
    assert set(fed(twin)) == set(hosts)
    assert lends(twin)
    record = read(twin.state, "drill")[-1]
    assert len(read(twin.state, "drill")) == len(before) + 1
    assert record.passed
    assert list(record.details["off_seconds"])[-1] in plan.readers(twin.site)
    assert figures(tmp_path / "power.json")
