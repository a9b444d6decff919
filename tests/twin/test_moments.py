"""Every moment of the databases, on the running appliance: kept as it happens, recovered, found when it was damaged."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest

from backup import moments
from cli import restore
from cli.context import Context
from monitoring.evidence import read
from tests.twin.verbs import ROOT, environment, figures, kura

PYTHON = "cd / && PYTHONPATH=/usr/local/lib/kura python3 -m"
TEXTFILES = "/var/lib/prometheus/node-exporter"


def psql(twin, sql: str) -> str:
    """Run SQL as the database's administrator, a superuser."""
    done = twin.run("db1", "cd / && runuser -u postgres -- psql -XqAt -v ON_ERROR_STOP=1 -d kura", stdin=sql)
    assert done.ok, done.stdout
    return done.stdout.strip()


def last_json(said: str) -> dict:
    return json.loads([line for line in said.splitlines() if line.startswith("{")][-1])


def until(condition: Callable[[], object], patience: float = 240) -> bool:
    """Ask again until it holds; False when it did not in time."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.5)
    return True


def moment_of(twin) -> str:
    """The database's own time, after everything that has been committed."""
    return psql(
        twin, "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US') || '+00:00'"
    )


@pytest.fixture(scope="module")
def kept(twin) -> str:
    """The keeper has a copy of the whole and every change until now; its store."""
    store = moments.store(twin.site)
    assert until(lambda: twin.run("bak1", f"ls {store}/base/*.json").ok), "no copy of the whole was made"
    assert twin.run("bak1", f"{PYTHON} backup.wal watch").ok
    return store


@pytest.fixture
def patron(twin, kept) -> Iterator[tuple[int, str]]:
    """A patron and the row as it is; afterwards it is as before."""
    number = int(psql(twin, "SELECT max(id) FROM patrons_patron"))
    row = psql(twin, f"SELECT patrons_patron::text FROM patrons_patron WHERE id = {number}")
    name = psql(twin, f"SELECT encode(name, 'hex') FROM patrons_patron WHERE id = {number}")
    yield number, row
    psql(twin, f"UPDATE patrons_patron SET name = decode('{name}', 'hex') WHERE id = {number}")


def test_every_change_reaches_the_keeper_while_the_database_serves(twin, kept) -> None:
    psql(twin, "SELECT pg_logical_emit_message(true, 'kura', 'a change')")
    assert twin.run("bak1", f"{PYTHON} backup.wal watch").ok
    said = twin.run("bak1", f"cat {TEXTFILES}/kura_wal_archive.prom").stdout
    assert "kura_wal_archive_behind_bytes 0\n" in said
    assert "kura_wal_archive_delay_seconds" in said
    assert "kura_backup_store_free_bytes" in twin.run("bak1", f"cat {TEXTFILES}/kura_backup_room.prom").stdout


@pytest.mark.req("S-PRV-001")
def test_one_row_that_was_altered_behind_the_applications_back_is_found_and_put_back(twin, patron, tmp_path) -> None:
    number, row = patron
    before = moment_of(twin)
    psql(twin, f"UPDATE patrons_patron SET name = '\\x00' WHERE id = {number}")
    answer = tmp_path / "restore.json"
    ordered = ("--to", before, "--put", "unexplained", "--yes", "--json", answer)
    said = last_dict(kura("restore", "table", "patrons_patron", *ordered))
    assert said["unexplained"] == [str(number)]
    assert said["counts"] == {"changed": 1}
    assert figures(answer)["restore_rows_put_back"]["value"] == 1
    assert psql(twin, f"SELECT patrons_patron::text FROM patrons_patron WHERE id = {number}") == row
    told = "SELECT count(*) FROM audit_auditevent WHERE operation = 'data.restore' AND subject_id = '{}' AND at > '{}'"
    assert psql(twin, told.format(number, before)) == "1"
    assert psql(twin, "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'restored_%'") == "0"


@pytest.fixture
def sealed(twin, kept) -> Iterator[int]:
    """An event of the audit log that is sealed; afterwards it is as before."""
    newest = "SELECT max(id) FROM audit_auditevent WHERE id <= (SELECT max(top) FROM audit_auditseal)"
    assert until(lambda: psql(twin, newest)), "no event was sealed"
    number = int(psql(twin, newest))
    actor = psql(twin, f"SELECT actor FROM audit_auditevent WHERE id = {number}")
    yield number
    alter(twin, number, actor)


