"""Power over the real NUT daemons and hosts: what must not stop anybody, and the ordered stop with the way back."""

from __future__ import annotations

import json
import time

import pytest

from monitoring.evidence import read
from tests.twin.verbs import figures, kura
from ups import drill, nut, plan, staging


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


def test_every_timer_of_a_host_ends_on_battery_with_what_it_starts_or_goes_on_for_a_reason(twin) -> None:
    for name in fed(twin):
        said = twin.run(name, "systemctl list-timers --all --output=json 'kura-*'")
        quiet = set(json.loads(twin.run(name, "cat /etc/kura/power-stages.json").stdout)["quiet"])
        for row in json.loads(said.stdout):
            batch = {row["unit"], row["activates"]} & quiet
            assert batch == ({row["unit"], row["activates"]} if row["unit"] not in staging.NOT_BATCH else set()), name


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


@pytest.mark.parametrize("trace", ["dip", "flap"])
def test_a_cut_that_ends_in_time_costs_no_boot(twin, tmp_path, trace: str) -> None:
    """Cases 1 and 2 of the power plan; in the second the line comes and goes before the mains are back for good."""
    kura("drill", "power", "--trace", trace, "--json", tmp_path / "power.json")
    found = figures(tmp_path / "power.json")
    assert found["power_hosts_rebooted"]["value"] == 0
    if trace == "flap":
        assert found["power_unclean_databases"]["value"] == found["power_flap_starts"]["value"] == 0
        assert found["power_readers_not_told"]["value"] == 0
    assert lends(twin)


@pytest.mark.req("S-HW-007")
def test_a_host_cut_off_on_battery_ends_alone_and_is_switched_on_again_when_the_mains_return(twin, tmp_path) -> None:
    """Case 7 of the power plan, and the boot nurse: its magic packet starts the host, nobody else does."""
    kura("drill", "power", "--trace", "split", "--json", tmp_path / "power.json")
    found = figures(tmp_path / "power.json")
    assert found["power_hosts_not_woken"]["value"] == 0
    assert found["power_hosts_lost"]["value"] == 0
    assert found["power_acts_lost"]["value"] == found["power_acts_doubled"]["value"] == 0
    assert lends(twin)


def test_a_wrong_password_is_an_alarm_and_no_silence(twin) -> None:
    """Case 13: a host that upsd does not know is not counted, and what the alarm measures says so."""
    other = next(name for name in fed(twin) if name not in plan.readers(twin.site))
    reader = twin.site.power.units[0].read_by
    conf = "/etc/nut/upsmon.conf"
    address = str(twin.site.host(other).address)
    unit = twin.site.power.units[0].id
    counted = f"upsc -c {unit} 2>/dev/null | grep -cxF {address}"
    row = twin.site.service("ups").row.metrics
    measured = f"curl -fsS -m 10 http://127.0.0.1:{row.port}{row.path} | grep -F 'kura_ups_login{{client=\"{other}\"'"

    def listens(value: str) -> bool:
        said = twin.run(reader, measured).stdout.splitlines()
        return [line.split()[-1] for line in said if unit in line] == [value]

    assert listens("1.0")
    try:
        broken = f"cp -p {conf} /root/upsmon.conf && sed -i -E 's/^(MONITOR .* {other} )[^ ]+/\\1wrong/' {conf}"
        assert twin.run(other, f"{broken} && systemctl restart nut-monitor").ok
        said = "journalctl -u nut-monitor -b --no-pager | grep -q 'ACCESS-DENIED\\|Access denied'"
        assert drill.wait_for(lambda: twin.run(other, said).ok, 60)
        assert drill.wait_for(lambda: twin.run(reader, counted).stdout.strip() == "0", 60)
        assert listens("0.0")
    finally:
        assert twin.run(other, f"mv /root/upsmon.conf {conf} && systemctl restart nut-monitor").ok
    assert drill.wait_for(lambda: twin.run(reader, counted).stdout.strip() == "1", 60)


# Debian's own last step of a shutdown, with what it would tell units and system written down instead.
HOOK = """
d=$(mktemp -d); cat > $d/nut.conf; : > $d/told
for name in upsdrvctl sleep systemctl; do
  printf '#!/bin/sh\\necho %s "$@" >> %s/told\\n' $name $d > $d/$name; chmod 755 $d/$name
done
unshare --mount sh -c "
  mount --bind $d/nut.conf /etc/nut/nut.conf && mount --bind $d/upsdrvctl /usr/sbin/upsdrvctl &&
  mount --bind $d/sleep /usr/bin/sleep && mount --bind $d/systemctl /usr/bin/systemctl &&
  POWEROFF_QUIET=true /usr/lib/systemd/system-shutdown/nutshutdown >/dev/null 2>&1"
cat $d/told; rm -rf $d
"""


