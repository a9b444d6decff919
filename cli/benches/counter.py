"""The counter under load, through nginx on the twin: pace, an import beside it, and deaths in the middle of it.

Needs a twin with a library to lend from, best at full scale (`./kura demo --scale 1.0`). First one counter's screen in
Chromium (`counter_screen`; with `--screen-only` nothing else). Then four phases over the same thirty terminals: at the
goal's pace; as fast as they can; the same beside an import of 100,000 records; and paced again while the application,
the database and the connection between them are killed at random. At the end the database is compared with the ledger
of what the terminals were told: every open loan, and every act counted once.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import threading
import time
from typing import Any

from cli import evidence, ledger
from cli.benches import counter_screen, marc_file
from cli.context import Context, Refused
from lab import paths

TERMINALS = 30
PACE = 66.0
GOAL_PER_SECOND = 60.0
GOAL_P95_MS = 200.0
GOAL_IMPORT_LOSS = 20.0
FAULT_EVERY_SECONDS = 12
CUT = "table inet bench { chain out { type filter hook output priority -10; tcp dport 5432 drop; } }"
# What dies, on which service's host, and how; each comes back by itself or by the second command.
FAULTS: dict[str, tuple[str, str]] = {
    "a worker": ("library", "kill -9 $(pgrep -P $(systemctl show -P MainPID kura-library) | shuf -n 1)"),
    "the application": ("library", "systemctl kill --signal=KILL kura-library"),
    "a database session": ("database", "pkill -9 -n -f '^postgres: .*kura_app' || true"),
    "the database": (
        "database",
        "systemctl kill --signal=KILL postgresql@17-main; sleep 1; systemctl start postgresql@17-main",
    ),
    "the connection": ("library", f"nft '{CUT}'; sleep 3; nft delete table inet bench"),
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this bench."""
    parser.add_argument("--seconds", type=int, default=60, help="length of each phase (default 60)")
    parser.add_argument("--records", type=int, default=100_000, help="records of the import (default 100,000)")
    parser.add_argument("--seed", type=int, default=1, help="which patrons, items and faults are drawn")
    parser.add_argument("--screen-only", action="store_true", help="only what scans take at the screen, in Chromium")


def run(context: Context) -> evidence.Figures:
    """All phases; Refused when there is no twin or no library on it."""
    if not context.twin.running():
        raise Refused("no twin is running; start it with: ./kura up")
    counter_screen.needed()
    # Before the terminals open their ledger: what the screen lends and takes back is then no part of it.
    with context.progress.step("at the screen"):
        seen = counter_screen.measure(context)
    if context.arguments.screen_only:
        return seen
    with ledger.addresses(context, TERMINALS) as sources:
        return seen | measure(context, Counter(context, sources))


def measure(context: Context, bench: Counter) -> evidence.Figures:
    """The four phases and the comparison."""
    figures: evidence.Figures = {}
    with context.progress.step("at the goal's pace"):
        paced = bench.phase(PACE)
    figures["acts_per_second"] = evidence.figure(rate(paced), "/s", GOAL_PER_SECOND, at_most=False)
    figures["scan_p50"] = evidence.figure(percentile(paced, 50), "ms")
    figures["scan_p95"] = evidence.figure(percentile(paced, 95), "ms", GOAL_P95_MS)
    with context.progress.step("as fast as they can"):
        alone = bench.phase(0)
    figures["acts_per_second_flat_out"] = evidence.figure(rate(alone), "/s", GOAL_PER_SECOND, at_most=False)
    with context.progress.step("beside an import"), bench.importing():
        beside = bench.phase(0)
        beside_paced = bench.phase(PACE)
    loss = 100 * (1 - rate(beside) / rate(alone))
    figures["import_loss"] = evidence.figure(loss, "%", GOAL_IMPORT_LOSS)
    figures["import_acts_per_second"] = evidence.figure(rate(beside_paced), "/s", GOAL_PER_SECOND, at_most=False)
    figures["import_scan_p95"] = evidence.figure(percentile(beside_paced, 95), "ms", GOAL_P95_MS)
    with context.progress.step("with deaths in the middle"):
        killed, deaths = bench.with_faults()
    figures["faults"] = evidence.figure(deaths, "kills")
    figures["faults_unanswered"] = evidence.figure(killed["unanswered"], "requests")
    figures["faults_answer_lost"] = evidence.figure(killed["doubtful"], "acts")
    with context.progress.step("the ledger against the database"):
        lost, doubled = bench.reconcile()
    figures["loans_lost"] = evidence.figure(lost, "loans", 0)
    figures["acts_doubled_or_lost"] = evidence.figure(doubled, "acts", 0)
    figures["refused"] = evidence.figure(sum(bench.refused.values()), "scans")
    if bench.refused:
        print("refused: " + ", ".join(f"{code} {count}" for code, count in bench.refused.items()))
    return figures


