"""The weekly rehearsal of a restore, on the keeper, with nobody present. Standard library alone.

Two restores, each into a cluster of its own that is removed again:
- the newest dump, out of the database host's repository: rows and checksums of every table as at its moment;
- the newest copy with every change since (backup/pitr.py): every index and every page of every table is read.
Figures go to Prometheus, a record to /var/lib/kura/rehearsals, which the controller files as evidence.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from backup import pitr
from backup.dump import differences
from backup.run import TEXTFILES, publish, text
from backup.wal import BIN, Settings, WalError

RECORDS = Path("/var/lib/kura/rehearsals")
METRIC = "kura_restore_drill_last_success_timestamp_seconds"
NAME = "rehearsal"
GOAL_SECONDS = 4 * 3600  # S-BKP-004: a restore is done within four hours


def borg(settings: Settings, *argv: str) -> subprocess.CompletedProcess[str]:
    """Run borg on the database host's repository, beside the running backups."""
    secret = f"cat /etc/kura/borg-server/passphrases/{settings.source}"
    command = ["env", f"BORG_PASSCOMMAND={secret}", "borg", "--lock-wait", "900", *argv]
    done = subprocess.run(
        ["runuser", "-u", "borg", "--", *command], capture_output=True, text=True, check=False, cwd="/var/lib/borg"
    )
    if done.returncode > 1:
        raise WalError(f"borg {argv[0]}: {done.stderr.strip()[-500:]}")
    return done


def dumped(settings: Settings, database: str, folder: Path) -> tuple[Path, dict[str, Any]]:
    """The newest dump of a database and its manifest, out of the repository."""
    listed = json.loads(borg(settings, "list", "--json", "--last", "1", str(settings.repository)).stdout)["archives"]
    if not listed:
        raise WalError(f"{settings.repository} has no archive")
    where = f"{settings.repository}::{listed[0]['name']}"
    for name in (f"{database}.dump", f"{database}.manifest.json"):
        path = f"var/backups/kura/{name}"
        secret = f"BORG_PASSCOMMAND=cat /etc/kura/borg-server/passphrases/{settings.source}"
        with (folder / name).open("wb") as out:
            argv = ["runuser", "-u", "borg", "--", "env", secret, "borg", "extract", "--stdout", where, path]
            done = subprocess.run(argv, stdout=out, stderr=subprocess.PIPE, check=False, cwd="/var/lib/borg")
        if done.returncode != 0 or not (folder / name).stat().st_size:
            said = done.stderr.decode(errors="replace").strip()[-300:]
            raise WalError(f"{path} cannot be taken from {where}: {said}")
    manifest: dict[str, Any] = json.loads((folder / f"{database}.manifest.json").read_text(encoding="utf-8"))
    return folder / f"{database}.dump", manifest


def tables_of(scratch: pitr.Scratch, database: str) -> dict[str, Any]:
    """Rows and checksum of every table of a database in a recovered cluster."""
    told = ["env", f"PGHOST={scratch.sockets}", f"PGPORT={pitr.PORT}", "PYTHONPATH=/usr/local/lib/kura"]
    said = pitr.as_postgres(*told, "/usr/bin/python3", "-m", "backup.dump", "manifest", database).stdout
    value: dict[str, Any] = json.loads(said)
    return value


def from_dump(settings: Settings, scratch: pitr.Scratch, database: str) -> dict[str, Any]:
    """Load the newest dump beside the recovered database and compare it with the moment at which it was made."""
    into, folder = f"{database}_from_dump", scratch.folder / "dump"
    folder.mkdir(mode=0o700)
    began = time.monotonic()
    try:
        dump, manifest = dumped(settings, database, folder)
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, "postgres", "postgres")
        where = ["-h", str(scratch.sockets), "-p", str(pitr.PORT)]
        pitr.as_postgres("createdb", *where, "-T", "template0", into)
        pitr.as_postgres("pg_restore", *where, "-j", "2", "--exit-on-error", "-d", into, str(dump))
        seconds = time.monotonic() - began
        found = tables_of(scratch, into)
        return {
            "taken": manifest["taken"],
            "seconds": round(seconds, 2),
            "bytes": dump.stat().st_size,
            "rows": sum(table["rows"] for table in found.values()),
            "different": differences(manifest["tables"], found),
        }
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def examine(scratch: pitr.Scratch, database: str) -> str:
    """What pg_amcheck says against a recovered database; empty when every table and index is sound."""
    program = [str(BIN / "pg_amcheck"), "-h", str(scratch.sockets), "-p", str(pitr.PORT), "--install-missing"]
    done = pitr.as_postgres(*program, "--heapallindexed", "-d", database, check=False)
    return "" if done.returncode == 0 else (done.stdout + done.stderr).strip()[-800:]


def rehearse(settings: Settings) -> dict[str, Any]:
    """Both restores of every database; returns what was measured and whether all of it was good."""
    scratch = pitr.Scratch(settings.store / "scratch" / NAME)
    result: dict[str, Any] = {"databases": {}}
    try:
        recovered = pitr.open_at(settings, NAME, None)
        result["recovered"] = recovered
        for database in settings.databases:
            row = from_dump(settings, scratch, database)
            row["unsound"] = examine(scratch, database)
            row["recovered_rows"] = sum(table["rows"] for table in tables_of(scratch, database).values())
            result["databases"][database] = row
    finally:
        pitr.close(settings, NAME)
    rows = result["databases"].values()
    result["passed"] = bool(rows) and all(
        row["rows"] > 0 and row["recovered_rows"] > 0 and not row["different"] and not row["unsound"] for row in rows
    )
    return result


def metrics(result: dict[str, Any], ended: float) -> dict[str, float]:
    """Metric values of a good rehearsal."""
    rows, recovered = result["databases"].values(), result["recovered"]
    seconds = sum(row["seconds"] for row in rows)
    return {
        METRIC: ended,
        "kura_restore_drill_dump_seconds": seconds,
        "kura_restore_drill_dump_bytes": sum(row["bytes"] for row in rows),
        "kura_restore_drill_rows": sum(row["rows"] for row in rows),
        "kura_restore_drill_recovery_seconds": recovered["copy_seconds"] + recovered["recover_seconds"],
    }


def main() -> int:
    """Rehearse, leave the record and the figures; exit 1 when a restore was not good."""
    started = datetime.now(UTC)
    try:
        result = rehearse(Settings.read())
    except (WalError, OSError, subprocess.CalledProcessError, ValueError) as error:
        result = {"passed": False, "error": str(error)}
    record = {"started": started.isoformat(), "finished": datetime.now(UTC).isoformat(), **result}
    RECORDS.mkdir(parents=True, exist_ok=True)
    part = RECORDS / f".{started:%Y%m%dT%H%M%SZ}.part"
    part.write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    part.rename(RECORDS / f"{started:%Y%m%dT%H%M%SZ}.json")
    if result["passed"]:
        publish(TEXTFILES, "kura_restore_drill", text(metrics(result, time.time())))
    print(json.dumps(record, ensure_ascii=False))
    return 0 if result["passed"] else 1


if __name__ == "__main__":
    sys.exit(main())
