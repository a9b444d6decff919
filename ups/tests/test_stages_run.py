"""The stages' service as a whole: its loop over a real upsd socket and real commands, with systemctl stood in for."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from inventory import load
from ups import nut, stages, staging
from ups.tests.conftest import Upsd

SITE = load("nagano")
# Answers for units that run, and does what it is told with them; one file a unit.
SYSTEMCTL = """#!/bin/sh
case "$1" in
  show) test -e "{units}/$4" && echo active || echo inactive ;;
  stop) shift; for unit; do rm -f "{units}/$unit"; done ;;
  start) shift; for unit; do case $unit in -*) ;; *) touch "{units}/$unit" ;; esac; done ;;
esac
"""


class Over(Exception):
    """The story has been told."""


@dataclass
class Story:
    """What upsd reports at one look after the other, and what is to be seen after each."""

    upsd: Upsd
    beats: list[tuple[str, Callable[[], None]]]
    now: float = 1000.0
    told: int = 0

    def __post_init__(self) -> None:
        self.upsd.status = self.beats[0][0]

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.beats[self.told][1]()
        self.told += 1
        if self.told == len(self.beats):
            raise Over
        self.upsd.status = self.beats[self.told][0]


@dataclass
class Host:
    """A host's files in a folder, and its stages' configuration as derived from the inventory."""

    folder: Path
    upsd: Upsd

    def config(self, name: str) -> dict[str, object]:
        config = json.loads(staging.config(SITE, SITE.host(name)))
        config["feeds"] = [{"unit": "ups-a", "server": "127.0.0.1"}]
        config["needs"] = [{"address": "127.0.0.1", "port": self.upsd.server_address[1]} for _ in config["needs"]]
        for key in ("figure", "mark", "memory", "began", "flag"):
            config[key] = config[key] and str(self.folder / Path(config[key]).name)
        return config

    def running(self) -> set[str]:
        return {path.name for path in (self.folder / "units").iterdir()}

    def stage(self) -> int:
        return int((self.folder / Path(staging.FIGURE).name).read_text().split()[-1])

    @property
    def told(self) -> bool:
        """Whether the mark stands by which nginx and the counters say that it is the power."""
        return (self.folder / Path(staging.MARK).name).exists()


@pytest.fixture
def host(tmp_path, upsd, monkeypatch) -> Host:
    (tmp_path / "bin").mkdir()
    (tmp_path / "units").mkdir()
    program = tmp_path / "bin/systemctl"
    program.write_text(SYSTEMCTL.format(units=tmp_path / "units"))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    return Host(tmp_path, upsd)


def play(host: Host, monkeypatch, name: str, *beats: tuple[str, Callable[[], None]]) -> None:
    """Run the service through a story; it looks once for each beat, and its memory is a file as on a host."""
    story = Story(host.upsd, list(beats))
    monkeypatch.setattr(stages, "time", SimpleNamespace(monotonic=lambda: story.now, sleep=story.sleep))
    path = host.folder / "power-stages.json"
    path.write_text(json.dumps(host.config(name)), encoding="utf-8")
    with pytest.raises(Over):
        stages.main(str(path))


def holds(what: Callable[[], bool]) -> Callable[[], None]:
    def check() -> None:
        assert what()

    return check


def nothing() -> None:
    """A look after which nothing is asked."""


def test_services_stop_for_want_of_power_say_so_and_come_back(host, monkeypatch):
    library = {"kura-library.socket", "kura-library.service"}
    for unit in library:
        (host.folder / "units" / unit).touch()
    play(
        host,
        monkeypatch,
        "app1",
        ("OL", holds(lambda: host.running() == library and not host.told and host.stage() == 0)),
        ("OB LB DISCHRG", holds(lambda: not host.running() and host.told and host.stage() == 3)),
        ("OL", holds(lambda: not host.running() and host.told)),  # not steady yet
        *[("OL", nothing)] * (staging.STEADY_SECONDS // int(stages.POLL_SECONDS) - 1),
        ("OL", holds(lambda: host.running() == library and not host.told and host.stage() == 0)),
    )


def test_the_mark_and_what_was_stopped_outlive_a_restart_of_the_service(host, monkeypatch):
    (host.folder / "units/kura-library.service").touch()
    play(host, monkeypatch, "app1", ("OB LB", holds(lambda: host.told)))
    play(host, monkeypatch, "app1", ("OB LB", holds(lambda: host.told and not host.running())))
    back = [("OL", nothing)] * (staging.STEADY_SECONDS // int(stages.POLL_SECONDS))
    play(host, monkeypatch, "app1", *back, ("OL", holds(lambda: not host.told and len(host.running()) == 1)))


def test_the_moment_of_no_return_is_kept_while_it_is_reported(host, monkeypatch):
    began = host.folder / Path(nut.BEGAN).name
    play(
        host,
        monkeypatch,
        "app1",
        ("FSD OB LB", holds(began.exists)),
        ("FSD OB LB", holds(lambda: began.read_text() == "1000.0\n")),
        ("OL", holds(lambda: not began.exists())),
    )


def test_a_flag_that_somebody_left_behind_cuts_nobody_and_the_true_one_stands(host, monkeypatch):
    """Case 11 of the power plan: the next ordinary reboot of the primary must not cut every host's power."""
    reader = SITE.power.units[0].read_by
    flag = host.folder / Path(nut.POWERDOWN_FLAG).name
    flag.touch()
    play(
        host,
        monkeypatch,
        reader,
        ("FSD OB LB", holds(flag.exists)),
        ("FSD OL", holds(flag.exists)),
        ("OB DISCHRG", holds(flag.exists)),
        ("", holds(flag.exists)),
        ("OL CHRG", holds(lambda: not flag.exists())),
    )
    assert json.loads(staging.config(SITE, SITE.host("app1")))["flag"] is None
