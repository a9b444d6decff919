"""The library at the contract's size: 3.65 million records with their items, 60,000 patrons, a day of 3,000 readers.

In the database that `./kura bench search` made. Measured are a hundred items in a row at one terminal, a day's readers
at two (all inside the application), and how long the weekly file of 10,000 records takes to come in; what it brought is
deleted again.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

from cli import evidence, preflight
from cli.benches import marc_file
from cli.benches.search import RECORDS, SEED, Manage
from cli.context import Context, Refused
from lab import workshop

GOAL_SCAN_MS = 1000.0  # F-GEN-018, S-CAP-002, S-CAP-004: 95 % of the scans within a second
GOAL_PER_HOUR = 2000  # S-CAP-004: so many loans, and as many returns
GOAL_SEARCH_MS = 3000.0  # S-CAP-003, S-CAP-005: 95 % of the result pages within three seconds
GOAL_DAY_SECONDS = 10 * 3600.0  # S-CAP-003: a day's readers within a day's opening hours
GOAL_IMPORT_SECONDS = 30 * 60.0  # S-CAP-005


def arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this bench."""
    parser.add_argument("--records", type=int, default=RECORDS, help="records of the catalogue (default 3,650,000)")
    parser.add_argument("--seed", type=int, default=SEED, help="the seed of `bench search`")
    parser.add_argument("--patrons", type=int, default=60_000, help="registered patrons (default 60,000)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of a hundred loans and returns (default 5)")
    parser.add_argument("--visits", type=int, default=3000, help="readers of the day (default 3,000; 0: no day)")
    parser.add_argument("--imported", type=int, default=10_000, help="records of the file that comes in (0: none)")


def run(context: Context) -> evidence.Figures:
    """Register, lend and take back, import; Refused without the catalogue."""
    given = context.arguments
    preflight.lab(context.progress)
    workshop.start(context.progress)
    name = f"kura_bench_{given.records}_{given.seed}"
    workshop.make_database(name)
    manage = Manage(context, name)
    manage("migrate", "--verbosity", "0")
    manage("sync_branches")
    if not manage.answer("state")["loaded"]:
        raise Refused(f"the catalogue is not there; make it first: ./kura bench search --records {given.records}")
    with context.progress.step(f"{given.patrons:,} patrons"):
        manage.answer("register", "--patrons", str(given.patrons))
    with context.progress.step("a hundred items in a row"):
        result = manage.answer("counter", "--rounds", str(given.rounds))
    figures = {what: evidence.figure(result[what], what) for what in ("records", "items", "patrons")}
    for act in ("lend", "return"):
        cut = statistics.quantiles(result[f"{act}_ms"], n=100, method="inclusive")
        figures[f"{act}_p50"] = evidence.figure(cut[49], "ms")
        figures[f"{act}_p95"] = evidence.figure(cut[94], "ms", GOAL_SCAN_MS)
        hour = 3600 * 1000 / statistics.mean(result[f"{act}_ms"]) / 2
        figures[f"{act}_per_hour"] = evidence.figure(hour, "/h", GOAL_PER_HOUR, at_most=False)
        figures[f"{act}_longest"] = evidence.figure(max(result[f"{act}_ms"]), "ms")
    if given.visits:
        figures |= a_day(context, manage)
    if given.imported:
        figures["import_seconds"] = evidence.figure(imported(context, manage), "s", GOAL_IMPORT_SECONDS)
    return figures


def a_day(context: Context, manage: Manage) -> evidence.Figures:
    """The figures of a day's readers, who stand in line at as many terminals as there are cores."""
    visits = context.arguments.visits
    with context.progress.step(f"{visits:,} readers"):
        began = time.monotonic()
        parts = [json.loads(said) for said in manage.side_by_side("day", "--visits", str(visits))]
        seconds = time.monotonic() - began
    figures = {
        "day_readers": evidence.figure(visits, "readers"),
        "day_seconds": evidence.figure(seconds, "s", GOAL_DAY_SECONDS),
    }
    for act, goal in (("search", GOAL_SEARCH_MS), ("lend", GOAL_SCAN_MS), ("return", GOAL_SCAN_MS)):
        took = [one for part in parts for one in part[act]]
        cut = statistics.quantiles(took, n=100, method="inclusive")
        figures[f"day_{act}_count"] = evidence.figure(len(took), "requests")
        figures[f"day_{act}_p50"] = evidence.figure(cut[49], "ms")
        figures[f"day_{act}_p95"] = evidence.figure(cut[94], "ms", goal)
    return figures


def imported(context: Context, manage: Manage) -> float:
    """Seconds in which a file of new records came in, the polite way; they are deleted again."""
    count = context.arguments.imported
    with tempfile.TemporaryDirectory() as folder, context.progress.step(f"{count:,} records come in"):
        path = Path(folder) / "week.mrc"
        marc_file.write_full(path, count, 9)
        began = time.monotonic()
        said = manage("import_marc", str(path))
        seconds = time.monotonic() - began
    if f"created={count}" not in said:
        raise Refused(f"the file did not come in: {said}")
    manage("bench_catalogue", "forget")
    return seconds
