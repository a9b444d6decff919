"""Metrics of disks behind a controller: one name for a volume and its disks, and no alarm that ends by silence."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from disks import controllers, exporter, state

HERE = Path(__file__).parent / "recorded"
SICK = "kura_disk_ok{array=storcli-0-0,slot=252:3,serial=ZA1B0003}"
MISSING, UP = ("kura_disk_array_" + name + "{array=storcli-0-0}" for name in ("missing_disks", "up"))


def recorded(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


class Behind:
    """A host whose disks are behind storcli, watched over changing outputs of a stand-in command."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "bin").mkdir()
        self.program = folder / "bin/storcli64"
        self.program.write_text(f'#!/bin/sh\ncase "$*" in *eall*) cat {folder}/eall ;; *) cat {folder}/call ;; esac\n')
        self.program.chmod(0o755)
        self.says()
        self.restarted()

    def says(
        self, volume: str = "Optl", third: str = "Onln", without: tuple[int, ...] = (), shown: bool = True
    ) -> None:
        """What the controller says from now on: of its volume, and of the disk in slot 3."""
        call, eall = (json.loads(recorded(f"storcli-{name}.json")) for name in ("controllers", "drives"))
        data = call["Controllers"][0]["Response Data"]
        data["VD LIST"] = [row | {"State": volume} for row in data["VD LIST"] if shown]
        drives = eall["Controllers"][0]["Response Data"]
        drives["Drive /c0/e252/s2"][0]["State"] = "Onln"
        drives["Drive /c0/e252/s3"][0]["State"] = third
        for slot in without:
            del drives[f"Drive /c0/e252/s{slot}"]
        (self.folder / "call").write_text(json.dumps(call), encoding="utf-8")
        (self.folder / "eall").write_text(json.dumps(eall), encoding="utf-8")

    def restarted(self) -> None:
        """The watch begins anew, with what it has on disk alone."""
        rows = {"arrays": [{"name": "srv-borg", "controller": "storcli"}]}
        memory = state.Memory(self.folder / "known.json")
        self.watch = exporter.Watch(state.Machine(self.folder), rows, memory, self.folder / "kura_disks.prom")

    def metrics(self) -> dict[str, float]:
        """Metrics after the next question, each with its labels but the disk's model."""
        self.watch.ask_controllers()
        lines = [line.rpartition(" ") for line in self.watch.look(1000.0).splitlines() if line[0] != "#"]
        return {name.replace(',model="ST8000NM0075"', "").replace('"', ""): float(value) for name, _, value in lines}


@pytest.fixture
def behind(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    return Behind(tmp_path)


def test_a_volume_and_its_disks_carry_one_name_so_that_one_failure_is_one_alarm(behind):
    whole = behind.metrics()
    assert (whole[SICK], whole[MISSING], whole[UP]) == (1, 0, 1)
    assert whole["kura_disk_controller_answers{controller=storcli}"] == 1
    assert whole["kura_disk_controller_battery_ok{controller=storcli-0}"] == 1
    assert whole["kura_disk_ok{array=storcli-0,slot=252:4,serial=ZA1B0004}"] == 1  # in no volume
    behind.says("Dgrd", "Failed")
    sick = behind.metrics()
    assert (sick[SICK], sick[MISSING], sick[UP]) == (0, 1, 1)


@pytest.mark.parametrize("word", ["OfLn", "Zzz"])
def test_a_volume_that_cannot_be_read_is_down(behind, word):
    behind.says(word, "Failed")
    assert behind.metrics()[UP] == 0


def test_a_volume_that_is_named_no_more_is_down(behind):
    behind.metrics()
    behind.says(shown=False)
    assert behind.metrics()[UP] == 0


@pytest.mark.parametrize(
    ("status", "up"), [("Failed", 0), ("Interim Recovery Mode", 1), ("Recovering, 12% complete", 1), ("OK", 1)]
)
def test_an_hpe_volume_is_down_when_it_is_neither_whole_nor_recovering(status, up):
    text = recorded("ssacli.txt").replace("Interim Recovery Mode", status)
    sheet = exporter.Sheet()
    exporter.of_controllers(sheet, {"ssacli": (True, controllers.parse("ssacli", [text]))})
    assert f'kura_disk_array_up{{array="ssacli-0-A"}} {up}\n' in sheet.text()
    assert 'kura_disk_ok{array="ssacli-0-A",slot="1I:1:2",serial="WBM00002"' in sheet.text()


def test_a_failed_disk_that_its_controller_names_no_more_has_still_failed(behind):
    behind.metrics()
    behind.says("Dgrd", without=(3,))
    assert behind.metrics()[SICK] == 0
    behind.restarted()
    assert behind.metrics()[SICK] == 0
    behind.says("Dgrd", "Rbld")  # another one was put in
    assert behind.metrics()[SICK] == 1


def test_a_slot_that_nobody_waits_for_any_more_raises_nothing(behind):
    behind.metrics()
    behind.says("Optl", without=(3,))  # a spare has taken its place for good
    behind.metrics()
    behind.says("Dgrd", without=(3,))
    assert SICK not in behind.metrics()


def test_a_silent_controller_takes_no_alarm_back_and_vouches_for_nobody(behind):
    behind.says("Dgrd", "Failed")
    behind.metrics()
    behind.program.unlink()
    for _ in range(2):
        silent = behind.metrics()
        assert silent["kura_disk_controller_answers{controller=storcli}"] == 0
        assert (silent[SICK], silent[MISSING]) == (0, 1)
        assert "kura_disk_ok{array=storcli-0-0,slot=252:0,serial=ZA1B0000}" not in silent


def test_the_journal_names_the_disk_when_its_state_changes_and_only_then(behind, capsys):
    behind.metrics()
    behind.says("Dgrd", "Failed")
    behind.metrics()
    behind.metrics()
    assert capsys.readouterr().out == "array storcli-0-0, slot 252:3, disk ZA1B0003: failed\n"