def test_a_flag_left_behind_is_seen_and_taken_away_before_an_ordinary_reboot_could_cut_everybody(twin) -> None:
    """Case 11, and what the true flag does (case 3): it has the units cut, and the primary start again when they do
    not. The stages take one away that nobody stands behind; without them it is measured."""
    row = twin.site.service("ups")
    reader = row.hosts[0].name
    url = f"http://127.0.0.1:{row.row.metrics.port}{row.row.metrics.path}"
    measured = f"curl -fsS -m 10 {url} | grep '^kura_ups_killpower'"
    conf = nut.files(twin.site, twin.site.host(reader), secret="x")["/etc/nut/nut.conf"]
    wait = nut.poweroff_wait_seconds(twin.site)
    assert twin.run(reader, "findmnt -no FSTYPE -T /run/nut").stdout.strip() == "tmpfs"
    try:
        left = f"systemctl stop kura-power-stages && echo upsmon-shutdown-file > {nut.POWERDOWN_FLAG}"
        assert twin.run(reader, left).ok
        assert twin.run(reader, measured).stdout.split() == ["kura_ups_killpower", "1.0"]
        told = twin.run(reader, HOOK, stdin=conf).stdout.splitlines()
        assert told == ["upsdrvctl shutdown", f"sleep {wait}", "systemctl reboot --force --force"]
        assert twin.run(reader, "systemctl start kura-power-stages").ok
        assert drill.wait_for(lambda: not twin.run(reader, f"test -e {nut.POWERDOWN_FLAG}").ok, 60)
    finally:
        assert twin.run(reader, f"rm -f {nut.POWERDOWN_FLAG}; systemctl start kura-power-stages").ok
    assert twin.run(reader, measured).stdout.split() == ["kura_ups_killpower", "0.0"]
    assert twin.run(reader, HOOK, stdin=conf).stdout == ""


def test_after_each_start_the_database_is_looked_at(twin) -> None:
    host = twin.site.service("database").hosts[0].name
    assert twin.run(host, "systemctl is-enabled kura-integrity.service").ok
    before = "stat -c %Y /var/lib/prometheus/node-exporter/kura_integrity.prom 2>/dev/null || echo 0"
    assert twin.run(host, "rm -f /var/lib/prometheus/node-exporter/kura_integrity.prom").ok
    assert twin.run(host, before).stdout.strip() == "0"
    assert twin.run(host, "systemctl start kura-integrity.service").ok
    said = twin.run(host, "cat /var/lib/prometheus/node-exporter/kura_integrity.prom").stdout
    assert 'kura_integrity_errors{database="kura"} 0\n' in said
    assert "kura_integrity_unchecked 0\n" in said


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
        assert "x-kura-reason: power" in done.stdout.lower(), "counters read it from the answer's head"
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


@pytest.mark.req("S-HW-004", "S-HW-007", "S-SEC-004")
def test_on_low_batteries_hosts_stop_in_order_and_the_library_lends_again_when_power_returns(twin, tmp_path) -> None:
    """The slowest test of the twin, as operations start it; afterwards every host runs, whatever happened.

    Counters lend all the while: a hundred acts and more have been answered when the mains fail.
    """
    hosts = fed(twin)
    if not lends(twin):
        pytest.fail("the library does not lend before the drill: deploy first")
    before = read(twin.state, "drill")
    kura("drill", "power", "--by", "小林 直樹", "--json", tmp_path / "power.json")
    assert set(fed(twin)) == set(hosts)
    assert lends(twin)
    record = read(twin.state, "drill")[-1]
    assert len(read(twin.state, "drill")) == len(before) + 1
    assert record.passed
    assert list(record.details["off_seconds"])[-1] in plan.readers(twin.site)
    (reader,) = plan.readers(twin.site)
    last = twin.run(reader, "journalctl -b -1 -u kura-poweroff -o cat --no-pager").stdout
    assert "powering off; the units will be told to cut" in last, "upsmon set the flag before the host went"
    found = figures(tmp_path / "power.json")
    assert found["power_hosts_left_on"]["value"] == found["power_hosts_out_of_order"]["value"] == 0
    assert found["power_unclean_databases"]["value"] == found["power_stops_over_budget"]["value"] == 0
    for name in ("power_to_first_page", "power_to_first_loan"):
        assert 0 < found[name]["value"] <= 1800, name
    assert found["power_acts"]["value"] >= 100
    assert found["power_acts_lost"]["value"] == found["power_acts_doubled"]["value"] == 0
    assert found["power_acts_half_done"]["value"] == 0
    assert found["power_to_library_seconds"]["value"] <= 1800
    assert found["power_integrity_errors"]["value"] == found["power_audit_faults"]["value"] == 0
    assert record.by == "小林 直樹"
    assert all(item.passed for item in record.items)
    assert record.details["procedure"]
    shown = kura("drill", "power", "--show")
    assert f"{record.started.astimezone():%Y-%m-%d} 立会 小林 直樹 結果 良好" in shown
