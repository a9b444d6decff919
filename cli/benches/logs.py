"""The archive of records of six years, the last of them at real volume: closing a day, and searches over a year of it.

Needs no twin: makes records as the hosts write them (the same day always gives the same), closes them with the
appliance's own program, and searches with it. A folder of the same volume is used again, and gone on with after a cut.
A search opens only what lies in its period, so the years before the last have all their days, hosts and blocks, and a
fiftieth of their records (`--before`): what they cost a search is their number, which is whole.

The volume is reckoned for the reference site: 35 hosts; 1.7 million loans a year at a dozen requests each, and as many
requests by readers, make about 110,000 requests a day; the hosts' own records come to about 60,000 a day, the use by
the minute to 50,000.
"""

from __future__ import annotations

import argparse
import random
import shutil
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from app.logs import archive, closing
from app.logs.records import instant
from app.logs.searching import Query, search
from app.logs.verifying import verify
from cli import evidence
from cli.context import Context, Refused
from lab import paths

ACCESS, OWN, MINUTES = 110_000, 60_000, 1440
HOSTS = 35
GOAL_SECONDS = 60.0
LAST_DAY = date(2026, 11, 22)
WORKERS = 2
TOLD_EVERY = 10
BEFORE_SHARE = 0.02
NEEDLE = "needle-7f3a"
_MAKING = ".making"
PATTERN = date(1999, 9, 19)
PATTERN_DAY, PATTERN_BEFORE = b"1999-09-19T", b"1999-09-18T"

