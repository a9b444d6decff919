"""Search over a generated catalogue: time by class of question, index size, build time, time from edit to found.

Runs the application against a database of its own on the workshop's PostgreSQL; a catalogue of the same size and seed
is used again. The class `page` asks for result pages through nginx on the twin, when one is up. The goals are those
of the first page with total and facets at 3.65 million records, on two cores that nobody else uses.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from cli import evidence, ledger, preflight
from cli.benches.counter import TERMINALS
from cli.context import Context, Refused
from lab import workshop
from lab.shell import run as run_command
from lab.twin import OPERATOR

RECORDS = 3_650_000
SEED = 20261122
LOADERS = 2
GOAL_P95_MS, GOAL_P99_MS, GOAL_SUGGEST_MS = 50.0, 150.0, 15.0
GOAL_BUILD_SECONDS, GOAL_EDIT_MS = 20 * 60.0, 1000.0
GOAL_TERMINALS_MS = 3000.0
GOAL_PAGE_MS, PAGES_PER_SECOND, PAGE_SECONDS = 120.0, 50, 20
WORDS = ("日本", "歴史", "ねこ", "夏目漱石", "経済", "長野 歴史", "料理", "こころ", "山", "library")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this bench."""
    parser.add_argument("--records", type=int, default=RECORDS, help="records of the catalogue (default 3,650,000)")
    parser.add_argument("--seed", type=int, default=SEED, help="which words, records and questions are drawn")
    parser.add_argument("--each", type=int, default=40, help="questions of each class (default 40, at least 20)")


def run(context: Context) -> evidence.Figures:
    """Load unless it is there, build, ask, and ask for pages; the figures."""
    given = context.arguments
    preflight.lab(context.progress)
    workshop.start(context.progress)
    name = f"kura_bench_{given.records}_{given.seed}"
    workshop.make_database(name)
    manage = Manage(context, name)
    manage("migrate", "--verbosity", "0")
    manage("sync_branches")
    figures: evidence.Figures = {}
    state = manage.answer("state")
    if not state["loaded"]:  # also a load that was cut short begins again
        manage.answer("empty")
        with context.progress.step(f"{given.records:,} records"):
            began = time.monotonic()
            manage.side_by_side("load")
            figures["load_records_per_second"] = evidence.figure(given.records / (time.monotonic() - began), "/s")
    if not state["complete"]:
        with context.progress.step("the first index"):
            manage.answer("rebuild")
        manage.answer("popularity")
    with context.progress.step("the whole index anew, with its ranks"):
        built = manage.answer("rebuild")
    figures["rebuild_seconds"] = evidence.figure(built["seconds"], "s", GOAL_BUILD_SECONDS)
    with context.progress.step("questions"):
        result = manage.answer("ask", "--each", str(max(given.each, 20)))
    figures |= figures_of(result)
    figures |= pages(context)
    return figures


class Manage:
    """The application's commands, against the database of the bench."""

    def __init__(self, context: Context, database: str) -> None:
        self.context, self.given = context, context.arguments
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "app.settings.dev",
            "KURA_TEST_DB": database,
            "KURA_INVENTORY": context.site.name,
        }

    def __call__(self, *words: str) -> str:
        """What a command prints; Refused when it fails."""
        done = run_command([sys.executable, "-m", "app.manage", *words], check=False, env=self.environment)
        if done.returncode:
            raise Refused(f"{' '.join(words)} failed:\n{done.stderr[-2000:]}")
        return done.stdout

    def _words(self, what: str) -> list[str]:
        return ["bench_catalogue", what, "--records", str(self.given.records), "--seed", str(self.given.seed)]

    def answer(self, what: str, *more: str) -> dict[str, Any]:
        """What a part of the bench found out."""
        found: dict[str, Any] = json.loads(self(*self._words(what), *more))
        return found

    def side_by_side(self, what: str, *more: str) -> list[str]:
        """One part in as many processes as loaders; what each prints. Refused when one fails."""

        def one(number: int) -> str:
            return self(*self._words(what), *more, "--parts", str(LOADERS), "--part", str(number))

        with ThreadPoolExecutor(LOADERS) as pool:
            return list(pool.map(one, range(LOADERS)))


def figures_of(result: dict[str, Any]) -> evidence.Figures:
    """The figures of the questions: wall and CPU milliseconds of each class, sizes, the plain reference."""
    figures: evidence.Figures = {}
    plain = result["plain_ms"]
    for name, row in result["classes"].items():
        suggest = name == "suggest"
        goals = {"p95": GOAL_SUGGEST_MS if suggest else GOAL_P95_MS, "p99": None if suggest else GOAL_P99_MS}
        for which in ("p50", "p95", "p99"):
            figures[f"{name}_{which}"] = evidence.figure(row["wall"][which], "ms", goals.get(which))
            figures[f"{name}_{which}_cpu"] = evidence.figure(row["cpu"][which], "ms")
        figures[f"{name}_to_plain"] = evidence.figure(row["wall"]["p50"] / plain["p50"], "x")
    figures["plain_p50"] = evidence.figure(plain["p50"], "ms")
    figures["fifty_terminals_p95"] = evidence.figure(result["terminals_ms"]["p95"], "ms", GOAL_TERMINALS_MS)
    figures["edit_to_found_p95"] = evidence.figure(result["edit_ms"]["p95"], "ms", GOAL_EDIT_MS)
    for kind, size in result["index"]["bytes"].items():
        figures[f"index_{kind}_mb"] = evidence.figure(size / 1e6, "MB")
    return figures


def pages(context: Context) -> evidence.Figures:
    """Result pages of the OPAC through nginx at the goal's pace; nothing without a twin."""
    if not context.twin.running():
        print("page: no twin is up, so no page through nginx was measured (./kura up)")
        return {}
    library = context.site.service("library").hosts[0]
    with ledger.addresses(context, TERMINALS) as sources:
        result = _load(context, str(library.address), sources)
    if result["refused"]:
        print(f"page: answered with {result['refused']}")
    cut = statistics.quantiles(result["milliseconds"], n=100, method="inclusive")
    return {
        "page_p50": evidence.figure(cut[49], "ms"),
        "page_p95": evidence.figure(cut[94], "ms", GOAL_PAGE_MS),
        "page_p99": evidence.figure(cut[98], "ms"),
        "page_refused": evidence.figure(sum(result["refused"].values()), "pages", 0),
    }


def _load(context: Context, address: str, sources: list[str]) -> dict[str, Any]:
    plan = {
        "name": context.site.fqdn("opac"), "address": address, "sources": sources, "ca": str(context.state / "ca.crt"),
        "rate": PAGES_PER_SECOND, "seconds": PAGE_SECONDS, "words": WORDS,
    }  # fmt: skip
    argv = context.twin.inside_argv(OPERATOR, [sys.executable, "-m", "cli.benches.search_load"])
    done = subprocess.run(
        argv, input=json.dumps(plan), stdout=subprocess.PIPE, text=True, cwd=context.root, check=False
    )
    if done.returncode:
        raise Refused("the readers gave up (see above)")
    result: dict[str, Any] = json.loads(done.stdout)
    return result
