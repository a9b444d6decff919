"""Dumps a database together with a manifest of what was in it at that very moment. Runs on the database host.

The manifest (rows and checksum of every table) is taken in the snapshot that pg_dump reads, so that a restore can be
compared with the moment of the backup and not with a database that has moved on. Standard library alone; run as the
database's administrator: `python3 -m backup.dump save DATABASE FOLDER` or `… manifest DATABASE`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

END = "--kura-end-of-answer--"
TABLES = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
ORDER BY 1, 2
"""

SETTINGS = ("timezone = 'UTC'", "datestyle = 'ISO, YMD'", "intervalstyle = 'iso_8601'", "extra_float_digits = 1")


class Session:
    """One psql session, answering one statement at a time; RuntimeError when psql ends before it has answered."""

    def __init__(self, database: str) -> None:
        argv = ["psql", "-XqAt", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d", database]
        self._psql = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._psql.stdin and not self._psql.stdin.closed:
            self._psql.stdin.close()
        self._psql.wait(timeout=60)

    def rows(self, sql: str) -> list[list[str]]:
        """The answer's rows as text."""
        assert self._psql.stdin
        assert self._psql.stdout
        self._psql.stdin.write(f"{sql.strip().rstrip(';')};\n\\echo {END}\n")
        self._psql.stdin.flush()
        found: list[list[str]] = []
        for line in self._psql.stdout:
            if line.rstrip("\n") == END:
                return found
            if line.strip():
                found.append(line.rstrip("\n").split("\t"))
        raise RuntimeError(f"psql ended in: {' '.join(sql.split())[:200]}")


def quoted(name: str) -> str:
    """An SQL identifier in quotes."""
    return '"' + name.replace('"', '""') + '"'


def manifest(session: Session) -> dict[str, dict[str, Any]]:
    """Table → rows and a checksum that does not depend on their order."""
    # Text of dates and floating numbers depends on these settings, and the checksum on that text.
    for setting in SETTINGS:
        session.rows(f"SET {setting}")
    found: dict[str, dict[str, Any]] = {}
    for schema, table in session.rows(TABLES):
        name = f"{quoted(schema)}.{quoted(table)}"
        answer = session.rows(
            f"SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) FROM ONLY {name} t"  # noqa: S608
        )
        found[f"{schema}.{table}"] = {"rows": int(answer[0][0]), "checksum": answer[0][1]}
    return found


def differences(wanted: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """Names of tables whose rows or checksum differ, or that are only on one side."""
    return sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))


def save(database: str, folder: Path) -> dict[str, Any]:
    """Write <database>.dump, <database>.manifest.json and globals.sql into the folder; returns the manifest."""
    began = time.monotonic()
    part = folder / f"{database}.dump.part"
    with Session(database) as session:
        session.rows("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        snapshot = session.rows("SELECT pg_export_snapshot()")[0][0]
        # Uncompressed: borg compresses, and finds the same blocks of yesterday's dump only in plain data.
        subprocess.run(["pg_dump", "-Fc", "-Z0", f"--snapshot={snapshot}", "-f", str(part), "-d", database], check=True)
        tables = manifest(session)
        session.rows("COMMIT")
    roles = subprocess.run(["pg_dumpall", "--globals-only"], check=True, capture_output=True, text=True).stdout
    written = {
        "database": database,
        "taken": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(time.monotonic() - began, 1),
        "bytes": part.stat().st_size,
        "tables": tables,
    }
    (folder / "globals.sql").write_text(roles, encoding="utf-8")
    part.replace(folder / f"{database}.dump")
    (folder / f"{database}.manifest.json").write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    return written


def main(argv: list[str]) -> int:
    """`save DATABASE FOLDER` or `manifest DATABASE`."""
    if len(argv) == 3 and argv[0] == "save":
        written = save(argv[1], Path(argv[2]))
        rows = sum(table["rows"] for table in written["tables"].values())
        print(
            f"{argv[1]}: {rows} rows, {len(written['tables'])} tables, {written['bytes']} bytes, {written['seconds']} s"
        )
        return 0
    if len(argv) == 2 and argv[0] == "manifest":
        with Session(argv[1]) as session:
            session.rows("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            print(json.dumps(manifest(session)))
        return 0
    print("usage: python3 -m backup.dump save DATABASE FOLDER | manifest DATABASE", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
