"""The regular care of disks, on a machine laid down in a folder; with real arrays it runs in the drill."""

from __future__ import annotations

import json
import os

import pytest

from disks import care
from disks.tests.sysfs import MD, Laid

ACTION = f"/sys/block/{MD}/md/sync_action"


@pytest.fixture
def laid(tmp_path) -> Laid:
    return Laid(tmp_path)


def patrol(laid: Laid, tmp_path, monkeypatch, ends) -> bool:
    """A patrol during whose first wait something happens."""
    monkeypatch.setattr(care.time, "sleep", lambda seconds: ends())
    return care.patrol(laid, laid.rows, laid.memory, tmp_path / "patrol.json", 1)


def test_every_sector_is_read_and_when_that_was_is_kept(laid, tmp_path, monkeypatch):
    seen = []

    def ends() -> None:
        seen.append(laid.text(ACTION))
        laid.put(ACTION, "idle")

    assert patrol(laid, tmp_path, monkeypatch, ends)
    assert seen == ["check"]
    assert list(json.loads((tmp_path / "patrol.json").read_text())) == ["srv-x"]


def test_parity_that_disagrees_is_not_well(laid, tmp_path, monkeypatch):
    def ends() -> None:
        laid.put(ACTION, "idle")
        laid.put(f"/sys/block/{MD}/md/mismatch_cnt", "16")

    assert not patrol(laid, tmp_path, monkeypatch, ends)


def test_an_array_that_lacks_a_disk_is_left_alone(laid, tmp_path, monkeypatch):
    laid.fails("sdb")
    assert patrol(laid, tmp_path, monkeypatch, pytest.fail)
    assert laid.text(ACTION) == "idle"
    assert not (tmp_path / "patrol.json").exists()


def test_a_disk_that_fails_while_it_is_read_is_no_finished_patrol(laid, tmp_path, monkeypatch):
    def ends() -> None:
        laid.put(ACTION, "idle")
        laid.fails("sdb")

    patrol(laid, tmp_path, monkeypatch, ends)
    assert not (tmp_path / "patrol.json").exists()


def test_a_patrol_that_is_told_to_end_does_not_let_the_kernel_read_on(laid, tmp_path, monkeypatch):
    def ends() -> None:
        raise SystemExit("told to end")

    with pytest.raises(SystemExit):
        patrol(laid, tmp_path, monkeypatch, ends)
    assert laid.text(ACTION) == "idle"
    assert not (tmp_path / "patrol.json").exists()


@pytest.mark.parametrize("kind", ["short", "long"])
def test_every_disk_of_an_array_is_told_to_test_itself_and_one_that_refuses_is_said(
    laid, tmp_path, monkeypatch, capsys, kind
):
    program = tmp_path / "smartctl"
    program.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\ncase "$2" in */sdb) echo no; exit 4 ;; esac\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert not care.test(laid, laid.rows, laid.memory, kind)
    assert (tmp_path / "calls").read_text().splitlines() == [
        f"--test={kind} /dev/{name}" for name in ("sda", "sdb", "sdc")
    ]
    assert "/dev/sdb: exit 4: no" in capsys.readouterr().out
