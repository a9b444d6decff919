"""The lab on this machine: real hosts in an instance of their own, and nothing left of them afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import time
from pathlib import Path

import pytest

from inventory import load
from lab import wires
from lab.shell import LabError, run
from lab.twin import Twin

INSTANCE = "klt"


def left_behind() -> dict[str, list[str]]:
    """Whatever on this machine bears the instance's name."""
    mounts = [line for line in Path("/proc/mounts").read_text().splitlines() if f"/{INSTANCE}/" in line]
    return {
        "namespaces": sorted(wires.existing()),
        "mounts": mounts,
        "processes": run(["pgrep", "-af", f"{INSTANCE}-"], check=False).stdout.splitlines(),
        "files": [str(path) for path in Path("/var/lib").glob(INSTANCE)],
        "hosts": [
            line for line in Path("/etc/hosts").read_text().splitlines() if line.startswith(f"# kura {INSTANCE}:")
        ],
    }


def alive(process: int) -> bool:
    """Whether a process runs: one that has ended and that nobody has asked about yet has no command line any more."""
    try:
        return bool(Path(f"/proc/{process}/cmdline").read_bytes())
    except FileNotFoundError:
        return False


@pytest.fixture(scope="module")
def lab(request):
    """gw1 and app1, running."""
    before = {key: os.environ.get(key) for key in ("KURA_INSTANCE", "KURA_STATE")}
    os.environ["KURA_INSTANCE"] = INSTANCE
    os.environ.pop("KURA_STATE", None)
    twin = Twin(load("nagano"))
    twin.down()
    twin.start(["gw1", "app1"], lambda _: None)
    yield twin
    twin.down()
    for key, value in before.items():
        if value is None:
            os.environ.pop(key, None)
        else:
            os.environ[key] = value


def test_a_host_has_the_addresses_of_the_inventory(lab):
    code, out = lab.shell("gw1", "ip -o -4 address show")
    assert code == 0
    for leg, (address, network) in lab.site.legs(lab.site.host("gw1")).items():
        assert f"{leg} " in out
        assert f"{address}/{network.prefixlen}" in out


def test_hosts_reach_each_other_by_their_router(lab):
    code, out = lab.shell("app1", "ping -c1 -W3 10.80.20.1")
    assert code == 0, out


def test_a_cut_wire_is_cut_until_it_is_mended(lab):
    wires.cut("app1", "app")
    assert lab.shell("app1", "ping -c1 -W1 10.80.10.1")[0] != 0
    wires.mend("app1", "app")
    assert lab.shell("app1", "for i in 1 2 3 4 5; do ping -c1 -W1 10.80.10.1 && exit 0; done; exit 1")[0] == 0


def test_a_host_that_outlived_its_keeper_is_ended_before_it_starts_again(lab):
    """Two systems on one disk and one wire: who asks whether the host is off would be answered by the old one."""
    home = lab.machine("app1").home
    keeper = int((home / "pid").read_text())
    container = int(run(["pgrep", "-P", str(keeper), "-x", "systemd-nspawn"]).stdout)
    init = int(run(["pgrep", "-P", str(container)]).stdout)
    for process in (keeper, container):
        os.kill(process, signal.SIGKILL)
    assert lab.machine("app1").wait_off(10)
    assert alive(init), "the host ends with its keeper: this test shows nothing"
    lab.start_one("app1")
    lab.wait_ssh(["app1"])
    assert not alive(init)


def test_a_reboot_keeps_disk_and_wires(lab):
    lab.shell("app1", "echo kept > /root/mark; sync; systemctl reboot")
    deadline = time.monotonic() + 60
    while lab.shell("app1", "test $(cut -d. -f1 /proc/uptime) -ge 0 && systemctl is-active ssh", patience=10)[0]:
        assert time.monotonic() < deadline
        time.sleep(0.5)
    lab.wait_ssh(["app1"])
    assert lab.shell("app1", "cat /root/mark")[1].strip() == "kept"


def test_a_power_cut_gives_no_host_a_word_and_keeps_its_disk(lab):
    lab.shell("app1", "echo written > /root/mark; sync")
    lab.power_cut("app1")
    assert not lab.is_running("app1")
    assert lab.is_running("gw1")
    lab.start_one("app1")
    lab.wait_ssh(["app1"])
    assert lab.shell("app1", "cat /root/mark")[1].strip() == "written"


def test_starting_again_changes_nothing(lab):
    assert lab.start(["gw1", "app1"], lambda _: None) == []


def test_the_niceness_of_services_counts_as_it_does_on_servers(lab):
    setting = Path("/proc/sys/kernel/sched_autogroup_enabled")
    if not setting.exists():
        pytest.skip("this kernel knows no autogroups")
    setting.write_text("1")
    lab.start(["gw1"], lambda _: None)
    assert setting.read_text().strip() == "0"
    servers = Path(__file__).resolve().parents[2] / "roles/base/templates/sysctl.conf.j2"
    assert "\nkernel.sched_autogroup_enabled = 0\n" in servers.read_text()


def test_an_unknown_host_is_named_and_nothing_is_made(lab):
    with pytest.raises(LabError, match="db99: no such host in inventory/nagano"):
        lab.start(["db99"], lambda _: None)


def test_a_host_cut_half_made_is_made_again(lab):
    machine = lab.machine("mon1")
    machine.home.mkdir(parents=True)
    for name in ("root", "upper", "work"):
        (machine.home / name).mkdir()
    shutil.copy(lab.machine("app1").home / "lower", machine.home / "lower")
    machine.mount()
    assert lab.start(["mon1"], lambda _: None) == ["mon1"]
    assert lab.shell("mon1", "hostname")[1].strip() == "mon1"


def test_down_removes_a_host_cut_half_made(lab):
    home = lab.machine("bak1").home
    for name in ("root", "upper", "work"):
        (home / name).mkdir(parents=True)
    shutil.copy(lab.machine("app1").home / "lower", home / "lower")
    lab.machine("bak1").mount()
    lab.down()
    assert not any(f"/{INSTANCE}/" in line for line in Path("/proc/mounts").read_text().splitlines())
    lab.start(["gw1"], lambda _: None)


def test_the_state_of_a_real_site_is_never_erased(lab, monkeypatch, tmp_path):
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/ca.key").write_text("the authority of a real site")
    monkeypatch.setenv("KURA_STATE", str(tmp_path))
    real = Twin(load("nagano"))
    with pytest.raises(LabError, match="state of a real site"):
        real.down()
    with pytest.raises(LabError, match="secrets of a real site"):
        real.start(["gw1"], lambda _: None)
    assert (tmp_path / "secrets/ca.key").exists()


def test_down_leaves_nothing_behind(lab):
    lab.down()
    hosts_before = left_behind().pop("hosts")
    found = left_behind()
    found.pop("hosts")
    assert not any(found.values()), found
    assert left_behind()["hosts"] == hosts_before
