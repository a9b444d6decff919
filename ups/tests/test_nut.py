"""NUT's files: what each host gets, and what it must not get."""

from __future__ import annotations

import json
import re

import pytest

from inventory import load
from ups import nut, plan

SITE = load("nagano")
FED = [host.name for host in plan.fed(SITE)]


def files(name: str, *, lab: bool = False) -> dict[str, str]:
    return nut.files(SITE, SITE.host(name), secret="test-secret", lab=lab)


def setting(text: str, name: str) -> str:
    return re.search(rf"^{name} (.+)$", text, re.M).group(1)  # type: ignore[union-attr]


@pytest.mark.parametrize("name", FED)
def test_every_fed_host_watches_each_of_its_units_and_one_feed_suffices(name: str) -> None:
    text = files(name)["/etc/nut/upsmon.conf"]
    watched = re.findall(r"^MONITOR (\S+)@\S+ 1 \S+ \S+ (primary|secondary)$", text, re.M)
    assert [unit for unit, _ in watched] == SITE.host(name).power.supplies
    assert {role for _, role in watched} == {"primary" if name in plan.readers(SITE) else "secondary"}
    assert setting(text, "MINSUPPLIES") == "1"


def test_hosts_without_a_ups_get_no_nut() -> None:
    assert nut.files(SITE, SITE.host("opac-nagano-1"), secret="x") == {}


def test_a_host_knows_its_own_password_only_and_the_primary_knows_all() -> None:
    passwords = {name: nut.password("test-secret", name) for name in FED}
    assert len(set(passwords.values())) == len(FED)
    for name in FED:
        everything = "".join(files(name).values())
        known = {other for other, password in passwords.items() if password in everything}
        assert known == (set(FED) if name in plan.readers(SITE) else {name})


def test_the_drills_user_and_simulated_units_exist_in_the_lab_alone() -> None:
    assert "[drill]" not in files("gw1")["/etc/nut/upsd.users"]
    assert "dummy" not in files("gw1")["/etc/nut/ups.conf"]
    assert "driver = usbhid-ups" in files("gw1")["/etc/nut/ups.conf"]
    assert "driver = dummy-ups" in files("gw1", lab=True)["/etc/nut/ups.conf"]
    assert "ups.status: OL" in files("gw1", lab=True)["/etc/nut/ups-a.dev"]


def test_a_units_serial_number_tells_it_from_its_neighbour_on_usb() -> None:
    units = tuple(unit.model_copy(update={"serial": f"SN-{unit.id}"}) for unit in SITE.power.units)
    text = nut.ups_conf(SITE, units, lab=False)
    assert re.findall(r"\[(.+)\]|serial = \"(.+)\"", text) == [
        ("ups-a", ""),
        ("", "SN-ups-a"),
        ("ups-b", ""),
        ("", "SN-ups-b"),
    ]


def test_the_low_battery_mark_leaves_time_for_the_whole_ordered_stop() -> None:
    marks = re.findall(r"override.battery.runtime.low = (\d+)", files("gw1")["/etc/nut/ups.conf"])
    assert [int(mark) for mark in marks] == [plan.total_seconds(SITE)] * len(SITE.power.units)


def test_the_primary_waits_for_all_others_and_longer_than_any_secondary_hesitates() -> None:
    primary = files("gw1")["/etc/nut/upsmon.conf"]
    last = plan.steps(SITE)[-2].ends
    assert int(setting(primary, "HOSTSYNC")) >= last
    for name in FED:
        text = files(name)["/etc/nut/upsmon.conf"]
        assert int(setting(text, "FINALDELAY")) < int(setting(primary, "HOSTSYNC"))
        assert int(setting(text, "DEADTIME")) >= 3 * max(
            int(setting(text, "POLLFREQ")), int(setting(text, "POLLFREQALERT"))
        )


def test_the_killpower_flag_does_not_survive_a_reboot() -> None:
    assert setting(files("gw1")["/etc/nut/upsmon.conf"], "POWERDOWNFLAG").startswith("/run/")


@pytest.mark.parametrize("site", [SITE, load("small")], ids=lambda site: site.name)
def test_the_primary_starts_again_when_no_unit_has_cut_its_power_and_everybody_is_back_in_time(site) -> None:
    reader = site.host(site.power.units[0].read_by)
    conf = nut.files(site, reader, secret="x")["/etc/nut/nut.conf"]
    wait = int(re.search(r"^POWEROFF_WAIT=(\d+)$", conf, re.M).group(1))
    assert wait >= 300  # a unit that does cut has done so by then
    assert wait + site.power.wake_after_minutes * 60 < plan.RETURN_REQUIRED_SECONDS
    assert "POWEROFF_WAIT" not in nut.files(site, reader, secret="x", lab=True)["/etc/nut/nut.conf"]
    for other in plan.fed(site):
        if other != reader:
            assert "POWEROFF_WAIT" not in nut.files(site, other, secret="x")["/etc/nut/nut.conf"]


@pytest.mark.parametrize("name", FED)
def test_the_power_off_waits_for_exactly_the_hosts_of_earlier_steps(name: str) -> None:
    config = json.loads(files(name)["/etc/kura/poweroff.json"])
    waited = [host for step in config["wait"] for host in step["hosts"]]
    position = [name in step.hosts for step in plan.steps(SITE)].index(True)
    assert waited == [host for step in plan.steps(SITE)[:position] for host in step.hosts]


def test_the_same_inventory_gives_the_same_text() -> None:
    assert files("gw1", lab=True) == files("gw1", lab=True)
