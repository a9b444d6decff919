"""The installer refuses the wrong machine and disks that hold something. `./kura drill metal` installs a machine."""

from __future__ import annotations

import json
import os

import pytest

from disks import build, install, layout
from disks.command import Refused
from disks.tests.sysfs import MD, Laid
from inventory.schema import Disk


@pytest.fixture
def laid(tmp_path, monkeypatch):
    """A machine with two cards and three disks, and programs that write down how they were called."""
    machine = Laid(tmp_path / "root")
    for name, address in (("eno1", "02:00:00:00:00:01"), ("eno2", "02:00:00:00:00:02"), ("lo", "00:00:00:00:00:00")):
        machine.put(f"/sys/class/net/{name}/address", address)
    for program in ("mdadm", "wipefs", "dmsetup", "sfdisk", "cryptsetup", "mkfs.ext4"):
        path = tmp_path / program
        path.write_text(
            f'#!/bin/sh\necho {program} "$@" >> {tmp_path}/calls\ncat {tmp_path}/{program}.says 2>/dev/null\nexit 0\n'
        )
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    machine.calls = tmp_path / "calls"
    return machine


def rows(*given):
    return json.loads(layout.document(layout.of_rows(given)))["arrays"]


BOOT = Disk(use="boot", raid=1, count=2, size_gb=100)
DATA = Disk(use="data", raid=5, count=3, size_gb=100, mount="/srv/x", encrypted=True)


def test_a_machine_with_the_host_s_cards_is_the_host(laid):
    install.check_identity(laid, "db1", {"data": "02:00:00:00:00:01", "manage": "02:00:00:00:00:02"})


def test_another_machine_is_refused_with_the_cards_that_are_here(laid):
    with pytest.raises(Refused) as refused:
        install.check_identity(laid, "db1", {"data": "02:00:00:00:00:01", "manage": "02:00:00:00:00:99"})
    assert str(refused.value) == (
        "this machine is not db1: its ports manage (02:00:00:00:00:99) are not here, "
        "but eno1 02:00:00:00:00:01, eno2 02:00:00:00:00:02"
    )


def test_a_host_without_a_disk_to_start_from_is_refused_before_anything_is_touched(laid):
    with pytest.raises(Refused, match="no disk to start from"):
        install.install(laid, {"host": "db1", "ports": {}}, laid.rows["arrays"], "kura.erase=db1")
    assert not laid.calls.exists()


def test_the_disks_that_are_here_are_told_as_the_inventory_wants_them(laid):
    assert install.inside(laid)[0] == "  sda: bay bay-0, 2 GB, serial SERIAL0"
    assert len(install.inside(laid)) == 3


def test_an_empty_slot_keeps_every_disk_from_being_erased(laid):
    laid.pulled("sdb")
    with pytest.raises(Refused, match="not every slot has a disk; nothing was erased"):
        install.erase(laid, laid.rows["arrays"])
    assert not laid.calls.exists()


def test_erasing_stops_what_uses_the_disks_before_it_wipes_them(laid):
    laid.put("/sys/block/dm-0/dm/name", "srv-x")
    install.erase(laid, laid.rows["arrays"])
    calls = laid.calls.read_text().splitlines()
    assert calls[:2] == ["dmsetup remove srv-x", f"mdadm --stop /dev/{MD}"]
    assert [line.split()[-1] for line in calls[2:]] == [
        *("/dev/sda1", "/dev/sda", "/dev/sdb1", "/dev/sdb", "/dev/sdc1", "/dev/sdc")
    ]


def test_the_tables_of_an_encrypted_host():
    made = install.tables(rows(BOOT, DATA), "ARRAY /dev/md/boot UUID=1\n", {"boot": "AA", "srv-x": "BB"})
    assert made["etc/fstab"].splitlines() == [
        "UUID=AA / ext4 errors=remount-ro 0 1",
        f"/dev/mapper/srv-x /srv/x ext4 {install.DATA_OPTIONS} 0 2",
    ]
    assert {"nofail", "x-systemd.before=local-fs.target"} <= set(install.DATA_OPTIONS.split(","))
    assert made["etc/crypttab"] == "srv-x /dev/md/srv-x /etc/kura/luks/srv-x.key luks,nofail\n"
    assert made["etc/mdadm/mdadm.conf"].endswith("ARRAY /dev/md/boot UUID=1\n")


def test_the_tables_of_a_host_whose_data_are_not_encrypted():
    plain = DATA.model_copy(update={"encrypted": False})
    made = install.tables(rows(BOOT, plain), "", {"boot": "AA", "srv-x": "BB"})
    assert made["etc/fstab"].splitlines()[1].startswith("UUID=BB /srv/x ext4 ")
    assert made["etc/crypttab"] == ""


def test_an_encrypted_array_whose_key_is_lost_is_left_alone(laid, tmp_path):
    row = {**laid.rows["arrays"][0], "encrypted": True, "device": "/nowhere/srv-x"}
    (tmp_path / "wipefs.says").write_text("crypto_LUKS\n")
    with pytest.raises(Refused, match=r"is encrypted, and its key .*srv-x.key is not there"):
        build.reopen(laid, row, tmp_path / "keys")
    assert [line for line in laid.calls.read_text().splitlines() if not line.startswith("wipefs --noheadings")] == []


def test_an_array_that_is_there_keeps_its_data(laid, tmp_path):
    (tmp_path / "wipefs.says").write_text("ext4\n")
    build.reopen(laid, laid.rows["arrays"][0], tmp_path / "keys")
    assert "mkfs" not in laid.calls.read_text()
