"""What `./kura restore` decides before anything is touched, and what it never touches. The acts: tests/twin."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backup import recovery, restore, rows
from inventory import load

SITE = load("nagano")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ARCHIVES = [{"name": f"app1-daily-{day}", "at": f"2026-11-{day}T02:05:00+09:00"} for day in (17, 18, 19)]


def test_an_archive_is_the_newest_at_or_before_the_moment() -> None:
    moment = datetime.fromisoformat("2026-11-18T02:05:00+09:00")
    assert restore.archive_at(ARCHIVES, moment) == "app1-daily-18"
    assert restore.archive_at(ARCHIVES, moment - timedelta(seconds=1)) == "app1-daily-17"
    with pytest.raises(restore.RestoreError, match="the first is 2026-11-17"):
        restore.archive_at(ARCHIVES, NOON - timedelta(days=30))


@pytest.fixture
def extracting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, str]], None]:
    """What the archive holds below /data; an empty dictionary is an archive that cannot be read."""

    def holds(files: dict[str, str]) -> None:
        def extract(archive: str, path: str, into: Path, kind: str) -> None:
            if not files:
                raise restore.RestoreError("unreadable")
            for name, text in files.items():
                target = into / path.lstrip("/") / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text)

        monkeypatch.setattr(restore, "extract", extract)

    return holds


def test_folders_come_back_whole_and_what_was_there_is_kept(
    tmp_path: Path, extracting: Callable[[dict[str, str]], None]
) -> None:
    live = tmp_path / "kura"
    (live / "cache").mkdir(parents=True)
    (live / "cache/.kura-no-backup").touch()
    (live / "cache/big").write_text("made again at a price")
    (live / "console.sqlite3").write_text("now")
    (live / "console.sqlite3-wal").write_text("of now")
    extracting({"console.sqlite3": "then"})
    told = restore.restore_paths([str(live)], "a", "daily")
    assert (live / "console.sqlite3").read_text() == "then"
    assert not (live / "console.sqlite3-wal").exists()
    assert (live / "cache/big").read_text() == "made again at a price"
    (aside,) = map(Path, told["before"])
    assert (aside / "console.sqlite3").read_text() == "now"


def test_an_archive_that_cannot_be_read_changes_nothing(
    tmp_path: Path, extracting: Callable[[dict[str, str]], None]
) -> None:
    (tmp_path / "kura").mkdir()
    (tmp_path / "kura/file").write_text("now")
    extracting({})
    with pytest.raises(restore.RestoreError):
        restore.restore_paths([str(tmp_path / "kura")], "a", "daily")
    assert [path.name for path in tmp_path.iterdir()] == ["kura"]
    assert (tmp_path / "kura/file").read_text() == "now"


def acts(*, equal: bool = True) -> tuple[recovery.Recovery, list[str]]:
    """A recovery on hosts that answer as the programs do; and the commands they were given."""
    given: list[str] = []

    def shell(host: str, command: str) -> tuple[int, str]:
        given.append(f"{host}: {command}")
        if "backup.pitr open" in command:
            return 0, json.dumps(
                {
                    "socket": "/run/x",
                    "port": 5432,
                    "copy_seconds": 1,
                    "recover_seconds": 1,
                    "reached": "r",
                    "ended": "moment",
                }
            )
        if "backup.pitr close" in command:
            return 0, '{"closed": true}'
        if "backup.dump manifest" in command:
            return 0, '{"public.t": {"rows": 1, "checksum": "9"}}'
        if "backup.restore load" in command:
            return 0, json.dumps({"equal": equal, "different": [] if equal else ["public.t"], "rows": 1})
        return 0, "0" if "psql" in command else ""

    def pipe(source: str, command: str, target: str, into: str) -> None:
        given.append(f"{source} → {target}: {command} | {into}")

    return recovery.Recovery(SITE, shell, pipe, lambda _: None), given


def test_a_database_comes_beside_the_live_one_unless_it_is_to_replace_it() -> None:
    one, given = acts()
    one.database("kura", NOON, NOON, replace=False)
    (loaded,) = [line for line in given if "backup.restore load" in line]
    assert "--into kura_at_20261120t120000" in loaded
    assert "--replace" not in loaded
    assert not [line for line in given if "audit.seals" in line]


def test_what_was_recovered_is_removed_also_when_it_is_not_equal() -> None:
    one, given = acts(equal=False)
    with pytest.raises(recovery.RecoveryError, match=r"public\.t; nothing was replaced"):
        one.database("kura", NOON, NOON, replace=True)
    assert any("backup.pitr close at_20261120t120000" in line for line in given)
    assert any("rm -f /var/backups/kura/kura_at_20261120t120000.dump" in line for line in given)


def test_the_last_changes_are_waited_for_unless_their_cluster_is_lost() -> None:
    """After a cut of the line the keeper was behind, and a moment came back without what was lent last."""
    one, given = acts()
    one.open("at_noon", NOON)
    caught, opened = given
    assert "backup.wal watch" in caught
    assert "backup.pitr open at_noon" in opened
    given.clear()
    one.open("at_noon", NOON, lost=NOON)
    assert not [line for line in given if "backup.wal watch" in line]


def test_the_same_moment_has_the_same_name_so_that_a_restore_can_be_resumed() -> None:
    tokyo = datetime.fromisoformat("2026-11-20T21:00:00+09:00")
    assert recovery.name_of(tokyo, NOON + timedelta(days=1)) == recovery.name_of(NOON, NOON)


def test_what_the_playbooks_make_is_not_put_back_from_a_backup() -> None:
    one, _ = acts()
    assert one.data_of(SITE.host("db1")) == []
    assert one.data_of(SITE.host("app1")) == ["/var/lib/kura"]
    assert one.data_of(SITE.host("gw1")) == []


NOW = json.dumps({"columns": ["id", "name", "new"], "keys": ["id"]})
THEN = json.dumps({"columns": ["id", "name", "old"], "keys": ["id"]})


def test_a_table_is_compared_in_the_columns_that_it_had_and_has() -> None:
    one = rows.table("patrons_patron", NOW, THEN, "restored_x")
    assert one.columns == ("id", "name")
    with pytest.raises(rows.RowsError, match="at that moment"):
        rows.table("patrons_patron", NOW, "", "restored_x")
    with pytest.raises(rows.RowsError, match="no primary key"):
        rows.table("t", json.dumps({"columns": ["a"], "keys": None}), THEN, "restored_x")


def test_only_rows_without_any_act_of_the_application_are_unexplained() -> None:
    found = [
        {"key": "1", "how": "changed", "acts": 2},
        {"key": "2", "how": "changed", "acts": 0},
        {"key": "3", "how": "missing", "acts": 0},
        {"key": "4", "how": "added", "acts": 0},
        {"key": "5", "how": "changed", "acts": None},
    ]
    assert rows.unexplained(found) == ["2", "3"]


def test_putting_back_names_its_rows_and_itself_in_the_audit_log() -> None:
    one = rows.table("patrons_patron", NOW, THEN, "restored_x")
    sql = rows.put_back(one, ["17", "o'neill"], "2026-03-01", "restore")
    assert "'17', 'o''neill'" in sql
    assert "'data.restore'" in sql
    assert "= replica" not in sql
    assert "= replica" in rows.put_back(rows.table("audit_auditevent", NOW, THEN, "x"), ["1"], "m", "restore")


def test_a_folder_that_only_grows_keeps_what_came_to_the_new_host(
    tmp_path: Path, extracting: Callable[[dict[str, str]], None]
) -> None:
    live = tmp_path / "archive"
    for name, text in {
        "today/db1/os.log": "later\n",
        "today/app1/os.log": "then\nlater\n",
        "new/gw1/os.log": "n\n",
    }.items():
        (live / name).parent.mkdir(parents=True, exist_ok=True)
        (live / name).write_text(text)
    extracting({"today/db1/os.log": "then\n", "today/app1/os.log": "then\n", "old.zst": "old"})
    restore.restore_paths([str(live)], "a", "daily", (str(live),))
    assert (live / "today/db1/os.log").read_text() == "then\nlater\n"
    assert (live / "today/app1/os.log").read_text() == "then\nlater\n"
    assert (live / "new/gw1/os.log").read_text() == "n\n"
    assert (live / "old.zst").read_text() == "old"


def test_the_library_stands_still_while_its_database_is_replaced_and_serves_again_after_a_failure() -> None:
    one, given = acts(equal=False)
    answer = one.shell
    one.shell = lambda host, command: (  # type: ignore[method-assign]
        (0, "kura-library.service loaded\nkura-backup@daily.service loaded\nkura-wal-receive.service loaded\n")
        if "list-units" in command
        else answer(host, command)
    )
    with pytest.raises(recovery.RecoveryError):
        one.database("kura", NOON, NOON, replace=True)
    order = [line for line in given if "systemctl" in line or "backup.restore load" in line]
    assert order[0] == "app1: systemctl stop kura-library.service"
    assert order[-1] == "app1: systemctl start kura-library.service"


def test_a_lost_database_comes_back_from_its_own_past_and_not_from_the_empty_one_in_its_place() -> None:
    one, given = acts()
    one.database("kura", None, NOON + timedelta(hours=1), replace=True, lost=NOON)
    (opened,) = [line for line in given if "backup.pitr open" in line]
    assert opened.endswith("open at_20261120t120000 --lost 2026-11-20T12:00:00+00:00 2>&1")
