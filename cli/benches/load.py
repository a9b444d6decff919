"""How fast a full file of records loads into an empty library: generated MARC, a database of its own, two processes.

The file is made first and is not part of the time. Measured are the load (reading, understanding, COPY with every
index of the records), the building of the search index after it, and the memory of the largest process.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from cli import evidence, preflight
from cli.benches import marc_file
from cli.context import Context, Refused
from lab import workshop

GOAL_PER_SECOND = 3000.0
MEBIBYTE = 1024.0


def arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this bench."""
    parser.add_argument("--records", type=int, default=100_000, help="records of the file (default 100,000)")
    parser.add_argument("--processes", type=int, default=2, help="processes that load (default 2)")
    parser.add_argument("--no-index", action="store_true", help="leave the search index out")
    parser.add_argument("--seed", type=int, default=1, help="which records are generated")


def run(context: Context) -> evidence.Figures:
    """Generate, load, index; the database goes when it is over."""
    given, database = context.arguments, f"kura_bench_load_{os.getpid()}"
    preflight.lab(context.progress)
    workshop.start(context.progress)
    workshop.make_database(database)
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "app.settings.test",
        "KURA_TEST_DB": database,
        "PYTHONPATH": str(context.root),
    }
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "full.mrc"
            with context.progress.step(f"{given.records:,} records as MARC 21"):
                marc_file.write_full(path, given.records, given.seed)
            with context.progress.step("an empty library"):
                _manage(["migrate", "--verbosity", "0"], environment)
            with context.progress.step("load"):
                index = [] if given.no_index else ["--index"]
                timed = [sys.executable, "-m", "cli.benches.load", str(path), str(given.processes), *index]
                said = _python(timed, environment, context)
            figures = _figures(json.loads(said.splitlines()[-1]), given.records)
            figures["file_bytes_per_record"] = evidence.figure(path.stat().st_size / given.records, "B")
            return figures
    finally:
        workshop.drop_database(database)


def _figures(measured: dict[str, float], records: int) -> evidence.Figures:
    if measured["created"] != records:
        raise Refused(f"{measured['created']:.0f} of {records} records were loaded")
    figures: evidence.Figures = {
        "load_records_per_second": evidence.figure(
            records / measured["load_seconds"], "/s", GOAL_PER_SECOND, at_most=False
        ),
        "load_seconds": evidence.figure(measured["load_seconds"], "s"),
        "load_cpu_per_record": evidence.figure(measured["cpu_seconds"] / records * 1e6, "us"),
        "load_peak_memory": evidence.figure(measured["peak_kib"] / MEBIBYTE, "MiB"),
        "table_bytes_per_record": evidence.figure(measured["table_bytes"] / records, "B"),
    }
    if "index_seconds" in measured:
        both = measured["load_seconds"] + measured["index_seconds"]
        figures["index_seconds"] = evidence.figure(measured["index_seconds"], "s")
        figures["searchable_records_per_second"] = evidence.figure(records / both, "/s")
    return figures


def _manage(arguments: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "app.manage", *arguments], env=environment, capture_output=True, text=True
    )
    if done.returncode:
        raise Refused(f"{' '.join(arguments)} failed:\n{done.stderr[-2000:]}")


def _python(argv: list[str], environment: dict[str, str], context: Context) -> str:
    done = subprocess.run(argv, env=environment, stdout=subprocess.PIPE, text=True, cwd=context.root)
    if done.returncode:
        raise Refused("the load failed (see above)")
    return done.stdout


def measure(path: Path, processes: int, index: bool) -> dict[str, float]:
    """In a process with Django: load the file, and index it; seconds, peak memory of the largest process."""
    import resource
    import time

    import django

    django.setup()
    from django.db import connection

    from app.access.actor import system
    from app.catalog import search
    from app.exchange.actions import load_marc

    began = time.monotonic()
    run = load_marc(system("bench"), path, processes=processes)
    measured = {"load_seconds": time.monotonic() - began, "created": float(run.created)}
    measured["cpu_seconds"] = sum(os.times()[:4])
    if index:
        began = time.monotonic()
        search.rebuild()
        measured["index_seconds"] = time.monotonic() - began
    usages = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_total_relation_size('catalog_bibliographicrecord')")
        measured["table_bytes"] = float(cursor.fetchone()[0])
    return measured | {"peak_kib": float(max(usages))}


if __name__ == "__main__":
    file, workers, *options = sys.argv[1:]
    print(json.dumps(measure(Path(file), int(workers), "--index" in options)))
