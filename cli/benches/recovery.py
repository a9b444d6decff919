"""Backup and recovery of the library's database: seconds, MB/s against a plain pg_restore, growth, and what is lost.

Everything is measured on the running twin with the data it holds; the size is among the figures. The growth of a day is
that of as many rows as a day of Nagano writes (1.7 million loans a year, each returned), in a schema that is dropped.
"""

from __future__ import annotations

import argparse
import re
import time
from datetime import UTC, datetime
from typing import Any

from backup import plan
from backup.recovery import Recovery
from backup.rehearsal import GOAL_SECONDS
from backup.run import TEXTFILES
from cli import evidence, restore
from cli.benches import recovery_power
from cli.context import Context, Refused

RPO_GOAL_SECONDS = 5
ACTS_A_DAY = 2 * 1_700_000 // 365
SAMPLES = 40
# The keeper's answer is looked at a hundred times a second after each of the commits.
DELAYS = """
DO $$
DECLARE began timestamptz; wanted pg_lsn;
BEGIN
  FOR n IN 1..{samples} LOOP
    INSERT INTO kura_bench.acts SELECT g, repeat('x', 200) FROM generate_series(1, 20) g;
    COMMIT;
    began := clock_timestamp();
    wanted := pg_current_wal_flush_lsn();
    WHILE NOT EXISTS (SELECT FROM pg_stat_replication WHERE application_name = 'kura-archive' AND flush_lsn >= wanted)
    LOOP
      PERFORM pg_sleep(0.01);
      IF clock_timestamp() - began > interval '60 s' THEN RAISE EXCEPTION 'not kept within a minute'; END IF;
    END LOOP;
    RAISE NOTICE 'kept after % s', extract(epoch FROM clock_timestamp() - began);
  END LOOP;
END $$
"""
DAY = "INSERT INTO kura_bench.acts SELECT g, md5(g::text) || repeat('x', 168) FROM generate_series(1, {acts}) g"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this bench."""
    parser.add_argument("--without-power", action="store_true", help="only backups and restores, no power cut")
    parser.add_argument(
        "--part", action="append", choices=("losses", "backups", "restores"), help="only this, no power"
    )


def run(context: Context) -> evidence.Figures:
    """Measure on the running twin; Refused when one of its hosts is missing."""
    one = restore.of_context(context)
    running = {host.name for host in context.twin.running()}
    for host in (one.database_host, one.keeper):
        if host not in running:
            raise Refused(f"{host} is not running; start it with: ./kura up")
    one.sql("DROP SCHEMA IF EXISTS kura_bench CASCADE; CREATE SCHEMA kura_bench", "kura")
    one.sql("CREATE TABLE kura_bench.acts (n bigint, what text)", "kura")
    try:
        parts, figures = {"losses": losses, "backups": backups, "restores": restores}, evidence.Figures()
        for name in context.arguments.part or parts:
            figures |= parts[name](context, one)
    finally:
        one.sql("DROP SCHEMA IF EXISTS kura_bench CASCADE", "kura")
    without = context.arguments.without_power or context.arguments.part
    return figures if without else {**figures, **recovery_power.figures(context)}


def losses(context: Context, one: Recovery) -> evidence.Figures:
    """How long a commit takes until it is kept elsewhere, durably: what a loss of the database host would lose."""
    with context.progress.step("changes on their way to the keeper"):
        program = "cd / && runuser -u postgres -- psql -XqAt -v ON_ERROR_STOP=1 -d kura 2>&1"
        code, said = context.twin.shell(one.database_host, program, stdin=DELAYS.format(samples=SAMPLES))
    found = sorted(float(seconds) for seconds in re.findall(r"kept after ([0-9.]+) s", said))
    if code or len(found) != SAMPLES:
        raise Refused(f"the changes' delay could not be measured: {said.strip()[-300:]}")
    return {
        "recovery_point_median_seconds": evidence.figure(found[len(found) // 2], "s", RPO_GOAL_SECONDS),
        "recovery_point_worst_seconds": evidence.figure(found[-1], "s", RPO_GOAL_SECONDS),
    }


def backups(context: Context, one: Recovery) -> evidence.Figures:
    """A backup, one more of the same, and one after the rows of a day; and a copy of the whole cluster."""
    seconds, _ = _back_up(context, one)
    _, unchanged = _back_up(context, one)
    one.sql(DAY.format(acts=ACTS_A_DAY), "kura")
    _, grown = _back_up(context, one)
    with context.progress.step("copy of the whole cluster"):
        began = time.monotonic()
        one.run(one.keeper, "systemctl start kura-wal-base.service")
        copied = time.monotonic() - began
    return {
        "backup_seconds": evidence.figure(seconds, "s"),
        "backup_unchanged_new_mb": evidence.figure(unchanged / 1e6, "MB"),
        "backup_day_new_mb": evidence.figure(grown / 1e6, "MB"),
        "cluster_copy_seconds": evidence.figure(copied, "s"),
    }


def _back_up(context: Context, one: Recovery) -> tuple[float, float]:
    """Back the database host up now: seconds, and bytes that are new in the repository."""
    with context.progress.step(f"backup of {one.database_host}"):
        began = time.monotonic()
        unit = "kura-backup@daily.service"
        one.run(one.database_host, f"systemctl stop {unit}; systemctl reset-failed {unit}; systemctl start {unit}")
        seconds = time.monotonic() - began
    said = one.run(one.database_host, f"cat {TEXTFILES}/kura_backup_daily.prom")
    new = next(line for line in said.splitlines() if line.startswith("kura_backup_last_new_bytes"))
    return seconds, float(new.rsplit(" ", 1)[1])


def restores(context: Context, one: Recovery) -> evidence.Figures:
    """The same database: by pg_restore from a local dump, from the newest backup, and at this moment by its changes."""
    plain = _plain(context, one)
    with context.progress.step("restore from the newest backup"):
        said = one.ask(
            one.database_host,
            "cd / && PYTHONPATH=/usr/local/lib/kura python3 -m backup.restore database kura --into kura_bench_b --drop",
        )
    now = datetime.now(UTC)
    with context.progress.step("restore of this moment"):
        began = time.monotonic()
        moment: dict[str, Any] = one.database("kura", now, now, replace=False)
        seconds = time.monotonic() - began
        one.sql(f'DROP DATABASE "{moment["into"]}" WITH (FORCE)')
    unequal = len(said["different"]) + len(moment["different"])
    return {
        "restore_dump_mb": evidence.figure(said["bytes"] / 1e6, "MB"),
        "restore_rows_compared": evidence.figure(said["rows"] + moment["rows"], "rows"),
        "restore_tables_unequal": evidence.figure(unequal, "tables", 0),
        "restore_plain_mb_per_second": evidence.figure(plain, "MB/s"),
        "restore_backup_mb_per_second": evidence.figure(said["mb_per_second"], "MB/s"),
        "restore_backup_of_plain_percent": evidence.figure(100 * said["mb_per_second"] / plain, "%"),
        "restore_backup_seconds": evidence.figure(said["seconds"], "s", GOAL_SECONDS),
        "restore_moment_seconds": evidence.figure(seconds, "s", GOAL_SECONDS),
        "restore_moment_recovery_seconds": evidence.figure(moment["recover"]["recover_seconds"], "s"),
    }


def _plain(context: Context, one: Recovery) -> float:
    """MB/s of a plain pg_restore of a dump that lies on the database host's own disk."""
    dump, into = f"{plan.DUMPS}/bench.dump", "kura_bench_a"
    as_postgres = "cd / && runuser -u postgres --"
    try:
        one.run(one.database_host, f"{as_postgres} pg_dump -Fc -Z0 -f {dump} -d kura")
        size = int(one.run(one.database_host, f"stat -c %s {dump}"))
        one.run(one.database_host, f"{as_postgres} createdb -T template0 {into}")
        with context.progress.step("plain pg_restore"):
            began = time.monotonic()
            one.run(one.database_host, f"{as_postgres} pg_restore -j 2 --exit-on-error -d {into} {dump}")
            return size / 1e6 / (time.monotonic() - began)
    finally:
        one.shell(one.database_host, f"{as_postgres} dropdb --if-exists --force {into}; rm -f {dump}")
