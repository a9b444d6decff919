"""Restores one file or a database on its host, and says how long it took and whether it is equal to the backup.

Standard library alone; run as root on the host whose backup it is. The last line printed is a JSON object.
    python3 -m backup.restore file PATH --to TARGET [--archive latest]
    python3 -m backup.restore database NAME --into SCRATCH [--archive latest] [--drop | --replace]
`--replace` puts the restored database in the live one's place and keeps the former under another name.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

DUMPS = Path("/var/backups/kura")


class RestoreError(Exception):
    """A restore that could not be done; the text says why. The live data is as it was."""


def extract(archive: str, path: str, into: Path, kind: str) -> None:
    """Take a path out of an archive, below a folder. RestoreError when it is not in there."""
    argv = ["borgmatic", "--config", f"/etc/borgmatic/kura-{kind}.yaml", "extract", "--archive", archive]
    argv += ["--path", path.lstrip("/"), "--destination", str(into)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode != 0 or not (into / path.lstrip("/")).exists():
        raise RestoreError(f"{path} cannot be taken from {archive}: {(done.stderr or done.stdout).strip()[-500:]}")


def sha256(path: Path) -> str:
    """Checksum of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def restore_file(path: str, target: Path, archive: str, kind: str) -> dict[str, Any]:
    """Put a backed-up file at the target with its owner and mode; replaces a file there atomically."""
    began = time.monotonic()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".kura-restore-", dir=target.parent) as name:
        extract(archive, path, Path(name), kind)
        found = Path(name) / path.lstrip("/")
        if not found.is_file():
            raise RestoreError(f"{path} is no file")
        digest, size = sha256(found), found.stat().st_size
        found.replace(target)
    return {"file": str(target), "sha256": digest, "bytes": size, "seconds": round(time.monotonic() - began, 2)}


def as_postgres(*argv: str, environment: str = "PYTHONPATH=/usr/local/lib/kura") -> str:
    """Run a command as the database's administrator; RestoreError with its words when it fails."""
    command = ["runuser", "-u", "postgres", "--", "env", environment, *argv]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    if done.returncode != 0:
        raise RestoreError(f"{' '.join(argv[:3])}: {(done.stderr or done.stdout).strip()[-500:]}")
    return done.stdout


def tables_of(database: str) -> dict[str, Any]:
    """Manifest of a database as it is now."""
    value: dict[str, Any] = json.loads(as_postgres("/usr/bin/python3", "-m", "backup.dump", "manifest", database))
    return value


def differences(wanted: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """Names of tables whose rows or checksum differ, or that are only on one side."""
    return sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))


def restore_database(name: str, scratch: str, archive: str, kind: str) -> dict[str, Any]:
    """Restore into a new database and compare it with the manifest in the backup. A failed one is dropped again."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="restore-", dir=DUMPS) as folder:
        extract(archive, str(DUMPS), Path(folder), kind)
        extracted = time.monotonic()
        dump = Path(folder) / str(DUMPS).lstrip("/") / f"{name}.dump"
        manifest = json.loads(dump.with_suffix(".manifest.json").read_text(encoding="utf-8"))
        # pg_restore runs as postgres; the folder above belongs to root and would keep it out.
        for path in (Path(folder), *Path(folder).rglob("*")):
            shutil.chown(path, "postgres", "postgres")
        owner = as_postgres(
            "psql",
            "-XqAt",
            "-c",
            f"SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = '{name}'",  # noqa: S608
        ).strip()
        as_postgres("createdb", "-T", "template0", "-O", owner or "postgres", scratch)
        try:
            as_postgres("pg_restore", "-j", "2", "--exit-on-error", "-d", scratch, str(dump))
            restored = time.monotonic()
            found = tables_of(scratch)
        except RestoreError:
            as_postgres("dropdb", "--if-exists", "--force", scratch)
            raise
        size = dump.stat().st_size
    different = differences(manifest["tables"], found)
    seconds = restored - began
    return {
        "database": name,
        "into": scratch,
        "taken": manifest["taken"],
        "seconds": round(seconds, 2),
        "extract_seconds": round(extracted - began, 2),
        "load_seconds": round(restored - extracted, 2),
        "bytes": size,
        "mb_per_second": round(size / 1e6 / seconds, 3),
        "tables": len(found),
        "rows": sum(table["rows"] for table in found.values()),
        "equal": not different,
        "different": different,
    }


# Rights on the database itself are not in a dump of one database: carried over from the former one.
RIGHTS = """
DO $$ DECLARE r record; BEGIN
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', '{name}');
  FOR r IN SELECT a.* FROM pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
           WHERE d.datname = '{former}' LOOP
    EXECUTE format('GRANT %s ON DATABASE %I TO %s', r.privilege_type, '{name}',
                   CASE WHEN r.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(r.grantee)) END);
  END LOOP;
END $$
"""


def replace_live(name: str, scratch: str) -> str:
    """Put the restored database in the live one's place; returns the name under which the former is kept.

    All or nothing: when a step fails the live database is open again under its own name. Settings made with
    ALTER DATABASE … SET come back with the next deploy.
    """
    former = f"{name}_before_{time.strftime('%Y%m%d_%H%M%S')}"
    psql = ("psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", "postgres")
    ended = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608
    # New sessions are refused first, or the application is back before the names have changed.
    as_postgres(*psql, "-c", f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
    try:
        as_postgres(*psql, "-c", ended)
        renames = [f'ALTER DATABASE "{name}" RENAME TO "{former}"', f'ALTER DATABASE "{scratch}" RENAME TO "{name}"']
        changes = [*renames, RIGHTS.format(name=name, former=former)]
        as_postgres(*psql, "--single-transaction", *(part for sql in changes for part in ("-c", sql)))
    except RestoreError:
        as_postgres(*psql, "-c", f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        raise
    as_postgres(*psql, "-c", f'ALTER DATABASE "{former}" ALLOW_CONNECTIONS true')
    return former


def main() -> int:
    """Do what the arguments ask; the result is the last line, as JSON."""
    parser = argparse.ArgumentParser(description="restore from this host's backup")
    parser.add_argument("--archive", default="latest")
    parser.add_argument("--kind", default="daily", choices=["daily", "monthly"])
    kinds = parser.add_subparsers(dest="what", required=True)
    one = kinds.add_parser("file")
    one.add_argument("path")
    one.add_argument("--to", required=True, type=Path)
    whole = kinds.add_parser("database")
    whole.add_argument("name")
    whole.add_argument("--into", required=True)
    whole.add_argument("--drop", action="store_true", help="drop the restored database after comparing it")
    whole.add_argument("--replace", action="store_true", help="put it in the live database's place when it is equal")
    options = parser.parse_args()
    try:
        if options.what == "file":
            result = restore_file(options.path, options.to, options.archive, options.kind)
        else:
            result = restore_database(options.name, options.into, options.archive, options.kind)
            if options.replace and result["equal"]:
                result["former"] = replace_live(options.name, options.into)
            elif options.drop:
                as_postgres("dropdb", "--force", options.into)
    except RestoreError as error:
        print(json.dumps({"error": str(error)}, ensure_ascii=False))
        return 1
    print(json.dumps(result, ensure_ascii=False))
    return 0 if result.get("equal", True) else 1


if __name__ == "__main__":
    sys.exit(main())