def alter(twin, number: int, actor: str) -> None:
    """Write into the audit log as nobody but a superuser can."""
    past = "SET session_replication_role = replica"
    psql(twin, f"{past}; UPDATE audit_auditevent SET actor = '{actor}' WHERE id = {number}")


@pytest.mark.req("S-PRV-001")
def test_one_event_that_a_superuser_altered_is_found_by_the_seals_and_put_back(twin, sealed: int, tmp_path) -> None:
    before = moment_of(twin)
    alter(twin, sealed, "somebody")
    answer = tmp_path / "audit.json"
    kura("audit", "verify", "--json", answer, expect=1)
    faults = json.loads(answer.read_text())["faults"]
    assert [(fault["kind"], fault["event"]) for fault in faults] == [("altered", sealed)]
    kura("restore", "table", "audit_auditevent", "--to", before, "--put", str(sealed), "--yes")
    assert kura("audit", "verify").rstrip().endswith("passed")


def last_dict(said: str) -> dict:
    """The object that a verb printed last, over several lines."""
    return json.loads(said[said.rindex("\n{\n") :])


def test_the_whole_comes_back_as_it_was_at_the_moment_beside_the_present(twin, kept) -> None:
    drop = "DROP SCHEMA IF EXISTS kura_test CASCADE"
    psql(twin, f"{drop}; CREATE SCHEMA kura_test; CREATE TABLE kura_test.moment AS SELECT 1 AS n")
    beside = ""
    try:
        before = moment_of(twin)
        psql(twin, "DROP TABLE kura_test.moment")
        said = last_dict(kura("restore", "database", "--to", before))
        beside = said["into"]
        assert said["equal"] is True
        assert said["rows"] > 0
        assert datetime.fromisoformat(said["reached"]) <= datetime.fromisoformat(before)
        count = f"psql -XqAt -d {beside} -c 'SELECT count(*) FROM kura_test.moment'"
        assert twin.run("db1", f"cd / && runuser -u postgres -- {count}").stdout.strip() == "1"
    finally:
        psql(twin, drop)
        if beside:
            twin.run("db1", f"cd / && runuser -u postgres -- dropdb --force {beside}")
    assert twin.run("bak1", f"ls {kept}/scratch").stdout == ""


def test_a_moment_before_the_first_is_refused_and_nothing_is_left(twin, kept) -> None:
    said = kura("restore", "database", "--to", "2020-01-01 00:00", expect=1)
    assert "too early: the first moment is" in said
    assert "Traceback" not in said
    assert twin.run("bak1", f"ls {kept}/scratch").stdout == ""


@pytest.fixture
def segment(twin, kept) -> Iterator[str]:
    """A finished segment of changes that was checked; afterwards it and its checksum are as before."""
    psql(twin, "SELECT pg_logical_emit_message(true, 'kura', 'a change'); SELECT pg_switch_wal()")
    newest = f"ls -d {kept}/wal/*/ | tail -1"
    finished = f"ls $({newest}) | grep -xE '[0-9A-F]{{24}}' | tail -1"
    assert until(lambda: twin.run("bak1", finished).stdout.strip()), "no segment was finished"
    assert twin.run("bak1", f"{PYTHON} backup.base verify").ok
    path = twin.run("bak1", newest).stdout.strip() + twin.run("bak1", finished).stdout.strip()
    ledger = f"{kept}/sums/{path.split('/')[-2]}"
    assert twin.run("bak1", f"cp -a {path} /root/segment && cp -a {ledger} /root/ledger").ok
    try:
        yield path
    finally:
        twin.run("bak1", f"mv /root/segment {path}; mv /root/ledger {ledger}; {PYTHON} backup.base verify")


@pytest.mark.parametrize("known", [True, False], ids=["read before", "never read before"])
def test_a_damaged_change_is_found(twin, segment: str, known: bool) -> None:
    ledger = f"$(dirname {segment})/../../sums/$(basename $(dirname {segment}))"
    if not known:
        twin.run("bak1", f"sed -i '/{segment.rpartition('/')[2]}/d' {ledger}")
    assert twin.run("bak1", f"printf KURA | dd of={segment} bs=1 seek=100 conv=notrunc").ok
    done = twin.run("bak1", f"{PYTHON} backup.base verify")
    assert done.rc == 1
    assert segment.rpartition("/")[2] in done.stdout
    assert "kura_wal_segments_damaged 1\n" in twin.run("bak1", f"cat {TEXTFILES}/kura_wal.prom").stdout


