"""The recorder of the monitoring host: every five minutes, with Python's own library alone.

- A record a minute and host with its use of processor, memory, disks and network goes into the archive of records,
  where it is sealed, searched and kept like every other.
- Of every panel's series the lowest, mean and highest value of each hour go into a small database: the long history.
- When each host was last heard by the archive goes to Prometheus.

What could not be asked is asked at the next run; a run that is cut loses nothing.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

MINUTE, HOUR = 60, 3600
# A measurement is final when the scrape after it has been stored.
SETTLED = 45
# How far back is caught up, and how much is asked for at once (seconds).
REACH = 30 * 24 * HOUR
AT_ONCE = 6 * HOUR
SAMPLE = 300
SCHEMA = """
CREATE TABLE IF NOT EXISTS done (what TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS series (
    id INTEGER PRIMARY KEY, expr TEXT NOT NULL, labels TEXT NOT NULL, UNIQUE (expr, labels));
CREATE TABLE IF NOT EXISTS points (
    series INTEGER NOT NULL REFERENCES series, hour INTEGER NOT NULL,
    low REAL NOT NULL, mean REAL NOT NULL, high REAL NOT NULL, PRIMARY KEY (series, hour)) WITHOUT ROWID;
"""

Rows = list[tuple[dict[str, str], list[tuple[int, float]]]]


class Prometheus:
    """Questions over HTTP. OSError or ValueError when there is no good answer."""

    def __init__(self, url: str) -> None:
        self._url = url

    def range(self, expr: str, start: int, end: int, step: int) -> Rows:
        """Series with their values between two instants, both included; what is not a number is left out."""
        form = urlencode({"query": expr, "start": start, "end": end, "step": step}).encode()
        request = Request(f"{self._url}/api/v1/query_range", data=form)  # noqa: S310 - the settings' own address
        with urlopen(request, timeout=60) as answer:  # noqa: S310
            rows = json.load(answer)["data"]["result"]
        return [
            (
                row["metric"],
                [(int(at), float(text)) for at, text in row["values"] if text not in ("NaN", "+Inf", "-Inf")],
            )
            for row in rows
        ]


def record(settings: dict[str, Any], now: float) -> None:
    """One run."""
    source = Prometheus(settings["prometheus"])
    with closing(database(Path(settings["database"]))) as store:
        minutes(settings, source, store, now)
        hours(settings, source, store, now)


def database(path: Path) -> sqlite3.Connection:
    """The long history; made when it is not there."""
    store = sqlite3.connect(path, timeout=30)
    store.executescript(SCHEMA)
    return store


def spans(store: sqlite3.Connection, what: str, step: int, now: float) -> Iterator[tuple[int, int]]:
    """The pieces of time (end excluded) that are still to be done; each counts as done when the next is asked for."""
    end = int(now - SETTLED) // step * step
    found = store.execute("SELECT until FROM done WHERE what = ?", [what]).fetchone()
    start = max(found[0] if found else end - step, end - REACH)
    while start < end:
        until = min(start + AT_ONCE, end)
        yield start, until
        with store:
            store.execute("INSERT OR REPLACE INTO done VALUES (?, ?)", [what, until])
        start = until


def minutes(settings: dict[str, Any], source: Prometheus, store: sqlite3.Connection, now: float) -> None:
    """Each host's use, minute by minute, as records of the archive."""
    for start, until in spans(store, "minutes", MINUTE, now):
        found: dict[tuple[str, int], list[str]] = {}
        for name, expr in settings["measures"].items():
            for labels, values in source.range(expr, start, until - MINUTE, MINUTE):
                for at, value in values:
                    found.setdefault((labels.get("host", ""), at), []).append(told(name, labels, value))
        keep(Path(settings["archive"]), found, now)


def told(name: str, labels: dict[str, str], value: float) -> str:
    """One measurement in a record: `disk:/srv=41.2%`."""
    where = f":{labels['mountpoint']}" if "mountpoint" in labels else ""
    return f"{name}{where}={value:.0f}B/s" if name in ("received", "sent") else f"{name}{where}={value:.1f}%"


def keep(archive: Path, found: dict[tuple[str, int], list[str]], now: float) -> None:
    """Add records to the live files of today."""
    today = archive / "live" / time.strftime("%Y-%m-%d", time.localtime(now))
    texts: dict[str, list[str]] = {}
    for (host, at), parts in sorted(found.items()):
        when = datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds")
        texts.setdefault(host, []).append(f"{when}\t{host}\tusage\tinfo\t{' '.join(parts)}\n")
    for host, lines in texts.items():
        if host:
            (today / host).mkdir(parents=True, exist_ok=True)
            with (today / host / "measure.log").open("a", encoding="utf-8") as stream:
                stream.write("".join(lines))


def hours(settings: dict[str, Any], source: Prometheus, store: sqlite3.Connection, now: float) -> None:
    """Lowest, mean and highest value of every series of the panels, hour by hour."""
    for start, until in spans(store, "hours", HOUR, now):
        for expr in settings["expressions"]:
            for labels, values in source.range(expr, start, until - 1, SAMPLE):
                _points(store, expr, labels, values)


def _points(store: sqlite3.Connection, expr: str, labels: dict[str, str], values: list[tuple[int, float]]) -> None:
    by_hour: dict[int, list[float]] = {}
    for at, value in values:
        by_hour.setdefault(at // HOUR * HOUR, []).append(value)
    text = json.dumps({key: value for key, value in labels.items() if key != "__name__"}, sort_keys=True)
    with store:
        store.execute("INSERT OR IGNORE INTO series (expr, labels) VALUES (?, ?)", [expr, text])
        number = store.execute("SELECT id FROM series WHERE expr = ? AND labels = ?", [expr, text]).fetchone()[0]
        store.executemany(
            "INSERT OR REPLACE INTO points VALUES (?, ?, ?, ?, ?)",
            [(number, hour, min(found), sum(found) / len(found), max(found)) for hour, found in by_hour.items()],
        )


def heard(archive: Path, hosts: list[str]) -> str:
    """When the archive last wrote down something that a host itself sent, in Prometheus' text format.

    A host of which there is nothing yet has no line; the alert knows which hosts there should be by their measurements.
    """
    lines = [
        "# HELP kura_logs_last_timestamp_seconds When the archive of records last heard a host.",
        "# TYPE kura_logs_last_timestamp_seconds gauge",
    ]
    for host in sorted(hosts):
        times = [path.stat().st_mtime for path in (archive / "live").glob(f"*/{host}/*.log") if path.stem != "measure"]
        if times:
            lines.append(f'kura_logs_last_timestamp_seconds{{host="{host}"}} {max(times):.0f}')
    size = sum(path.stat().st_size for path in (archive / "live").glob("*/*/*.log"))
    lines += [
        "# HELP kura_logs_live_bytes Records that are not closed yet.",
        "# TYPE kura_logs_live_bytes gauge",
        f"kura_logs_live_bytes {size}",
    ]
    return "\n".join(lines) + "\n"


def publish(path: Path, text: str) -> None:
    """Replace a textfile of the exporter whole."""
    if path.parent.is_dir():
        part = path.with_suffix(".tmp")
        part.write_text(text, encoding="utf-8")
        part.chmod(0o644)
        part.replace(path)


def main() -> int:
    """Say who was heard, then record; a silent Prometheus is told and asked again at the next run."""
    settings = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    publish(Path(settings["textfile"]), heard(Path(settings["archive"]), settings["hosts"]))
    try:
        record(settings, time.time())
    except (OSError, ValueError, KeyError) as error:
        print(f"Prometheus gave no answer: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
