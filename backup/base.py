"""Copies of the whole cluster, and the proof that every change between them is there. Runs on the keeper.

    python3 -m backup.base nightly    check every kept change, copy the whole, remove what is past its days
    python3 -m backup.base verify     only check

A finished segment of changes is read to its end once (every record has a checksum of its own), and from then on it must
keep the checksum it had. A damaged or missing one is told at once: the copy that is made afterwards makes every later
moment recoverable again. Standard library alone.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from backup.run import TEXTFILES, publish, text
from backup.wal import BIN, STAMP, Settings, WalError, number, runs

SEGMENT = re.compile(r"[0-9A-F]{24}")
SEGMENT_BYTES = 16 * 1024 * 1024
PER_LOG = 0x100000000 // SEGMENT_BYTES


@dataclass(frozen=True)
class Base:
    """A copy of the whole cluster, as its <when>.json tells; it opens every moment from `finished` on."""

    name: str
    run: str
    started: datetime
    finished: datetime
    start: int
    end: int
    timeline: int
    bytes: int
    seconds: float
    folder: Path

    @classmethod
    def read(cls, path: Path) -> Base:
        """From the file beside the copy."""
        said = json.loads(path.read_text(encoding="utf-8"))
        times = {key: datetime.fromisoformat(said[key]) for key in ("started", "finished")}
        return cls(name=path.stem, folder=path.with_suffix(""), **{**said, **times})


def bases(store: Path) -> list[Base]:
    """Every complete copy, oldest first."""
    found = [Base.read(path) for path in sorted((store / "base").glob("*.json"))]
    return [base for base in found if base.folder.is_dir()]


def segment_of(position: int, timeline: int) -> str:
    """Name of the segment that holds a position."""
    index = position // SEGMENT_BYTES
    return f"{timeline:08X}{index // PER_LOG:08X}{index % PER_LOG:08X}"


def index_of(segment: str) -> int:
    """Place of a segment in the changes, whatever its timeline."""
    return int(segment[8:16], 16) * PER_LOG + int(segment[16:24], 16)


def gaps(names: Iterable[str]) -> list[int]:
    """Places between the first and the last segment at which there is none."""
    places = {index_of(name) for name in names}
    return sorted(set(range(min(places), max(places) + 1)) - places) if places else []


@dataclass(frozen=True)
class Checked:
    """What a check of the kept changes found."""

    segments: int
    damaged: tuple[str, ...]
    missing: int


def reads_well(segment: Path) -> bool:
    """Whether every record that begins in a segment has the checksum it says it has."""
    argv = [str(BIN / "pg_waldump"), "--quiet", "--path", str(segment.parent), segment.name]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(f"{segment.parent.name}/{segment.name}: {done.stderr.strip()[-300:]}", file=sys.stderr)
    return done.returncode == 0


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def known_sums(run: Path) -> dict[str, str]:
    """Name → checksum of every segment of a run that was once read to its end."""
    ledger = run.parents[1] / "sums" / run.name
    return dict(line.split()[::-1] for line in ledger.read_text().splitlines()) if ledger.exists() else {}


def intact(segment: Path, known: dict[str, str]) -> bool:
    """Whether a segment is what it was when it was first read; one that never was is read now."""
    return digest(segment) == known[segment.name] if segment.name in known else reads_well(segment)


def verify(store: Path) -> Checked:
    """Read every finished segment; remember the checksum of those that are read for the first time."""
    (store / "sums").mkdir(exist_ok=True)
    damaged: list[str] = []
    segments = missing = 0
    for run in runs(store):
        ledger, known = store / "sums" / run.name, known_sums(run)
        found = sorted(path for path in run.iterdir() if SEGMENT.fullmatch(path.name))
        for segment in found:
            if not intact(segment, known):
                damaged.append(f"{run.name}/{segment.name}")
            elif segment.name not in known:
                with ledger.open("a") as stream:
                    stream.write(f"{digest(segment)} {segment.name}\n")
        segments += len(found)
        # A segment that has gone from the end is missed as well: the ledger has its name.
        missing += len(gaps({segment.name for segment in found} | set(known)))
        missing += len(set(known) - {segment.name for segment in found})
    return Checked(segments, tuple(damaged), missing)


def make(settings: Settings) -> Base:
    """Copy the whole cluster and compare the copy with the checksums that were taken on the way."""
    found = runs(settings.store)
    if not found:
        raise WalError("no changes are being taken yet: a copy alone would open no moment")
    run, started = found[-1].name, datetime.now(UTC)
    folder = settings.store / "base"
    folder.mkdir(exist_ok=True)
    for left in folder.glob("*.part"):
        shutil.rmtree(left)
    part = folder / f"{started:{STAMP}}.part"
    copy = [str(BIN / "pg_basebackup"), "-d", settings.connection, "-D", str(part), "-X", "none", "-c", "fast"]
    done = subprocess.run(
        [*copy, "--manifest-checksums=SHA256", "--no-password"], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise WalError(f"the whole could not be copied: {done.stderr.strip()[-500:]}")
    compared = [str(BIN / "pg_verifybackup"), "--no-parse-wal", "--quiet", str(part)]
    done = subprocess.run(compared, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise WalError(f"the copy is not what was sent: {done.stderr.strip()[-500:]}")
    finished = datetime.now(UTC)
    manifest = json.loads((part / "backup_manifest").read_text(encoding="utf-8"))
    needed = manifest["WAL-Ranges"][-1]
    if not run.startswith(f"{manifest['System-Identifier']}-"):
        raise WalError("the cluster is another one than the one whose changes are taken")
    told = {
        "run": run,
        "started": started.isoformat(timespec="seconds"),
        "finished": finished.isoformat(timespec="seconds"),
        "start": number(manifest["WAL-Ranges"][0]["Start-LSN"]),
        "end": number(needed["End-LSN"]),
        "timeline": needed["Timeline"],
        "bytes": sum(row["Size"] for row in manifest["Files"]),
        "seconds": round((finished - started).total_seconds(), 2),
    }
    final = folder / f"{started:{STAMP}}"
    part.rename(final)
    beside = final.with_suffix(".json.part")
    beside.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    beside.rename(final.with_suffix(".json"))
    return Base.read(final.with_suffix(".json"))


def outlived(found: list[Base], now: datetime, days: int) -> list[Base]:
    """Copies that no kept moment needs: the oldest moment of the days is opened by a copy made before it.

    The two newest stay whatever their age, so that one that turns out bad is never the last.
    """
    oldest = now - timedelta(days=days)
    before = [base for base in found if base.finished <= oldest]
    return [base for base in before[:-1] if base not in found[-2:]]


def expire(settings: Settings, now: datetime) -> list[str]:
    """Remove copies and changes that no kept moment needs; returns their names."""
    removed = []
    for base in outlived(bases(settings.store), now, settings.days):
        base.folder.with_suffix(".json").unlink()
        shutil.rmtree(base.folder)
        removed.append(base.name)
    kept = bases(settings.store)
    found = runs(settings.store)
    for run in found:
        starts = [base.start for base in kept if base.run == run.name]
        if not starts:
            if (
                run != found[-1]
                and kept
                and kept[0].started > datetime.strptime(run.name[-16:], STAMP).replace(tzinfo=UTC)
            ):
                shutil.rmtree(run)
                (settings.store / "sums" / run.name).unlink(missing_ok=True)
                removed.append(run.name)
            continue
        removed += _expire_segments(settings.store, run, min(starts) // SEGMENT_BYTES)
    return removed


def _expire_segments(store: Path, run: Path, first: int) -> list[str]:
    """Remove a run's segments before the first needed one, and forget their checksums."""
    old = [path for path in run.iterdir() if SEGMENT.fullmatch(path.name) and index_of(path.name) < first]
    ledger = store / "sums" / run.name
    if old and ledger.exists():
        names = {path.name for path in old}
        part = ledger.with_name(f".{run.name}.part")
        part.write_text("".join(f"{line}\n" for line in ledger.read_text().splitlines() if line[65:] not in names))
        part.rename(ledger)
    for path in old:
        path.unlink()
    return [f"{run.name}/{path.name}" for path in sorted(old)]