def test_no_restore_ends_quietly_at_a_damaged_change_and_the_next_copy_opens_the_moments_after(
    twin, segment: str
) -> None:
    """PostgreSQL takes what it cannot read for the end of all changes: a day could be missing, and nobody told."""
    assert twin.run("bak1", f"printf KURA | dd of={segment} bs=1 seek=100 conv=notrunc").ok
    psql(twin, "SELECT pg_logical_emit_message(true, 'kura', 'later'); SELECT pg_switch_wal()")
    after = moment_of(twin)
    assert twin.run("bak1", f"{PYTHON} backup.wal watch").ok
    for said in (
        kura("restore", "database", "--to", after, expect=1),
        twin.run("bak1", f"{PYTHON} backup.pitr open last").stdout,
    ):
        assert f"{segment.rpartition('/')[2]} is damaged or missing" in said
        assert "Name an earlier moment, or one after the next copy" in said
    failed = read(twin.state, "drill")[-1]
    assert (failed.name, failed.passed) == ("restore-database", False)
    assert twin.run("bak1", f"ls {segment.partition('/wal/')[0]}/scratch").stdout == ""

    assert twin.run("bak1", "systemctl start kura-wal-base.service", patience=300).ok
    after = moment_of(twin)
    assert twin.run("bak1", f"{PYTHON} backup.wal watch").ok
    try:
        opened = twin.run("bak1", f"{PYTHON} backup.pitr open later --to {after}")
        assert opened.ok, opened.stdout
    finally:
        twin.run("bak1", f"{PYTHON} backup.pitr close later")


def test_the_bench_measures_what_a_loss_of_the_database_host_would_lose(twin, kept, tmp_path) -> None:
    """How little it must be is a question for a quiet machine, and not for one under tests: exit 1 is an answer too."""
    bench = [sys.executable, "-m", "cli", "bench", "recovery", "--part", "losses"]
    bench += ["--json", str(tmp_path / "bench.json")]
    done = subprocess.run(bench, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=420)
    assert done.returncode in (0, 1), done.stderr[-2000:]
    seen = figures(tmp_path / "bench.json")
    assert set(seen) == {"recovery_point_median_seconds", "recovery_point_worst_seconds"}
    assert all(row["goal"] == 5 and row["value"] > 0 for row in seen.values())
    assert psql(twin, "SELECT count(*) FROM pg_namespace WHERE nspname = 'kura_bench'") == "0"


@pytest.mark.req("S-BKP-004")
def test_the_weekly_rehearsal_restores_compares_and_leaves_its_record(twin, kept) -> None:
    now = "systemctl reset-failed kura-backup@daily.service; systemctl start kura-backup@daily.service"
    assert twin.run("db1", now, patience=300).ok
    done = twin.run("bak1", "systemctl start kura-restore-rehearsal.service", patience=300)
    said = twin.run("bak1", "cat $(ls -d /var/lib/kura/rehearsals/*.json | tail -1)").stdout
    record = json.loads(said)
    assert done.ok, said
    assert record["passed"] is True
    (database,) = record["databases"].values()
    assert database["rows"] > 0
    assert database["different"] == []
    assert database["unsound"] == ""
    assert twin.run("bak1", f"ls {kept}/scratch").stdout == ""
    figures_ = twin.run("bak1", f"cat {TEXTFILES}/kura_restore_drill.prom").stdout
    assert "kura_restore_drill_last_success_timestamp_seconds" in figures_
    assert twin.run("bak1", "systemctl is-active kura-restore-rehearsal.timer").stdout.strip() == "active"
    # The controller files it, once.
    given = argparse.Namespace(inventory=os.environ.get("KURA_INVENTORY", "nagano"))
    assert restore.collect(Context(given)) >= 1
    assert restore.collect(Context(given)) == 0
    filed = [one for one in read(twin.state, "drill") if one.started.isoformat() == record["started"]]
    assert [(one.name, one.passed, one.hosts) for one in filed] == [("restore-rehearsal", True, ["bak1"])]
    assert filed[0].figures["rehearsal_rows_compared"] == database["rows"]