def rate(result: dict[str, Any]) -> float:
    """Answered loans and returns a second."""
    return len(result["seconds"]) / float(result["elapsed"])


def percentile(result: dict[str, Any], which: int) -> float:
    """Milliseconds below which so many per cent of the scans stayed."""
    return 1000 * float(statistics.quantiles(result["seconds"], n=100)[which - 1])


class Counter:
    """The thirty terminals over all phases, with their ledger."""

    def __init__(self, context: Context, sources: list[str]) -> None:
        self.context, self.twin, self.site = context, context.twin, context.site
        self.given = context.arguments
        self.plan = ledger.plan(context, sources)
        self.acts = {"lend": 0, "return": 0}
        self.refused: dict[str, int] = {}
        self.before: dict[str, int] = ledger.ask(context, ledger.TRACES)

    def phase(self, pace: float, seconds: int | None = None) -> dict[str, Any]:
        """Thirty terminals at work; 0 means as fast as they can."""
        plan = self.plan | {"rate": pace, "seconds": seconds or self.given.seconds, "seed": self.given.seed}
        argv = ledger.terminals_argv(self.context)
        done = subprocess.run(argv, input=json.dumps(plan), stdout=subprocess.PIPE, text=True, cwd=paths.root())
        if done.returncode:
            raise Refused("the terminals gave up (see above)")
        result: dict[str, Any] = json.loads(done.stdout)
        self.plan["out"] = result["out"]
        for act, count in result["acts"].items():
            self.acts[act] += count
        for code, count in result["refused"].items():
            self.refused[code] = self.refused.get(code, 0) + count
        if not result["seconds"]:
            raise Refused(f"nothing was lent; the counter said: {result['refused']}")
        return result

    def importing(self) -> marc_file.Import:
        """An import of new records beside the counter, as the nightly update of the national bibliography is."""
        host = self.site.service("library").hosts[0].name
        return marc_file.Import(self.twin, host, self.given.records, self.given.seed, self.context.progress)

    def with_faults(self) -> tuple[dict[str, Any], int]:
        """A paced phase in which something dies every few seconds; what the terminals saw, and how many deaths."""
        seconds = max(self.given.seconds, len(FAULTS) * FAULT_EVERY_SECONDS * 2)
        draw = random.Random(self.given.seed)  # noqa: S311 - deaths that can be repeated
        order = [name for _ in range(seconds // FAULT_EVERY_SECONDS // len(FAULTS) + 1) for name in _drawn(draw)]
        result: dict[str, Any] = {}
        load = threading.Thread(target=lambda: result.update(self.phase(PACE, seconds)))
        load.start()
        deaths, began = 0, time.monotonic()
        while load.is_alive() and time.monotonic() - began < seconds - FAULT_EVERY_SECONDS:
            load.join(FAULT_EVERY_SECONDS + draw.random())
            if load.is_alive():
                service, command = FAULTS[order[deaths]]
                self.context.progress(f"kill {order[deaths]}")
                self.twin.shell(self.site.service(service).hosts[0].name, command)
                deaths += 1
        load.join()
        if not result:
            raise Refused("the terminals gave up under faults (see above)")
        return result, deaths

    def reconcile(self) -> tuple[int, int]:
        """Loans that the ledger and the database do not agree on, and acts counted more or less than once."""
        there = ledger.ask(self.context, ledger.OPEN % ",".join(self.plan["items"]))
        told = {"out": self.plan["out"], "acts": self.acts}
        found = ledger.compare(told, there, self.before, ledger.ask(self.context, ledger.TRACES))
        if not found.clean:
            print(f"   {found.sentence()}")
        return found.lost, found.doubled + found.half_done


def _drawn(draw: random.Random) -> list[str]:
    names = list(FAULTS)
    draw.shuffle(names)
    return names