def figures(store: Path, checked: Checked, at: float) -> dict[str, Any]:
    """Metric values after a check and, where there is one, of the newest copy."""
    found = bases(store)
    values: dict[str, Any] = {
        "kura_wal_segments": checked.segments,
        "kura_wal_segments_damaged": len(checked.damaged),
        "kura_wal_segments_missing": checked.missing,
        "kura_wal_verify_last_timestamp_seconds": at,
        "kura_wal_bytes": checked.segments * SEGMENT_BYTES,
    }
    if found:
        values |= {
            "kura_wal_base_last_success_timestamp_seconds": found[-1].finished.timestamp(),
            "kura_wal_base_last_duration_seconds": found[-1].seconds,
            "kura_wal_base_last_size_bytes": found[-1].bytes,
            "kura_wal_window_start_timestamp_seconds": found[0].finished.timestamp(),
        }
    return values


def main(argv: list[str]) -> int:
    """Check and, for `nightly`, copy and remove; exit 1 when the copy failed, or a mere check found damage."""
    if argv not in (["nightly"], ["verify"]):
        print("usage: python3 -m backup.base nightly | verify", file=sys.stderr)
        return 2
    try:
        settings = Settings.read()
        checked = verify(settings.store)
        for name in checked.damaged:
            print(f"damaged: {name}", file=sys.stderr)
        publish(TEXTFILES, "kura_wal", text(figures(settings.store, checked, time.time())))
        if argv == ["nightly"]:
            base = make(settings)
            print(f"{base.name}: {base.bytes} bytes in {base.seconds} s")
            for name in expire(settings, datetime.now(UTC)):
                print(f"removed {name}")
            publish(TEXTFILES, "kura_wal", text(figures(settings.store, checked, time.time())))
            return 0  # what is damaged was told; every moment from now on can be recovered
    except (WalError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 1 if checked.damaged or checked.missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
