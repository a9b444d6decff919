"""After each start of a database host: is every table and index of the database sound? Standard library alone.

The engine repairs what a power cut left half written; whether disks and controllers kept what they had promised is
another question. PostgreSQL's own checker reads every page of every table and index and names what cannot be. What it
finds is a figure for Prometheus and lines in the journal; the library is open meanwhile.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

OPTIONS = ["--install-missing", "--jobs", "2", "--checkunique"]
# The checker's own exit code when it has found something; every other one but 0 means that it could not look.
FOUND = 2
SHOWN = 50

Run = Callable[[list[str]], tuple[int, str]]


def command(argv: list[str]) -> tuple[int, str]:
    """Run a command; its exit code and everything it said."""
    done = subprocess.run(argv, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


def look(program: str, databases: list[str], run: Run) -> dict[str, list[str] | None]:
    """Database → what is wrong with it, one line each; None where it could not be looked at."""
    found: dict[str, list[str] | None] = {}
    for name in databases:
        code, said = run(["runuser", "-u", "postgres", "--", program, *OPTIONS, name])
        lines = [line for line in said.splitlines() if line.strip()]
        # Each fault is a line that names a relation, and a line that says what is wrong with it.
        faults = [line for line in lines if not line.startswith((" ", "\t"))]
        if code == 0:
            found[name] = []
        elif code == FOUND:
            found[name] = faults or lines
        else:
            found[name] = None
            print(f"{name} could not be checked: {' '.join(lines)[-500:]}", flush=True)
    return found


def figures(found: dict[str, list[str] | None], seconds: float, now: float) -> str:
    """For the node exporter: faults of each database that was looked at, when, and how long it took."""
    lines = [
        "# HELP kura_integrity_errors Faults in tables and indexes, as the last check found them.",
        "# TYPE kura_integrity_errors gauge",
        *(
            f'kura_integrity_errors{{database="{name}"}} {len(rows)}'
            for name, rows in found.items()
            if rows is not None
        ),
        "# HELP kura_integrity_unchecked Databases that the last check could not look at.",
        "# TYPE kura_integrity_unchecked gauge",
        f"kura_integrity_unchecked {sum(rows is None for rows in found.values())}",
        "# HELP kura_integrity_checked_timestamp_seconds When the last check ended.",
        "# TYPE kura_integrity_checked_timestamp_seconds gauge",
        f"kura_integrity_checked_timestamp_seconds {now:.0f}",
        "# HELP kura_integrity_check_seconds How long the last check took.",
        "# TYPE kura_integrity_check_seconds gauge",
        f"kura_integrity_check_seconds {seconds:.1f}",
    ]
    return "\n".join(lines) + "\n"


def main(program: str, path: str, databases: list[str]) -> int:
    """Check, publish, tell; 1 when something was found or could not be looked at."""
    began = time.monotonic()
    found = look(program, databases, command)
    target = Path(path)
    part = target.with_suffix(".part")
    part.write_text(figures(found, time.monotonic() - began, time.time()), encoding="utf-8")
    part.chmod(0o644)
    part.replace(target)
    for name, rows in found.items():
        for row in (rows or [])[:SHOWN]:
            print(f"{name}: {row}", flush=True)
        print(f"{name}: {'not checked' if rows is None else f'{len(rows)} faults'}", flush=True)
    return 0 if all(rows == [] for rows in found.values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
