"""The virtual machine: commands, disks that die, are pulled and replaced, and nothing left afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab import paths, vm
from lab.shell import LabError


@pytest.fixture(scope="module")
def machine():
    with vm.machine({"one": vm.Disk(16, "S-ONE"), "two": vm.Disk(16, "S-TWO")}, lambda _: None) as running:
        yield running


def read(machine: vm.Machine, disk: str) -> int:
    return machine.shell(f"dd if=/dev/{machine.device(disk)} of=/dev/null bs=4k count=4 iflag=direct")[0]


def test_disks_have_their_sizes_and_serial_numbers(machine):
    device = machine.device("two")
    assert machine.shell(f"cat /sys/block/{device}/size /sys/block/{device}/serial") == (0, "32768\nS-TWO")


def test_a_command_that_fails_says_so_and_one_that_never_ends_is_named(machine):
    assert machine.shell("echo no >&2; exit 3") == (3, "no\n")
    with pytest.raises(LabError, match="still at: sleep 60"):
        machine.shell("sleep 60", patience=0.2)


def test_a_dead_disk_answers_nothing_and_its_neighbour_everything_until_a_new_one_is_in_its_bay(machine):
    device = machine.device("one")
    assert read(machine, "one") == read(machine, "two") == 0
    machine.kill("one")
    assert read(machine, "one") != 0
    assert read(machine, "two") == 0
    machine.pull("one")
    assert machine.shell(f"test -e /sys/block/{device}")[0] == 1
    machine.insert("one", "three", vm.Disk(16, "S-THREE"))
    assert machine.device("three") == device
    assert machine.shell(f"cat /sys/block/{device}/serial") == (0, "S-THREE")
    assert read(machine, "three") == 0


def test_nothing_is_left_of_a_machine():
    with vm.machine({}, lambda _: None) as running:
        root = running.root
        assert root.is_mount()
    assert not root.exists()
    assert str(root) not in Path("/proc/mounts").read_text()
    assert running.process.poll() is not None
    assert root.is_relative_to(paths.cache())
