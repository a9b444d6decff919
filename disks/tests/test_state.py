"""What the kernel's files mean, and the metrics that are made of it."""

from __future__ import annotations

import pytest

from disks import exporter, smart, state
from disks.tests.sysfs import MD, Laid


@pytest.fixture
def laid(tmp_path):
    return Laid(tmp_path)


def states(array: state.Array) -> list[str]:
    return [member.state for member in array.members]


def test_a_whole_array_names_every_disk_by_slot_and_serial(laid):
    array = laid.look()
    assert (array.up, array.missing, array.action) == (True, 0, "idle")
    assert [(member.slot, member.disk.device, member.disk.serial) for member in array.members] == [
        (0, "sda", "SERIAL0"), (1, "sdb", "SERIAL1"), (2, "sdc", "SERIAL2"),
    ]  # fmt: skip


def test_a_dead_disk_keeps_its_name_after_it_is_gone_and_after_a_restart_of_the_watch(laid):
    laid.look()
    laid.fails("sdb")
    assert states(laid.look()) == ["active", "failed", "active"]
    laid.out("sdb")
    laid.pulled("sdb")
    laid.memory = state.Memory(laid.memory.path)
    array = laid.look()
    assert states(array) == ["active", "missing", "active"]
    assert (array.member(1).disk.device, array.member(1).disk.serial) == ("", "SERIAL1")
    assert array.up


def test_a_new_disk_rebuilds_and_is_remembered(laid):
    laid.fails("sdb")
    laid.out("sdb")
    laid.disk_in(1, "sdd", "NEW")
    laid.member("sdd", 1, "spare")
    laid.put(f"/sys/block/{MD}/md/sync_action", "recover")
    laid.put(f"/sys/block/{MD}/md/sync_completed", "500 / 2000")
    array = laid.look()
    assert states(array) == ["active", "rebuilding", "active"]
    assert array.progress == 0.25
    assert laid.memory.rows["1"]["serial"] == "NEW"


def test_two_dead_disks_are_too_many_for_raid_5(laid):
    laid.fails("sda")
    laid.fails("sdb")
    laid.put(f"/sys/block/{MD}/md/degraded", "2")
    assert not laid.look().up


def test_an_array_that_is_not_there_is_down_with_all_its_disks_missing(laid):
    laid.path("/dev/md/srv-x").unlink()
    array = laid.look()
    assert not array.up
    assert states(array) == ["missing"] * 3


def test_without_wiring_the_place_in_the_array_is_the_slot_also_of_the_one_that_failed(tmp_path):
    laid = Laid(tmp_path, bays=False)
    assert [member.disk.device for member in laid.look().members] == ["sda", "sdb", "sdc"]
    laid.fails("sdb")
    assert states(laid.look()) == ["active", "failed", "active"]
    assert laid.look().member(1).disk.serial == "SERIAL1"


def test_an_enclosure_tells_which_bay_is_which(tmp_path):
    laid = Laid(tmp_path, bays=False)
    for slot, name in enumerate(("sdc", "sda", "sdb")):
        laid.put(f"/sys/class/enclosure/0:0:8:0/Slot {slot:02}/slot", str(slot))
        laid.put(f"/sys/class/enclosure/0:0:8:0/Slot {slot:02}/device/block/{name}/dev", "")
    assert [member.disk.device for member in laid.look().members] == ["sdc", "sda", "sdb"]


def metrics(laid, tmp_path, health=None):
    watch = exporter.Watch(laid, laid.rows, laid.memory, tmp_path / "kura_disks.prom")
    watch.health = {"sda": health} if health else {}
    text = watch.look(1000.0)
    assert (tmp_path / "kura_disks.prom").read_text(encoding="utf-8") == text
    return text


def test_the_metrics_say_which_disk_failed(laid, tmp_path):
    metrics(laid, tmp_path)
    laid.fails("sdb")
    text = metrics(laid, tmp_path)
    assert 'kura_disk_ok{array="srv-x",slot="1",serial="SERIAL1",model="MODEL"} 0' in text
    assert 'kura_disk_ok{array="srv-x",slot="0",serial="SERIAL0",model="MODEL"} 1' in text
    assert 'kura_disk_array_missing_disks{array="srv-x"} 1' in text
    assert 'kura_disk_array_up{array="srv-x"} 1' in text
    assert "kura_disk_arrays_expected 1\n" in text


def test_what_a_disk_says_of_itself_stands_beside_it_and_what_it_does_not_say_is_left_out(laid, tmp_path):
    text = metrics(laid, tmp_path, smart.Health(healthy=False, bad_sectors=3))
    assert 'kura_disk_smart_healthy{array="srv-x",slot="0",serial="SERIAL0",model="MODEL"} 0' in text
    assert "kura_disk_smart_worn_percent" not in text


def test_every_metric_has_its_line_of_help_and_a_name_of_its_own():
    sheet = exporter.Sheet()
    with pytest.raises(KeyError):
        sheet.add("kura_disk_nonsense", 1)
    sheet.add("kura_disk_ok", True, serial='a"b\\c', slot="1")
    assert sheet.text().splitlines()[-1] == 'kura_disk_ok{serial="a\\"b\\\\c",slot="1"} 1'


def test_a_host_without_disks_says_that_it_expects_none(tmp_path):
    watch = exporter.Watch(state.Machine(tmp_path), {"arrays": []}, state.Memory(tmp_path / "m"), tmp_path / "x.prom")
    watch.ask()
    text = watch.look(1000.0)
    assert "kura_disk_arrays_expected 0\n" in text
    assert "kura_disk_watch_timestamp_seconds 1000\n" in text
    assert "kura_disk_ok" not in text
