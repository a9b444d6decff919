"""Restores one file or a database on its host, and says how long it took and whether it is equal to the backup.

Standard library alone; run as root on the host whose backup it is. The last line printed is a JSON object.
    python3 -m backup.restore archives
    python3 -m backup.restore file PATH --to TARGET [--archive latest | --at MOMENT]
    python3 -m backup.restore paths PATH... [--archive latest | --at MOMENT] [--join PATH]
    python3 -m backup.restore database NAME --into SCRATCH [--archive latest | --at MOMENT] [--drop | --replace]
    python3 -m backup.restore load NAME --into SCRATCH --dump FILE [--replace]
`--replace` puts the restored database in the live one's place and keeps the former under another name. `load` takes a
dump with its manifest (FILE with .manifest.json) instead of an archive. `paths` puts whole folders back, all or none;
what a service has put into a joined folder since stays in it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from backup.dump import differences

DUMPS = Path("/var/backups/kura")


NO_BACKUP = ".kura-no-backup"  # borgmatic leaves out a folder with this file (backup/borgmatic.py)


class RestoreError(Exception):
    """A restore that could not be done; the text says why. The live data is as it was."""


def extract(archive: str, path: str, into: Path, kind: str) -> None:
    """Take a path out of an archive, below a folder. RestoreError when it is not in there."""
    argv = ["borgmatic", "--config", f"/etc/borgmatic/kura-{kind}.yaml", "extract", "--archive", archive]
    argv += ["--path", path.lstrip("/"), "--destination", str(into)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode != 0 or not (into / path.lstrip("/")).exists():
        raise RestoreError(f"{path} cannot be taken from {archive}: {(done.stderr or done.stdout).strip()[-500:]}")


def archives(host: str = "*") -> list[dict[str, str]]:
    """Name and moment (ISO 8601 with a zone) of every archive in this host's repository, oldest first."""
    argv = ["borgmatic", "--config", "/etc/borgmatic/kura-daily.yaml", "repo-list"]
    done = subprocess.run(
        [*argv, "--match-archives", f"sh:{host}", "--json"], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RestoreError(f"the repository cannot be read: {(done.stderr or done.stdout).strip()[-500:]}")
    rows = json.loads(done.stdout)[0]["archives"]
    # Borg tells local time without its zone.
    found = [
        {"name": row["archive"], "at": datetime.fromisoformat(row["start"]).astimezone().isoformat()} for row in rows
    ]
    return sorted(found, key=lambda row: datetime.fromisoformat(row["at"]))


def archive_at(found: list[dict[str, str]], moment: datetime) -> str:
    """The newest archive that was made at or before a moment; RestoreError when all are younger."""
    before = [row for row in found if datetime.fromisoformat(row["at"]) <= moment]
    if not before:
        first = found[0]["at"] if found else "none"
        raise RestoreError(f"no archive is as old as {moment.isoformat()}: the first is {first}")
    return before[-1]["name"]


def holders(paths: list[str]) -> list[str]:
    """Services whose processes have a file below the paths open."""
    found: set[str] = set()
    for opened in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if not any(Path(opened.readlink()).is_relative_to(path) for path in paths):
                continue
            group = (opened.parents[1] / "cgroup").read_text(encoding="utf-8")
        except OSError:  # the process, or its file, has gone
            continue
        found |= {part for part in group.replace("\n", "/").split("/") if part.endswith(".service")}
    return sorted(found)


@contextmanager
def at_rest(units: list[str]) -> Iterator[None]:
    """These services stand still meanwhile. RestoreError when one cannot be stopped."""
    try:
        if units:
            done = subprocess.run(["systemctl", "stop", *units], capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise RestoreError(f"{', '.join(units)} cannot be stopped: {done.stderr.strip()[-300:]}")
        yield
    finally:
        if units:
            subprocess.run(["systemctl", "start", *units], check=False)


def join(path: Path, aside: Path) -> None:
    """Add what came to a folder since to what was put back: new files, and the lines of the logs that are in both."""
    for later in sorted(one for one in aside.rglob("*") if one.is_file()):
        name = later.relative_to(aside)
        target = path / name
        if not target.exists():
            subprocess.run(["cp", "-a", "--parents", str(name), str(path)], check=True, cwd=aside)
        elif target.suffix == ".log":
            with later.open("rb") as source, target.open("r+b") as out:
                # The same file grown longer, or one that a new host began.
                while (part := out.read(1 << 20)) and source.read(len(part)) == part:
                    pass
                if part:
                    source.seek(0)
                    out.seek(0, os.SEEK_END)
                shutil.copyfileobj(source, out)


def _change_places(path: Path, found: Path, aside: Path) -> None:
    """A folder that was taken from the backup comes in place of what is there, which is kept aside."""
    if path.exists():
        path.rename(aside)
    found.rename(path)
    for mark in [*aside.rglob(NO_BACKUP)] if aside.exists() else ():
        target = path / mark.parent.relative_to(aside)
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            mark.parent.rename(target)


def restore_paths(paths: list[str], archive: str, kind: str, joined: tuple[str, ...] = ()) -> dict[str, Any]:
    """Put whole folders back as they were; what was there is kept beside. Nothing is touched before all is extracted.

    Folders that are never backed up (caches) are taken over from what was there. Services that have files there open
    stand still while the folders change places. `joined` keeps what came since, as well.
    """
    began, stamp = time.monotonic(), time.strftime("%Y%m%d_%H%M%S")
    staged: list[tuple[Path, Path, Path]] = []
    try:
        for path in map(Path, paths):
            folder = path.parent / f".kura-restore-{stamp}"
            folder.mkdir(mode=0o700, exist_ok=True)
            staged.append((path, folder, path.with_name(f"{path.name}.before_{stamp}")))
            extract(archive, str(path), folder, kind)
        with at_rest(holders(paths)):
            for path, folder, aside in staged:
                _change_places(path, folder / str(path).lstrip("/"), aside)
                if aside.exists() and str(path) in joined:
                    join(path, aside)
    except (OSError, subprocess.CalledProcessError) as error:
        raise RestoreError(str(error)) from None
    finally:
        for _, folder, _ in staged:
            shutil.rmtree(folder, ignore_errors=True)
    before = [str(aside) for _, _, aside in staged if aside.exists()]
    return {"paths": paths, "archive": archive, "before": before, "seconds": round(time.monotonic() - began, 2)}


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


def restore_database(name: str, scratch: str, archive: str, kind: str) -> dict[str, Any]:
    """Restore into a new database and compare it with the manifest in the backup. A failed one is dropped again."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="restore-", dir=DUMPS) as folder:
        extract(archive, str(DUMPS), Path(folder), kind)
        extracted = time.monotonic() - began
        # pg_restore runs as postgres; the folder above belongs to root and would keep it out.
        for path in (Path(folder), *Path(folder).rglob("*")):
            shutil.chown(path, "postgres", "postgres")
        result = load_database(name, scratch, Path(folder) / str(DUMPS).lstrip("/") / f"{name}.dump")
    seconds = result["load_seconds"] + extracted
    speed = round(result["bytes"] / 1e6 / seconds, 3)
    return {**result, "seconds": round(seconds, 2), "extract_seconds": round(extracted, 2), "mb_per_second": speed}


def load_database(name: str, scratch: str, dump: Path) -> dict[str, Any]:
    """Load a dump into a new database and compare it with the manifest beside it. A failed one is dropped again."""
    began = time.monotonic()
    manifest = json.loads(dump.with_suffix(".manifest.json").read_text(encoding="utf-8"))
    owned = f"SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = '{name}'"  # noqa: S608
    owner = as_postgres("psql", "-XqAt", "-c", owned).strip()
    as_postgres("createdb", "-T", "template0", "-O", owner or "postgres", scratch)
    try:
        as_postgres("pg_restore", "-j", "2", "--exit-on-error", "-d", scratch, str(dump))
        seconds = max(time.monotonic() - began, 0.01)
        found = tables_of(scratch)
    except RestoreError:
        as_postgres("dropdb", "--if-exists", "--force", scratch)
        raise
    different, size = differences(manifest["tables"], found), dump.stat().st_size
    return {
        "database": name,
        "into": scratch,
        "taken": manifest["taken"],
        "seconds": round(seconds, 2),
        "load_seconds": round(seconds, 2),
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


def arguments() -> argparse.ArgumentParser:
    """What the program is asked."""
    parser = argparse.ArgumentParser(description="restore from this host's backup")
    parser.add_argument("--archive", default="latest")
    parser.add_argument("--at", type=datetime.fromisoformat, help="the newest archive at or before this moment")
    parser.add_argument("--kind", default="daily", choices=["daily", "monthly"])
    kinds = parser.add_subparsers(dest="what", required=True)
    kinds.add_parser("archives")
    one = kinds.add_parser("file")
    one.add_argument("path")
    one.add_argument("--to", required=True, type=Path)
    folders = kinds.add_parser("paths")
    folders.add_argument("paths", nargs="+")
    folders.add_argument("--join", action="append", default=[], help="what has come to this folder since stays in it")
    whole = kinds.add_parser("database")
    whole.add_argument("--drop", action="store_true", help="drop the restored database after comparing it")
    loaded = kinds.add_parser("load")
    loaded.add_argument("--dump", required=True, type=Path)
    for parser_ in (whole, loaded):
        parser_.add_argument("name")
        parser_.add_argument("--into", required=True)
        parser_.add_argument("--replace", action="store_true", help="put it in the live database's place when equal")
    return parser


def act(options: argparse.Namespace) -> dict[str, Any]:
    """Do what was asked; returns the result. RestoreError says why it could not be done."""
    if options.what == "archives":
        return {"archives": archives()}
    archive = archive_at(archives(), options.at) if options.at else options.archive
    if options.what == "file":
        return {**restore_file(options.path, options.to, archive, options.kind), "archive": archive}
    if options.what == "paths":
        return restore_paths(options.paths, archive, options.kind, tuple(options.join))
    if options.what == "load":
        result = load_database(options.name, options.into, options.dump)
    else:
        result = restore_database(options.name, options.into, archive, options.kind)
    if options.replace and result["equal"]:
        result["former"] = replace_live(options.name, options.into)
    elif options.what == "database" and options.drop:
        as_postgres("dropdb", "--force", options.into)
    return result


def main() -> int:
    """Do what the arguments ask; the result is the last line, as JSON."""
    try:
        result = act(arguments().parse_args())
    except RestoreError as error:
        print(json.dumps({"error": str(error)}, ensure_ascii=False))
        return 1
    print(json.dumps(result, ensure_ascii=False))
    return 0 if result.get("equal", True) else 1


if __name__ == "__main__":
    sys.exit(main())
