"""Backups are made, cannot be undone by their makers, and restore to the moment at which they were made."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator

import pytest

from backup import plan
from cli import deploy
from cli.context import Context
from tests.twin.verbs import kura

RESTORE = "cd / && PYTHONPATH=/usr/local/lib/kura python3 -m backup.restore"
SSH = (
    "ssh -i /etc/kura/borg/id_ed25519 -o BatchMode=yes -o StrictHostKeyChecking=yes "
    "-o UserKnownHostsFile=/etc/kura/borg/known_hosts"
)


def psql(twin, database: str, sql: str) -> str:
    """Run SQL as the database's administrator."""
    done = twin.run("db1", f"cd / && runuser -u postgres -- psql -XqAt -v ON_ERROR_STOP=1 -d {database}", stdin=sql)
    assert done.ok, done.stdout
    return done.stdout.strip()


def last_json(said: str) -> dict:
    return json.loads([line for line in said.splitlines() if line.startswith("{")][-1])


@pytest.fixture
def moment(twin) -> Iterator[str]:
    """A table of one row in the live database, in a schema of its own, for the time of a test."""
    drop = "DROP SCHEMA IF EXISTS kura_test CASCADE"
    psql(twin, "kura", f"{drop}; CREATE SCHEMA kura_test; CREATE TABLE kura_test.moment AS SELECT 1 AS n")
    try:
        yield "kura_test.moment"
    finally:
        psql(twin, "kura", drop)


def test_a_restore_gives_the_moment_of_the_backup_and_not_the_present(twin, moment: str) -> None:
    assert twin.run("db1", "systemctl start kura-backup@daily.service", patience=300).ok
    psql(twin, "kura", f"INSERT INTO {moment} VALUES (2)")
    try:
        done = twin.run("db1", f"{RESTORE} database kura --into kura_restore_moment", patience=300)
        assert done.ok, done.stdout
        assert last_json(done.stdout)["equal"]
        assert psql(twin, "kura_restore_moment", f"SELECT count(*) FROM {moment}") == "1"
        assert psql(twin, "kura", f"SELECT count(*) FROM {moment}") == "2"
    finally:
        twin.run("db1", "cd / && runuser -u postgres -- dropdb --if-exists --force kura_restore_moment")


def test_a_restore_that_fails_says_why_and_leaves_nothing(twin) -> None:
    done = twin.run("db1", f"{RESTORE} --archive db1-daily-never database kura --into kura_restore_never", patience=300)
    assert done.rc == 1
    assert "db1-daily-never" in last_json(done.stdout)["error"]
    assert psql(twin, "postgres", "SELECT count(*) FROM pg_database WHERE datname = 'kura_restore_never'") == "0"
    assert twin.run("db1", "ls -d /var/backups/kura/restore-* 2>/dev/null").stdout.strip() == ""


PROBE, BACK = "/etc/kura/restore-test", "/root/restore-test"


@pytest.fixture
def probe(twin) -> Iterator[str]:
    """A file of app1 that its backup takes; afterwards neither it nor what was restored is there."""
    try:
        yield PROBE
    finally:
        twin.run("app1", f"rm -f {PROBE} {BACK}; rm -rf /root/restored{PROBE}")


def playbook(name: str, **extra: object) -> None:
    """A playbook over app1, as an operator runs it; Refused with its words when it fails."""
    given = argparse.Namespace(inventory=os.environ.get("KURA_INVENTORY", "nagano"))
    deploy.playbook(Context(given), name, limit="app1", extra=extra)


def test_one_file_comes_back_as_it_was_at_a_moment_by_the_verb_and_as_it_was_last_by_the_playbook(
    twin, probe: str, tmp_path
) -> None:
    write = "umask 027 && printf {} > " + probe
    assert twin.run("app1", write.format("before")).ok
    back_up_app1(twin)
    moment = twin.run("app1", "date -u +%FT%T.%6N+00:00").stdout.strip()
    assert twin.run("app1", write.format("after")).ok
    playbook("backup")
    assert twin.run("app1", write.format("spoiled")).ok

    said = kura("restore", "file", "app1", probe, "--to", moment, "--json", tmp_path / "file.json")
    assert f'"file": "/root/restored{probe}"' in said
    assert twin.run("app1", f"cat /root/restored{probe}").stdout == "before"
    playbook("restore", restore_file=probe, restore_to=BACK)
    assert twin.run("app1", f"cat {BACK}; stat -c %a {BACK}").stdout == "after640\n"
    assert twin.run("app1", f"cat {probe}").stdout == "spoiled"
    early = kura("restore", "file", "app1", probe, "--to", "2020-01-01 00:00", expect=1)
    assert "no archive is as old" in early
    again = kura("restore", "file", "app1", probe, "--out", BACK, expect=2)
    assert "say --yes" in again


