"""Controllers' and disks' own words, as their programs print them, become one kind of report."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from disks import controllers, smart
from disks.controllers import Drive, Volume

HERE = Path(__file__).parent / "recorded"


def recorded(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """Puts a command on PATH that prints recorded outputs: by its first argument, or always the same."""
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    def put(program: str, **outputs: str) -> None:
        cases = "".join(f"*{word}*) cat {HERE / file} ;;\n" for word, file in outputs.items())
        path = tmp_path / program
        path.write_text(f'#!/bin/sh\ncase "$*" in\n{cases}*) exit 3 ;;\nesac\n', encoding="utf-8")
        path.chmod(0o755)

    return put


def test_storcli_tells_failed_rebuilding_and_doubtful_disks_by_slot_and_serial(stand_in):
    stand_in("storcli64", eall="storcli-drives.json", call="storcli-controllers.json")
    report = controllers.ask("storcli")
    assert [(drive.slot, drive.serial, drive.state, drive.warned) for drive in report.drives] == [
        ("252:0", "ZA1B0000", "ok", False),
        ("252:1", "ZA1B0001", "ok", True),
        ("252:2", "ZA1B0002", "rebuilding", False),
        ("252:3", "ZA1B0003", "failed", True),
        ("252:4", "ZA1B0004", "ok", False),
    ]
    assert report.volumes == (Volume("0", "0/0", "RAID6", ok=False, up=True, group="0"),)
    assert report.batteries == {"0": True}


def test_perccli_tells_a_battery_that_does_not_hold(stand_in):
    stand_in("perccli64", eall="perccli-drives.json", call="perccli-controllers.json")
    report = controllers.ask("perccli")
    assert [drive.slot for drive in report.drives] == ["64:0", "64:1"]
    assert report.volumes == (Volume("0", "0/239", "RAID1", ok=True, up=True, group="0"),)
    assert report.batteries == {"0": False}


def test_ssacli_tells_each_disk_once_with_its_serial_number(stand_in):
    stand_in("ssacli", config="ssacli.txt")
    report = controllers.ask("ssacli")
    assert report.drives[0] == Drive("0", "1I:1:1", "ok", "WBM00001", "HP      EG002400JWJNT", False, "A")
    assert [(drive.slot, drive.state, drive.warned) for drive in report.drives] == [
        ("1I:1:1", "ok", False),
        ("1I:1:2", "failed", False),
        ("1I:1:3", "ok", True),
        ("1I:1:4", "rebuilding", False),
    ]
    assert report.volumes == (Volume("0", "1", "RAID5", ok=False, up=True, group="A"),)
    assert report.batteries == {"0": True}


@pytest.mark.parametrize("kind", sorted(controllers.PROGRAMS))
def test_silence_is_never_health(kind, tmp_path, monkeypatch, stand_in):
    stand_in(controllers.PROGRAMS[kind][0])  # is there, and says nothing
    with pytest.raises(controllers.Unanswered):
        controllers.ask(kind)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    with pytest.raises(controllers.Unanswered, match="not installed"):
        controllers.ask(kind)


def test_an_unknown_state_of_a_drive_is_a_failure():
    drives = recorded("storcli-drives.json").replace('"Onln"', '"Zzz"')
    report = controllers.parse("storcli", [recorded("storcli-controllers.json"), drives])
    assert [drive.state for drive in report.drives].count("failed") == 3


def test_an_ata_disk_with_pending_sectors_and_a_failed_self_test():
    assert smart.parse(recorded("smart-ata.json")) == smart.Health(
        healthy=True, bad_sectors=16, reallocated=16, celsius=34, hours=18211, tested=False, test_age_hours=21
    )


def test_a_healthy_nvme_disk():
    assert smart.parse(recorded("smart-nvme.json")) == smart.Health(
        healthy=True, bad_sectors=0, worn_percent=7, celsius=39, hours=9120, tested=True, test_age_hours=119
    )


def test_a_sas_disk_that_predicts_its_failure():
    assert smart.parse(recorded("smart-sas.json")) == smart.Health(
        healthy=False, bad_sectors=4, reallocated=212, celsius=36, hours=30111, tested=True, test_age_hours=11
    )


@pytest.mark.parametrize("said", ["", "{}", "not JSON", '{"smart_status": {}}'])
def test_a_disk_that_says_nothing_usable_is_not_called_healthy(said):
    assert smart.parse(said) is None
