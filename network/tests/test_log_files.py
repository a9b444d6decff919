"""Files of services on their hosts: begun each day, gone after days, and none is forgotten."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from network import log_files

ROLES = Path(__file__).parents[2] / "roles"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)
# Plain files under /var/log that no role's service writes line by line: why each may stay as it is.
OTHERS = {
    "/var/log/archive": "the archive itself: app/logs closes, seals and disposes of it",
}


def defaults(role: str = "log_client") -> dict[str, Any]:
    return yaml.safe_load((ROLES / role / "defaults/main.yml").read_text("utf-8"))


def rows() -> list[dict[str, str]]:
    return defaults()["log_client_files"]


def written(folder: Path, name: str, text: str, at: datetime = NOON) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_each_day_has_a_file_of_its_own_and_nothing_written_is_moved(tmp_path):
    # As the service made it, before anybody turned it: open while it gets its name.
    with (tmp_path / "opac.log").open("a") as stream:
        stream.write("first\n")
        stream.flush()
        assert log_files.turn(tmp_path, NOON, 1000) == ["opac-20261123-120000.log"]
        stream.write("second\n")
    link = tmp_path / "opac.log"
    assert link.is_symlink()
    link.open("a").write("third\n")
    assert link.read_text() == "first\nsecond\nthird\n"
    assert log_files.turn(tmp_path, NOON + DAY / 3, 1000) == []
    assert log_files.turn(tmp_path, NOON + DAY, 1000) == ["opac-20261124-120000.log"]
    assert link.read_text() == ""
    assert (tmp_path / "opac-20261123-120000.log").read_text() == "first\nsecond\nthird\n"
    # Nobody wrote: the file of that day stays the newest.
    assert log_files.turn(tmp_path, NOON + 2 * DAY, 1000) == []
    assert names(tmp_path) == {"opac.log", "opac-20261123-120000.log", "opac-20261124-120000.log"}
    assert (tmp_path / "opac-20261124-120000.log").stat().st_mode & 0o777 == 0o640


def test_a_file_that_has_grown_or_whose_link_leads_nowhere_is_begun_anew(tmp_path):
    log_files.turn(tmp_path, NOON, 10)
    written(tmp_path, "opac.log", "")
    assert log_files.turn(tmp_path, NOON, 10)
    (tmp_path / "opac.log").write_text("0123456789")
    assert log_files.turn(tmp_path, NOON + DAY / 24, 10) == ["opac-20261123-130000.log"]
    (tmp_path / "opac-20261123-130000.log").unlink()
    # What a cut run left behind is no hindrance.
    (tmp_path / "opac.part").symlink_to("nowhere")
    assert log_files.turn(tmp_path, NOON + DAY / 12, 10) == ["opac-20261123-140000.log"]
    assert log_files.turn(tmp_path, NOON + DAY / 12, 10, anyway=True) == []  # within the same second
    assert log_files.turn(tmp_path, NOON + DAY / 8, 10, anyway=True) == ["opac-20261123-150000.log"]


def test_what_is_old_goes_and_what_somebody_writes_to_stays(tmp_path):
    for day in range(10, 24):
        written(tmp_path, f"opac-202611{day}-000000.log", "a line\n", NOON - (23 - day) * DAY)
    written(tmp_path, "staff-20261101-000000.log", "a quiet site\n", NOON - 22 * DAY)
    written(tmp_path, "postgresql-17-main.log", "starting\n", NOON - 90 * DAY)
    assert log_files.remove(tmp_path, NOON, 7, 10_000, sent=False) == []
    gone = log_files.remove(tmp_path, NOON, 7, 10_000, sent=True)
    assert gone == [f"opac-202611{day}-000000.log" for day in range(10, 16)]
    kept = {f"opac-202611{day}-000000.log" for day in range(16, 24)}
    assert names(tmp_path) == kept | {"staff-20261101-000000.log", "postgresql-17-main.log"}
    assert log_files.remove(tmp_path / "not there", NOON, 7, 10_000, sent=True) == []
    assert log_files.turn(tmp_path / "not there", NOON, 10, anyway=True) == []


def test_a_flood_of_lines_takes_no_more_room_than_it_was_given(tmp_path):
    for hour in range(10):
        written(tmp_path, f"opac-20261123-0{hour}0000.log", "x" * 100)
    assert len(log_files.remove(tmp_path, NOON, 7, 350, sent=False)) == 7
    assert names(tmp_path) == {f"opac-20261123-0{hour}0000.log" for hour in (7, 8, 9)}
    # Even one that alone is too large stays while it is the newest.
    assert len(log_files.remove(tmp_path, NOON, 7, 50, sent=True)) == 2
    assert names(tmp_path) == {"opac-20261123-090000.log"}


def test_it_runs_on_a_host_by_itself(tmp_path):
    """It is copied to hosts, which have neither this package nor its neighbours."""
    (tmp_path / "nginx").mkdir()
    written(tmp_path / "nginx", "opac.log", "a line\n")
    told = {"days": 7, "megabytes": 1, "piece_megabytes": 1}
    told["files"] = [{"path": f"{tmp_path}/nginx/*-2*.log", "reopen": "kura-no-such.service"}]
    (tmp_path / "told.json").write_text(json.dumps(told))
    argv = [sys.executable, "-I", log_files.__file__, str(tmp_path / "told.json"), "--turn"]
    done = subprocess.run(argv, cwd="/", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "nginx/opac.log").is_symlink()
    assert "removed -" in done.stdout


def folder_of(row: dict[str, str]) -> str:
    return row["path"].rpartition("/")[0]


def test_every_file_that_a_role_logs_to_is_kept_short_or_says_why_not():
    """Whoever adds a log file under /var/log must add it to log_client_files, where it is sent and kept short."""
    short = {folder_of(row) for row in rows() if not row.get("kept")}
    whole = {row["path"] for row in rows() if row.get("kept")} | set(OTHERS)
    found = set()
    for path in ROLES.glob("*/*/*"):
        if path.is_file() and path.name != "argument_specs.yml":
            found |= {name.rstrip("./") for name in re.findall(r"/var/log/[\w./-]+", path.read_text("utf-8"))}
    forgotten = {name for name in found if name not in whole and not {name, name.rpartition("/")[0]} & short}
    assert found
    assert not forgotten


@pytest.mark.parametrize("row", [row for row in rows() if not row.get("kept")], ids=lambda row: row["service"])
def test_the_sender_reads_every_file_under_the_one_name_it_ever_has(row):
    newest = f"{folder_of(row)}/name-20261123-120000.log"
    assert log_files.BEGAN.match(newest.rpartition("/")[2])
    assert fnmatch.fnmatch(newest, row["path"])
    if "reopen" in row:  # the link would be read a second time
        assert not fnmatch.fnmatch(f"{folder_of(row)}/console.log", row["path"])
    else:
        assert row["service"] == "postgresql"


def test_the_database_begins_its_files_itself_under_names_that_are_known():
    text = (ROLES / "postgresql/templates/kura.conf.j2").read_text("utf-8")
    settings = dict(re.findall(r"^(log\w+) = '?([^'\n]+)'?$", text, re.MULTILINE))
    assert settings["logging_collector"] == "on"
    assert settings["log_rotation_age"] == "1d"
    assert settings["log_directory"] == folder_of(next(row for row in rows() if row["service"] == "postgresql"))
    assert log_files.BEGAN.match(NOON.strftime(settings["log_filename"]))
    assert defaults("postgresql")["postgresql_log_piece_mb"] == defaults()["log_client_file_piece_megabytes"]


def test_files_of_services_and_the_journal_have_limits():
    told = defaults()
    assert 0 < told["log_client_file_days"] <= 14
    assert 0 < told["log_client_file_piece_megabytes"] * 4 <= told["log_client_file_megabytes"]
    journal = (ROLES / "base/templates/journald.conf.j2").read_text("utf-8")
    assert "SystemMaxUse={{ base_journal_max }}" in journal
    assert "MaxRetentionSec={{ base_journal_days }}day" in journal