def test_the_key_of_a_client_opens_no_shell_and_no_other_repository(twin) -> None:
    server = twin.site.host(twin.site.backup.repository).address
    shell = twin.run("app1", f"{SSH} borg@{server} id </dev/null")
    assert "uid=" not in shell.stdout
    other = f"ssh://borg@{server}{twin.site.backup.path}/db1"
    listed = twin.run("app1", f"BORG_RSH='{SSH}' BORG_PASSPHRASE=x borg list {other} </dev/null")
    assert listed.rc != 0
    assert "not allowed" in listed.stdout


ROLL_BACK = """
set -e
rm -rf {copy}; cp -a {folder} {copy}
cd {copy}
find data -type f | while read -r segment; do
    test "$(basename "$segment")" -le {last} || rm "$segment"
done
rm -f index.* hints.* integrity.*
"""


def newest_segment(twin, folder: str) -> int:
    """Number of a repository's newest segment: where a rollback ends."""
    return int(twin.run("bak1", f"find {folder}/data -type f -printf '%f\\n' | sort -n | tail -1").stdout)


def size(twin, folder: str) -> int:
    """Bytes of a repository's segments."""
    return int(twin.run("bak1", f"cat $(find {folder}/data -type f) | wc -c").stdout)


def archives_of_app1(twin) -> list[str]:
    """Names of app1's daily archives as its own administrator sees them, oldest first."""
    done = twin.run("app1", "borgmatic --config /etc/borgmatic/kura-daily.yaml repo-list --json")
    assert done.ok, done.stdout
    return [row["name"] for row in json.loads(done.stdout)[0]["archives"]]


def back_up_app1(twin) -> None:
    """Back up app1 now, however often that has been done in the last hours."""
    now = "systemctl reset-failed kura-backup@daily.service; systemctl start kura-backup@daily.service"
    done = twin.run("app1", now, patience=300)
    assert done.ok, done.stdout


@pytest.fixture
def kept_app1(twin) -> Iterator[str]:
    """A fresh backup of app1 that a round has seen; the archive's name. Afterwards app1 is kept as before."""
    forget = "rm -f /var/lib/kura/borg-ledger/app1.json"
    assert twin.run("bak1", forget).ok
    back_up_app1(twin)
    began = twin.run("bak1", "systemctl start kura-backup-keep.service", patience=600)
    assert began.ok, began.stdout
    try:
        yield archives_of_app1(twin)[-1]
    finally:
        twin.run("bak1", f"{forget}; rm -rf /srv/kura-rolled-back; systemctl reset-failed kura-backup-keep.service")
        back_up_app1(twin)
        assert twin.run("bak1", "systemctl start kura-backup-keep.service", patience=600).ok


def test_a_client_that_deletes_its_archives_frees_nothing_on_the_server(twin, kept_app1: str) -> None:
    """Append-only, and a round that gives nothing back: the administrator goes back to before the deletion."""
    folder = f"{twin.site.backup.path}/app1"
    copy = "/srv/kura-rolled-back"
    before, last = size(twin, folder), newest_segment(twin, folder)
    job = "borgmatic --config /etc/borgmatic/kura-daily.yaml"
    assert twin.run("app1", f"{job} borg delete --last 1 && {job} compact").ok
    assert kept_app1 not in archives_of_app1(twin)

    done = twin.run("bak1", "systemctl start kura-backup-keep.service", patience=600)
    assert not done.ok
    assert kept_app1 in twin.run("bak1", "cat /var/lib/kura/borg-ledger/app1.json").stdout
    said = twin.run("bak1", "cat /var/lib/prometheus/node-exporter/kura_backup_store.prom").stdout
    assert 'kura_backup_archives_vanished{host="app1"} 1' in said
    assert 'kura_backup_keep_last_success_timestamp_seconds{host="app1"}' not in said
    assert size(twin, folder) >= before

    done = twin.run("bak1", ROLL_BACK.format(folder=folder, copy=copy, last=last))
    assert done.ok, done.stdout
    # A base folder of its own: borg refuses to go back in time on a computer that has seen the later state.
    borg = (
        f"cd /srv && BORG_BASE_DIR=$(mktemp -d) BORG_RELOCATED_REPO_ACCESS_IS_OK=yes "
        f"BORG_PASSCOMMAND='cat /etc/kura/borg-server/passphrases/app1' "
        f"borg extract --dry-run --list {copy}::{kept_app1}"
    )
    found = twin.run("bak1", borg)
    assert found.ok, found.stdout
    assert "etc/kura/" in found.stdout


