"""Generations that production cannot reach: complete, linked, never the last one lost, and put back as they were."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backup import isolate, keep, moments, plan
from inventory import available, load

FIRST = datetime(2026, 11, 1, 6, tzinfo=UTC)


def spoil(path: Path, text: str) -> None:
    """Do what no administrator of production can: take the flag away and write."""
    isolate.flag(path, on=False)
    path.chmod(0o600)
    path.write_text(text)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[isolate.Plan]:
    """Two clients' repositories; no database."""
    for host in ("app1", "db1"):
        (tmp_path / host / "data").mkdir(parents=True)
        (tmp_path / host / "config").write_text(f"[repository] of {host}")
        (tmp_path / host / "data" / "0").write_text(f"segment of {host}")
    monkeypatch.setattr(isolate, "LEDGERS", tmp_path / "ledgers")
    monkeypatch.setattr(isolate.shutil, "chown", lambda *_: None)
    yield isolate.Plan(tmp_path, ("app1", "db1"), 7, 2)
    for path in isolate.everything(tmp_path):
        isolate.flag(path, on=False)


@pytest.mark.parametrize("name", available())
def test_every_client_is_isolated_as_often_as_the_inventory_says(name: str) -> None:
    found = load(name)
    told = json.loads(moments.isolation(found, None))
    assert told["hosts"] == [client.name for client in plan.clients(found)]
    assert (told["every_days"], told["generations"]) == (
        found.backup.isolated.every_days,
        found.backup.isolated.generations,
    )


def test_a_generation_is_due_when_its_days_have_passed(site: isolate.Plan) -> None:
    assert isolate.is_due(site, FIRST)
    isolate.make(site, FIRST)
    assert not isolate.is_due(site, FIRST + timedelta(days=6))
    assert isolate.is_due(site, FIRST + timedelta(days=7) - timedelta(minutes=10))


def test_what_has_not_changed_is_linked_and_what_has_is_copied(site: isolate.Plan) -> None:
    one = isolate.make(site, FIRST)
    (site.store / "app1/data/1").write_text("another segment")
    (site.store / "db1/data/0").write_text("rewritten")
    two = isolate.make(site, FIRST + timedelta(days=7))
    assert (one / "app1/data/0").stat().st_ino == (two / "app1/data/0").stat().st_ino
    assert (one / "db1/data/0").read_text() == "segment of db1"
    assert (two / "db1/data/0").read_text() == "rewritten"
    assert isolate.damaged(one) == isolate.damaged(two) == []


def test_nothing_of_the_live_repositories_is_shared_with_a_generation(site: isolate.Plan) -> None:
    one = isolate.make(site, FIRST)
    with (site.store / "app1/data/0").open("w") as stream:
        stream.write("ransom")
    assert (one / "app1/data/0").read_text() == "segment of app1"


def test_a_damaged_file_is_named_and_copied_anew_into_the_next_generation(site: isolate.Plan) -> None:
    one = isolate.make(site, FIRST)
    spoil(one / "app1/data/0", "rot")
    for path in (one / "db1", one / "db1/config"):
        isolate.flag(path, on=False)
    (one / "db1/config").unlink()
    assert sorted(isolate.damaged(one)) == ["app1/data/0", "db1/config"]
    values, wrong = isolate.figures(site)
    assert values["kura_backup_isolated_damaged_files"] == len(wrong) == 2
    two = isolate.make(site, FIRST + timedelta(days=7))
    assert isolate.damaged(two) == []


def test_the_oldest_goes_only_when_the_newest_has_been_read_back(site: isolate.Plan) -> None:
    made = [isolate.make(site, FIRST + timedelta(days=7 * week)) for week in range(3)]
    newest = made[-1] / "app1/data/0"
    spoil(newest, "rot")
    assert isolate.expire(site) == []
    spoil(newest, "segment of app1")
    assert isolate.expire(site) == [made[0].name]
    assert isolate.generations(site) == made[1:]
    assert isolate.damaged(made[1]) == []


def test_an_unfinished_generation_is_none_and_is_cleared_away(site: isolate.Plan) -> None:
    (site.folder / "20261101T000000Z.part/app1").mkdir(parents=True)
    assert isolate.generations(site) == []
    isolate.make(site, FIRST)
    assert [path.name for path in site.folder.iterdir()] == ["20261101T060000Z"]


def test_a_repository_that_was_destroyed_comes_back_as_it_was_and_the_rest_is_kept(site: isolate.Plan) -> None:
    when = isolate.make(site, FIRST).name
    (site.store / "app1/config").unlink()
    (site.store / "app1/data/0").write_text("ransom")
    told = isolate.put_back(site, "app1", when)
    assert (site.store / "app1/data/0").read_text() == "segment of app1"
    assert (site.store / "app1/config").exists()
    assert (Path(told["before"]) / "data/0").read_text() == "ransom"


def test_nothing_is_put_back_from_a_damaged_or_unknown_generation(site: isolate.Plan) -> None:
    one = isolate.make(site, FIRST)
    with pytest.raises(keep.KeepError, match="no generation"):
        isolate.put_back(site, "app1", "20200101T000000Z")
    spoil(one / "app1/data/0", "rot")
    (site.store / "app1/data/0").write_text("present")
    with pytest.raises(keep.KeepError, match="damaged"):
        isolate.put_back(site, "app1", one.name)
    assert (site.store / "app1/data/0").read_text() == "present"


def test_where_the_file_system_can_even_root_neither_changes_nor_removes_a_generation(site: isolate.Plan) -> None:
    one = isolate.make(site, FIRST)
    if not isolate.flag(one / isolate.SUMS, on=True):
        pytest.skip("this file system has no such flag, or this is not root")
    for act in ((one / "app1/data/0").unlink, lambda: (one / "app1/data/0").write_text("ransom")):
        with pytest.raises(PermissionError):
            act()
