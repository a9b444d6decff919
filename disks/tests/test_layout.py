"""Rows of hosts.yml become arrays, members, partitions and mount points."""

from __future__ import annotations

import json

import pytest

from disks import layout, partition
from inventory import available, load
from inventory.schema import Disk

NAGANO = load("nagano")


def of(host: str) -> dict[str, layout.Array]:
    return {array.name: array for array in layout.arrays(NAGANO.host(host))}


def test_slots_are_numbered_through_all_rows_of_a_host():
    arrays = of("bak1")
    assert [member.slot for member in arrays["boot"].members] == [0, 1]
    assert [member.slot for member in arrays["srv-borg"].members] == list(range(2, 10))


@pytest.mark.parametrize(
    ("level", "count", "usable", "may_lose"),
    [(1, 2, 100, 1), (1, 3, 100, 2), (5, 4, 300, 1), (6, 6, 400, 2), (10, 4, 200, 1)],
)  # fmt: skip
def test_what_a_level_keeps_and_what_it_survives(level, count, usable, may_lose):
    row = Disk(use="data", raid=level, count=count, size_gb=100, mount="/srv/x")
    host = NAGANO.host("bak1").__class__(**{**vars(NAGANO.host("bak1")), "disks": (row,)})
    (array,) = layout.arrays(host)
    assert (array.usable_gb, array.may_lose) == (usable, may_lose)


def test_every_boot_disk_carries_both_ways_to_start_and_a_data_disk_only_its_member():
    boot, data = of("db1")["boot"], of("db1")["var-lib-postgresql"]
    assert [part.role for part in boot.partitions] == ["esp", "bios", "member"]
    assert [part.role for part in data.partitions] == ["member"]
    assert boot.partitions[-1].mib is None


def test_an_encrypted_array_keeps_its_file_system_behind_the_mapping():
    row = Disk(use="data", raid=5, count=3, size_gb=100, mount="/srv/x", encrypted=True)
    host = NAGANO.host("bak1").__class__(**{**vars(NAGANO.host("bak1")), "disks": (row,)})
    (array,) = layout.arrays(host)
    assert (array.md, array.device) == ("/dev/md/srv-x", "/dev/mapper/srv-x")


def test_the_partition_table_says_sizes_types_and_names_in_order():
    array = json.loads(layout.document(layout.arrays(NAGANO.host("db1"))))["arrays"][0]
    assert partition.script(array["partitions"]).splitlines() == [
        "label: gpt",
        f"size=512MiB, type={layout.ESP}, name=kura-esp",
        f"size=1MiB, type={layout.BIOS_BOOT}, name=kura-bios",
        f"type={layout.RAID_MEMBER}, name=kura-member",
    ]


@pytest.mark.req("S-HW-003")
@pytest.mark.parametrize("name", available())
def test_no_server_keeps_its_data_on_less_than_raid_5_and_none_boots_from_a_single_disk(name):
    servers = [host for host in load(name).hosts if host.hardware is not None]
    assert servers
    for host in servers:
        arrays = layout.arrays(host)
        assert [array.use for array in arrays].count("boot") == 1, host.name
        for array in arrays:
            assert array.may_lose >= 1, host.name
            assert array.use == "boot" or array.level in (5, 6, 10), host.name


def test_the_lab_expects_no_disks_of_its_containers():
    assert json.loads(layout.config(NAGANO, NAGANO.host("db1"), lab=True)) == {"arrays": []}
    assert [row["name"] for row in json.loads(layout.config(NAGANO, NAGANO.host("db1")))["arrays"]] == [
        "boot",
        "var-lib-postgresql",
    ]