def test_the_database_log_tells_errors_without_what_citizens_entered(twin, moment: str) -> None:
    psql(twin, "kura", f"CREATE UNIQUE INDEX ON {moment} (n)")
    logs = "cat /var/log/postgresql/*.log"
    as_postgres = "cd / && runuser -u postgres -- psql -XqAt -d kura"
    refused = twin.run("db1", as_postgres, stdin=f"INSERT INTO {moment} SELECT 1 AS hanako_0123456789")
    assert "duplicate key" in refused.stdout
    said = twin.run("db1", f"{logs} | tail -n 200").stdout
    assert "duplicate key value violates unique constraint" in said
    assert "hanako_0123456789" not in said
    assert "Key (n)=(1)" not in said


def test_every_running_client_has_its_timers_and_its_figures(twin) -> None:
    running = set(twin.running())
    for host in plan.clients(twin.site):
        if host.name not in running:
            continue
        timers = twin.run(host.name, "systemctl is-active kura-backup-daily.timer kura-backup-monthly.timer").stdout
        assert timers.split() == ["active", "active"], host.name
    done = twin.run("app1", "cat /var/lib/prometheus/node-exporter/kura_backup_daily.prom")
    assert 'kura_backup_last_success_timestamp_seconds{host="app1",repository="bak1",kind="daily"}' in done.stdout


def test_the_server_thins_out_and_checks_every_repository(twin) -> None:
    done = twin.run(
        "bak1", "systemctl start kura-backup-keep.service; systemctl is-failed kura-backup-keep.service", patience=600
    )
    assert done.stdout.strip() == "inactive", done.stdout
    said = twin.run("bak1", "cat /var/lib/prometheus/node-exporter/kura_backup_store.prom").stdout
    assert 'kura_backup_keep_last_success_timestamp_seconds{host="db1"}' in said


def test_passphrases_and_keys_are_for_root_alone(twin) -> None:
    modes = twin.run("app1", "stat -c '%a %U' /etc/kura/borg/passphrase /etc/kura/borg/id_ed25519").stdout.split()
    assert modes == ["600", "root", "600", "root"]


@pytest.fixture
def unknown_keeper(twin) -> Iterator[None]:
    """app1 does not know its keeper's key for the time of a test: its backups fail at once."""
    known = "/etc/kura/borg/known_hosts"
    assert twin.run("app1", f"mv {known} {known}.away && touch {known}").ok
    try:
        yield
    finally:
        twin.run("app1", f"test -e {known}.away && mv {known}.away {known}")
        back_up_app1(twin)


@pytest.mark.req("S-BKP-001")
def test_a_backup_that_fails_is_recorded_with_its_retry(twin, unknown_keeper: None) -> None:
    history = "cd / && PYTHONPATH=/usr/local/lib/kura python3 -m backup.history --days 1"
    tries = lambda: json.loads(twin.run("app1", history).stdout)[-1]  # noqa: E731
    before = tries()["attempts"]
    now = "systemctl stop kura-backup@daily.service; systemctl reset-failed kura-backup@daily.service"
    assert not twin.run("app1", f"{now}; systemctl start kura-backup@daily.service", patience=300).ok
    assert tries()["attempts"] == before + 1
    assert "ended with" in tries()["error"]
    assert (
        "kura_backup_last_attempt_success{"
        in twin.run("app1", "cat /var/lib/prometheus/node-exporter/kura_backup_daily_attempt.prom").stdout
    )
    # The unit itself waits for its next try.
    said = twin.run("app1", "systemctl show -p SubState -p ActiveState kura-backup@daily.service").stdout
    assert "auto-restart" in said
    twin.run("app1", "mv /etc/kura/borg/known_hosts.away /etc/kura/borg/known_hosts")
    back_up_app1(twin)
    assert tries()["attempts"] == before + 2
    assert tries()["outcome"] in ("good after retry", "good")


def test_a_damaged_part_of_a_repository_is_found(twin, kept_app1: str) -> None:
    folder = f"{twin.site.backup.path}/app1"
    part = twin.run("bak1", f"find {folder}/data -type f -size +100k | sort -V | tail -1").stdout.strip()
    check = (
        'cd / && PYTHONPATH=/usr/local/lib/kura python3 -c "from pathlib import Path; from backup import keep; '
        f"done = keep.keep(Path('{twin.site.backup.path}'), 'app1', "
        "sorted(keep.CONFIGS.glob('app1-*.yaml')), force=True); print(done.good)\""
    )
    assert twin.run("bak1", f"cp -a {part} /root/part && printf KURA | dd of={part} bs=1 seek=5000 conv=notrunc").ok
    try:
        done = twin.run("bak1", check, patience=300)
        assert "False" in done.stdout, done.stdout
    finally:
        twin.run("bak1", f"cp -a /root/part {part} && rm /root/part")
    done = twin.run("bak1", check, patience=300)
    assert "True" in done.stdout, done.stdout
