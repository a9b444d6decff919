"""A host's own record of its backups: every attempt, good or not, and what each day came to. Standard library alone.

python3 -m backup.history [--days 30]     what each day came to (JSON)
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Literal

RECORD = Path("/var/lib/kura/backup-history.jsonl")
KEPT_DAYS = 6 * 366 + 90  # the contract's six years of records, and a quarter to report them

Outcome = Literal["good", "good after retry", "failed", "no record"]


@dataclass(frozen=True)
class Attempt:
    """One run of one job. `error` is empty when it was good."""

    kind: str
    started: str  # ISO 8601, UTC
    seconds: float
    good: bool
    bytes: int = 0
    new_bytes: int = 0
    error: str = ""


@dataclass(frozen=True)
class Day:
    """What a job's day came to."""

    day: str
    outcome: Outcome
    attempts: int
    bytes: int = 0
    seconds: float = 0.0
    error: str = ""


def add(attempt: Attempt, path: Path = RECORD) -> None:
    """Write an attempt through to the record; what is older than the years of keeping goes once a month."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(asdict(attempt), ensure_ascii=False) + "\n")
    began = datetime.fromisoformat(attempt.started)
    if began.day == 1:
        oldest = (began - timedelta(days=KEPT_DAYS)).isoformat()
        part = path.with_name(f".{path.name}.part")
        part.write_text(
            "".join(json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in read(path) if row.started >= oldest),
            encoding="utf-8",
        )
        part.replace(path)


def read(path: Path = RECORD) -> list[Attempt]:
    """Every attempt, oldest first; a line that a power cut left unfinished is passed over."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            found.append(Attempt(**json.loads(line)))
        except (ValueError, TypeError):
            continue
    return sorted(found, key=lambda row: row.started)


def days(attempts: Iterable[Attempt], last: date, count: int, zone: tzinfo, kind: str = "daily") -> list[Day]:
    """What each of `count` days up to `last` came to, in the site's time zone; a day without any attempt is told."""
    by_day: dict[date, list[Attempt]] = {}
    for row in attempts:
        if row.kind == kind:
            by_day.setdefault(datetime.fromisoformat(row.started).astimezone(zone).date(), []).append(row)
    result = []
    for back in range(count - 1, -1, -1):
        day = last - timedelta(days=back)
        rows = by_day.get(day, [])
        good = [row for row in rows if row.good]
        errors = [row.error for row in rows if not row.good]
        outcome: Outcome = "no record"
        if good:
            outcome = "good after retry" if errors and not rows[0].good else "good"
        elif rows:
            outcome = "failed"
        newest = good[-1] if good else None
        figures = (newest.bytes, newest.seconds) if newest else (0, 0.0)
        result.append(Day(day.isoformat(), outcome, len(rows), *figures, error=errors[-1] if errors else ""))
    return result


def main() -> int:
    """Print the days of this host as JSON."""
    parser = argparse.ArgumentParser(description="what each day's backup came to")
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--kind", choices=["daily", "monthly"], default="daily")
    options = parser.parse_args()
    now = datetime.now(UTC).astimezone()
    zone = now.tzinfo or UTC
    print(json.dumps([asdict(row) for row in days(read(), now.date(), options.days, zone, options.kind)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
