"""The restore drill: back up now, lose a file, get it back; restore the database beside the live one and compare.

It acts on running hosts through `shell(host, command) -> (rc, output)`; everything it makes it removes again.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from backup import plan
from backup.rehearsal import GOAL_SECONDS
from inventory import Host, Inventory

Shell = Callable[[str, str], tuple[int, str]]
PROBE = "/etc/kura/restore-drill.txt"
PROGRAM = "cd / && PYTHONPATH=/usr/local/lib/kura python3 -m backup.restore"
TEXTFILES = "/var/lib/prometheus/node-exporter"


class DrillError(Exception):
    """A step of the drill failed; the text says which and how."""


def drilled_hosts(site: Inventory) -> tuple[Host, ...]:
    """Hosts whose restore is drilled: those that hold the library's data, and the library's own."""
    chosen = []
    for host in plan.clients(site):
        row = plan.backup_class(site, host)
        if row.databases or host in site.service("library").hosts:
            chosen.append(host)
    return tuple(chosen)


def run(site: Inventory, shell: Shell, progress: Callable[[str], None]) -> dict[str, Any]:
    """Drill a file on each drilled host and every database; returns passed, figures and details."""
    details: dict[str, Any] = {"files": {}, "databases": {}, "backup_seconds": {}}
    for host in drilled_hosts(site):
        details["files"][host.name], details["backup_seconds"][host.name] = file_drill(host.name, shell, progress)
        for database in plan.backup_class(site, host).databases:
            details["databases"][database] = database_drill(host.name, database, shell, progress)
    figures = figures_of(details)
    # An empty database restores equal too, and proves nothing.
    compared = details["files"] and figures["restore_rows_compared"]["value"] > 0
    passed = bool(compared) and all(row["met"] is not False for row in figures.values())
    if passed:
        details["metric"] = publish(site, shell)
    return {"passed": passed, "figures": figures, "details": details}


def must(shell: Shell, host: str, command: str) -> str:
    """Output of a command; DrillError with its words when it fails."""
    code, said = shell(host, command)
    if code != 0:
        raise DrillError(f"{host}: {command[:80]}: {said.strip()[-500:]}")
    return said


def answer(said: str) -> dict[str, Any]:
    """The JSON object in the last line of a program's output; DrillError when there is none."""
    for line in reversed(said.strip().splitlines()):
        if line.startswith("{"):
            value: dict[str, Any] = json.loads(line)
            return value
    raise DrillError(f"no result in: {said.strip()[-300:]}")


def file_drill(host: str, shell: Shell, progress: Callable[[str], None]) -> tuple[dict[str, Any], float]:
    """Write a file, back up, spoil the file, restore it in place; returns what happened and the backup's seconds."""
    text = secrets.token_hex(32)
    must(shell, host, f"umask 077 && printf %s {text} > {PROBE}")
    try:
        wanted = must(shell, host, f"sha256sum {PROBE}").split()[0]
        began = time.monotonic()
        # A unit in its quarter of an hour between two attempts counts as running: start it afresh. By its name: a
        # pattern only finds failed units, and would leave the count of starts that have been good.
        shell(host, "systemctl stop kura-backup@daily.service; systemctl reset-failed kura-backup@daily.service")
        must(shell, host, "systemctl start kura-backup@daily.service")
        seconds = round(time.monotonic() - began, 2)
        progress(f"{host}: backed up in {seconds:.0f} s")
        must(shell, host, f"printf spoiled > {PROBE}")
        restored = answer(must(shell, host, f"{PROGRAM} file {PROBE} --to {PROBE} 2>/dev/null"))
        found = must(shell, host, f"sha256sum {PROBE}").split()[0]
        progress(f"{host}: file restored in {restored['seconds']:.0f} s")
        return {"equal": found == wanted == restored["sha256"], "seconds": restored["seconds"]}, seconds
    finally:
        shell(host, f"rm -f {PROBE}")


def database_drill(host: str, database: str, shell: Shell, progress: Callable[[str], None]) -> dict[str, Any]:
    """Restore the newest backup of a database into a scratch one, compare with the moment of the backup, drop it."""
    scratch = f"{database}_restore_{datetime.now(UTC):%Y%m%d%H%M%S}"
    try:
        _, said = shell(host, f"{PROGRAM} database {database} --into {scratch} --drop 2>/dev/null")
        restored = answer(said)
        if "error" in restored:
            raise DrillError(f"{host}: {restored['error']}")
    finally:
        shell(host, f"cd / && runuser -u postgres -- dropdb --if-exists --force {scratch}")
    progress(f"{database}: {restored['rows']} rows restored in {restored['seconds']:.0f} s")
    return restored


def figure(value: float, unit: str, goal: float | None = None) -> dict[str, Any]:
    """A measured value with the most it may be."""
    return {"value": round(value, 3), "unit": unit, "goal": goal, "met": None if goal is None else value <= goal}


def figures_of(details: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Figures of a drill from its details."""
    files, databases = details["files"].values(), details["databases"].values()
    return {
        "restore_backup_seconds": figure(max(details["backup_seconds"].values(), default=0), "s"),
        "restore_file_seconds": figure(max((row["seconds"] for row in files), default=0), "s", GOAL_SECONDS),
        "restore_files_unequal": figure(sum(not row["equal"] for row in files), "files", 0),
        "restore_database_seconds": figure(sum(row["seconds"] for row in databases), "s", GOAL_SECONDS),
        "restore_database_mb_per_second": figure(min((row["mb_per_second"] for row in databases), default=0), "MB/s"),
        "restore_rows_compared": figure(sum(row["rows"] for row in databases), "rows"),
        "restore_tables_unequal": figure(sum(len(row["different"]) for row in databases), "tables", 0),
    }


def publish(site: Inventory, shell: Shell) -> str:
    """Leave the time of this good drill for Prometheus on the host that keeps the backups; returns the metric."""
    metric = f"kura_restore_drill_last_success_timestamp_seconds {time.time():.0f}"
    text = f"# TYPE kura_restore_drill_last_success_timestamp_seconds gauge\\n{metric}\\n"
    target = f"{TEXTFILES}/kura_restore_drill.prom"
    must(
        shell,
        site.backup.repository,
        f"install -d {TEXTFILES} && printf '{text}' > {target}.part && mv {target}.part {target}",
    )
    return metric
