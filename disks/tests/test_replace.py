"""Replacing refuses what would cost data, and does nothing twice. The drill replaces real members of a real array."""

from __future__ import annotations

import os

import pytest

from disks import replace
from disks.command import Refused
from disks.tests.sysfs import MD, Laid


@pytest.fixture
def laid(tmp_path, monkeypatch):
    """The machine, and stand-ins for mdadm and wipefs that write down how they were called."""
    machine = Laid(tmp_path / "root")
    machine.look()
    for program in ("mdadm", "wipefs", "sfdisk"):
        path = tmp_path / program
        path.write_text(
            f'#!/bin/sh\necho {program} "$@" >> {tmp_path}/calls\ncat {tmp_path}/{program}.says 2>/dev/null\nexit 0\n'
        )
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    machine.calls = tmp_path / "calls"
    machine.wipefs_says = tmp_path / "wipefs.says"
    return machine


def job(laid, slot):
    work = replace.Work(slot, laid.root / "work")
    return replace.Replacement(slot, laid, laid.rows, laid.memory, work)


def test_a_slot_that_is_not_there_is_named_with_those_that_are(laid):
    with pytest.raises(Refused, match="no slot 9; it has 0, 1, 2"):
        job(laid, 9)


def test_a_disk_that_works_is_not_taken_out_by_mistake(laid):
    with pytest.raises(Refused, match=r"slot 1 \(SERIAL1\) works: is this the right slot"):
        job(laid, 1).retire()
    assert not laid.calls.exists()


def test_a_second_disk_is_never_taken_out_of_an_incomplete_raid_5(laid):
    laid.fails("sdb")
    with pytest.raises(Refused, match=r"already lacks slot 1 \(failed\): without slot 2 its data would be lost"):
        job(laid, 2).retire(still_works=True)
    assert not laid.calls.exists()


def test_an_array_that_is_gone_is_a_case_for_restoring(laid):
    laid.path("/dev/md/srv-x").unlink()
    with pytest.raises(Refused, match="a case for restoring"):
        job(laid, 1).retire()


def test_a_dead_disk_is_retired_once_and_the_second_order_changes_nothing(laid):
    laid.fails("sdb")
    laid.out("sdb")  # as mdadm --remove does
    first = job(laid, 1).retire()
    assert first["disk"] == {"serial": "SERIAL1", "model": "MODEL", "device": "sdb"}
    laid.disk_in(1, "sdd", "NEW")
    laid.member("sdd", 1, "in_sync")
    assert job(laid, 1).retire() == first


def test_the_old_disk_pushed_in_again_a_small_one_and_a_full_one_are_not_taken_in(laid):
    laid.fails("sdb")
    laid.out("sdb")
    job(laid, 1).retire()
    with pytest.raises(Refused, match="still holds the old disk SERIAL1"):
        job(laid, 1).adopt()
    laid.pulled("sdb")
    with pytest.raises(Refused, match="no disk is seen in slot 1"):
        job(laid, 1).adopt()
    laid.disk_in(1, "sdd", "SMALL", gib=1)
    with pytest.raises(Refused, match="too small"):
        job(laid, 1).adopt()
    laid.disk_in(1, "sdd", "FULL")
    laid.wipefs_says.write_text("ext4\n")
    with pytest.raises(Refused, match=r"\(FULL\) is not empty \(ext4\): to erase it, add --wipe"):
        job(laid, 1).adopt()
    laid.put("/proc/mounts", "/dev/sdd1 /mnt ext4 rw 0 0")
    with pytest.raises(Refused, match="in use by /mnt: this is not the new disk"):
        job(laid, 1).adopt(wipe=True)
    assert "mdadm /dev/md/srv-x --add" not in laid.calls.read_text()


def test_waiting_ends_with_a_sentence_when_the_new_disk_fails_too(laid):
    laid.fails("sdb")
    with pytest.raises(Refused, match="slot 1 is failed: the rebuild has stopped"):
        job(laid, 1).wait(0)


def test_nothing_is_verified_before_the_array_is_whole_and_nothing_reported_before_it_is_verified(laid):
    laid.fails("sdb")
    with pytest.raises(Refused, match="not whole yet"):
        job(laid, 1).verify(0)
    with pytest.raises(Refused, match="retired, adopted, rebuilt, verified not done yet"):
        job(laid, 1).report()


def test_parity_that_does_not_agree_is_not_called_verified(laid):
    laid.put(f"/sys/block/{MD}/md/mismatch_cnt", "8")

    work = job(laid, 1)
    laid.text = lambda name: "idle" if name.endswith("sync_action") else Laid.text(laid, name)
    with pytest.raises(Refused, match="disagree on 8 sectors"):
        work.verify(0)


def test_a_disk_behind_a_controller_is_told_how_to_be_pulled(laid):
    laid.rows["arrays"][0]["controller"] = "storcli"
    with pytest.raises(Refused, match="controller that rebuilds by itself"):
        job(laid, 1)