_PATHS = (
    "/search/",
    "/books/{}/",
    "/mypage/",
    "/office/counter/loan",
    "/office/counter/return",
    "/kids/",
    "/api/cover/{}",
)
_UNITS = ("systemd", "chronyd", "ssh", "cron", "kura-library", "nut-monitor", "postfix", "wireguard", "unbound")
_SAID = (
    "Started job {} of unit {}.",
    "connection from 10.81.{}.{} closed",
    "INFO app.circulation loan of item {} to terminal {} done",
    "selected source 10.80.1.1 offset {} microseconds delay {}",
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this bench."""
    parser.add_argument("--days", type=int, default=365, help="closed days at real volume (default 365)")
    parser.add_argument("--before", type=int, default=1826, help="thin days before them (default 1826: five years)")
    parser.add_argument("--share", type=float, default=1.0, help="share of the real volume of a day (default 1)")
    parser.add_argument("--keep", action="store_true", help="leave the records for the next run")


def run(context: Context) -> evidence.Figures:
    """Make, close, search, verify; the figures."""
    given = context.arguments
    if given.days < 1 or given.before < 0 or not 0 < given.share <= 1:
        raise Refused("--days must be 1 or more, --before 0 or more, --share more than 0 and at most 1")
    root = paths.cache() / "bench" / f"logs-{given.days}-{given.before}-{given.share}"
    with context.progress.step(f"{given.before + given.days} days of records"):
        _fill(context, root, given.days, given.before, given.share)
    figures = {"close_day_seconds": evidence.figure(_closing(root, given.share), "s")}
    figures |= _volume(root, given.days)
    with context.progress.step("searches"):
        figures |= searches(root, given.days)
    with context.progress.step("verification"):
        began = time.monotonic()
        result = verify(root)
        figures["verify_seconds"] = evidence.figure(time.monotonic() - began, "s")
        figures["verify_faults"] = evidence.figure(len(result.faults), "", 0)
    if not given.keep:
        shutil.rmtree(root)
    return figures


def _fill(context: Context, root: Path, days: int, before: int, share: float) -> None:
    """Close each day that is missing, oldest first: workers make and close some at once, each in a place of its own;
    the chain takes them in order."""
    wanted = [LAST_DAY - timedelta(days=number) for number in range(before + days, 0, -1)]
    thin = set(wanted[:before])
    there = {str(row["day"]) for row in archive.said(archive.statements(root))}
    missing = [day for day in wanted if f"{day:%Y/%m/%d}" not in there]
    (root / _MAKING).mkdir(parents=True, exist_ok=True)
    shares = [share * BEFORE_SHARE if day in thin else share for day in missing]
    with ProcessPoolExecutor(WORKERS) as pool:
        for number, (day, statement) in enumerate(
            zip(missing, pool.map(partial(_closed, root), missing, shares), strict=True), 1
        ):
            name = f"{day:%Y/%m/%d}"
            shutil.rmtree(root / name, ignore_errors=True)  # of a run that was cut before its statement
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / _MAKING / f"{day}" / name).rename(root / name)
            closing.append(root, **statement)
            shutil.rmtree(root / _MAKING / f"{day}")
            if number % TOLD_EVERY == 0:
                context.progress(f"{number} of {len(missing)} days")


def _closed(root: Path, day: date, share: float) -> dict[str, Any]:
    """Make and close one day apart; what its statement says."""
    apart = root / _MAKING / f"{day}"
    shutil.rmtree(apart, ignore_errors=True)
    make_day(apart, day, share=share)
    closing.close(apart, f"{day + timedelta(days=1):%Y-%m-%d}")
    (row,) = archive.said(archive.statements(apart))
    return {key: value for key, value in row.items() if key not in ("number", "previous")}


def make_day(root: Path, day: date, *, share: float) -> date:
    """The live files of one day; whole or not there. A day is one of seven patterns under its own date."""
    folder = root / archive.LIVE / f"{day:%Y-%m-%d}"
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    day_before = day - timedelta(days=1)
    for (host, kind), text in _pattern(day.toordinal() % 7, share).items():
        path = part / host / f"{kind}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(
            text.replace(PATTERN_BEFORE, f"{day_before}T".encode()).replace(PATTERN_DAY, f"{day}T".encode())
        )
    if day.day == 15 and day.month % 6 == 5:
        (part / "db1").mkdir()
        record = f"{_at(_midnight(day), 0.5)}\tdb1\tpostgresql\terr\tERROR:  {NEEDLE}\n"
        (part / "db1" / "database.log").write_text(record)
    part.rename(folder)
    return day


@lru_cache(maxsize=14)
def _pattern(number: int, share: float) -> dict[tuple[str, str], bytes]:
    """A day's records by host and kind, with dates that are replaced."""
    draw = random.Random(number)  # noqa: S311 - the same pattern gives the same records
    start = _midnight(PATTERN)
    found = {("app1", "access"): _access(draw, start, int(ACCESS * share))}
    for index in range(HOSTS):
        host = f"host{index}"
        found[host, "os"] = _own(draw, start, max(int(OWN * share) // HOSTS, 1), host)
        found[host, "measure"] = _minutes(draw, start, max(int(MINUTES * share), 1), host)
    return {key: "".join(lines).encode() for key, lines in found.items()}


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=9)


def _at(start: datetime, share: float) -> str:
    at: str = instant(start + timedelta(seconds=share * 86399, microseconds=int(share * 1e9) % 1_000_000))
    return at


def _access(draw: random.Random, start: datetime, count: int) -> list[str]:
    found = []
    for number in range(count):
        path = _PATHS[draw.randrange(len(_PATHS))].format(draw.randrange(2_750_000))
        request = f"{draw.getrandbits(128):032x}"
        found.append(
            f"{_at(start, number / count)}\tapp1\tnginx\tinfo\t10.81.{draw.randrange(32)}.{draw.randrange(250)} [x] "
            f'opac.library "GET {path}" 200 {draw.randrange(40000)} 0.0{draw.randrange(90)} '
            f"0.0{draw.randrange(90)} {request}\n"
        )
    return found


def _own(draw: random.Random, start: datetime, count: int, host: str) -> list[str]:
    return [
        f"{_at(start, number / count)}\t{host}\t{_UNITS[draw.randrange(len(_UNITS))]}\t"
        f"{'err' if draw.random() < 0.0005 else 'warning' if draw.random() < 0.004 else 'info'}\t"
        f"{_SAID[draw.randrange(len(_SAID))].format(draw.randrange(100000), draw.randrange(250))}\n"
        for number in range(count)
    ]


def _minutes(draw: random.Random, start: datetime, count: int, host: str) -> list[str]:
    found = []
    for number in range(count):
        use = f"cpu={draw.random() * 60:.1f}% memory={draw.random() * 90:.1f}% disk:/=41.2%"
        net = f"received={draw.randrange(900000)}B/s sent={draw.randrange(900000)}B/s"
        found.append(f"{_at(start, number / count)}\t{host}\tusage\tinfo\t{use} {net}\n")
    return found


def _closing(root: Path, share: float) -> float:
    """Seconds to close one day, in a place of its own."""
    alone = root.with_name(f"{root.name}-closing")
    shutil.rmtree(alone, ignore_errors=True)
    make_day(alone, LAST_DAY, share=share)
    began = time.monotonic()
    closing.close(alone, f"{LAST_DAY + timedelta(days=1):%Y-%m-%d}")
    seconds = time.monotonic() - began
    shutil.rmtree(alone)
    return seconds


def _volume(root: Path, days: int) -> evidence.Figures:
    names = archive.day_folders(root)
    full = [archive.index(root, name) for name in names[-days:]]
    return {
        "days": evidence.figure(len(names), "days"),
        "days_at_real_volume": evidence.figure(len(full), "days"),
        "year_records_millions": evidence.figure(sum(day.lines for day in full) / 1e6, "M"),
        "year_archive_gb": evidence.figure(sum(day.bytes for day in full) / 1e9, "GB"),
        "year_words_gb": evidence.figure(
            sum(file.get("words_bytes", 0) for day in full for file in day.files.values()) / 1e9, "GB"
        ),
    }


def searches(root: Path, days: int) -> evidence.Figures:
    """The slowest honest questions of a year and others; each as a console that was just started answers it, and the
    one of a rare word once more as one that knows the indexes.

    A rare word is in no vocabulary but two; an absent pair is in those of all pages, so that these are all unpacked.
    """
    end = datetime(LAST_DAY.year, LAST_DAY.month, LAST_DAY.day, tzinfo=UTC)
    year = {"start": instant(end - timedelta(days=min(days, 365))), "end": instant(end + timedelta(days=1))}
    month = {"start": instant(end - timedelta(days=30)), "end": year["end"]}
    cases: dict[str, Query] = {
        "year_rare_word": Query(**year, words=(NEEDLE,)),
        "year_absent_word": Query(**year, words=("is-nowhere-at-all",)),
        "year_absent_number": Query(**year, words=("99912345678",)),
        "year_absent_pair": Query(**year, words=("/office/counter/loan", "/kids/")),
        "year_errors": Query(**year, worst=3),
        "year_one_host_word": Query(**year, hosts=frozenset(["host7"]), words=("offset 77",)),
        "month_one_reader": Query(**month, words=("10.81.7.77",)),
        "newest_page": Query(),
    }
    figures: evidence.Figures = {}
    for name, query in cases.items():
        archive.forget()
        found = search(root, query, 200, seconds=600)
        figures[f"{name}_seconds"] = evidence.figure(found.seconds, "s", GOAL_SECONDS)
        figures[f"{name}_found"] = evidence.figure(len(found.records), "records")
        figures[f"{name}_unpacked"] = evidence.figure(found.bytes / 1e9, "GB")
    again = search(root, cases["year_rare_word"], 200, seconds=600)
    figures["year_rare_word_again_seconds"] = evidence.figure(again.seconds, "s", GOAL_SECONDS)
    return figures
