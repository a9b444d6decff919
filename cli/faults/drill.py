"""Runs the cases of the fault drill, reconciles after each, remembers what is done, and prints the table."""

from __future__ import annotations

import contextlib
import json
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatch
from typing import Any

from cli import evidence, ledger
from cli.context import Context, Refused
from cli.faults import beside, clocks, cuts, disks, kills, power, stores
from cli.faults.case import Case, missing, services
from lab.shell import LabError

KINDS = ("kill", "cut", "cable", "power", "disk", "clock", "beside", "restore", "corrupt")
TERMINALS = 6
PACE = 8.0
HEALED_SECONDS = 45.0


@dataclass(frozen=True)
class Row:
    """What came of one case."""

    case: str
    title: str
    hosts: tuple[str, ...]
    note: str
    silent_seconds: float
    acts: int
    lost: int
    doubled: int
    half_done: int
    trouble: str
    figures: evidence.Figures = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Nothing lost, doubled or half done among acts that there were, and everything runs as before."""
        missed = any(row["met"] is False for row in self.figures.values())
        return self.acts > 0 and not (self.lost or self.doubled or self.half_done or self.trouble or missed)

    def line(self) -> str:
        """One line of the table."""
        return (
            f"{'ok    ' if self.passed else 'FAILED'} {self.case:<42} silent {self.silent_seconds:6.1f} s  "
            f"{self.acts:4d} acts {self.lost:2d} lost {self.doubled:2d} doubled {self.half_done:2d} half done  "
            f"{self.trouble or self.note}"
        )


class Book:
    """What a drill has done so far, on disk: an interrupted drill goes on where it was."""

    def __init__(self, context: Context) -> None:
        self.path = context.state / "drills" / "faults.json"
        self.rows: list[Row] = []
        self.before: dict[str, list[str]] = {}
        self.struck = ""

    def load(self) -> bool:
        """Read what an interrupted drill left; False when there is nothing."""
        if not self.path.exists():
            return False
        kept = json.loads(self.path.read_text())
        self.rows = [Row(**{**row, "hosts": tuple(row["hosts"])}) for row in kept["rows"]]
        self.before, self.struck = kept["before"], kept["struck"]
        return True

    def save(self) -> None:
        """Write it down."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        kept = {"rows": [asdict(row) for row in self.rows], "before": self.before, "struck": self.struck}
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n")
        fresh.replace(self.path)

    def close(self) -> None:
        """The drill is over."""
        self.path.unlink(missing_ok=True)


def cases(context: Context, before: dict[str, list[str]], times: int, seed: int) -> Iterator[Case]:
    """Every case that these hosts and services allow, in the order in which they are done."""
    hosts = list(before)
    yield from kills.cases(context, before)
    yield from cuts.cases(context, hosts)
    yield from power.cases(context, hosts, times, seed)
    yield from disks.cases(context, hosts, before)
    yield from clocks.cases(context)
    yield from beside.cases(context)
    yield from stores.cases(context)


def chosen(everything: list[Case], patterns: list[str]) -> list[Case]:
    """Those whose name a pattern matches (`kill`, `kill/db1/*`, `cut/app1-db1`); Refused when one matches nothing."""
    if not patterns:
        return everything
    found: list[Case] = []
    for pattern in patterns:
        matched = [case for case in everything if fnmatch(case.name, pattern) or case.kind == pattern]
        if not matched:
            names = ", ".join(case.name for case in everything[:12])
            raise Refused(f"no case is called {pattern}; there are {', '.join(KINDS)}: {names} …", 2)
        found += [case for case in matched if case not in found]
    return found


def run(context: Context) -> dict[str, Any]:
    """The drill as the arguments say: `case`, `times`, `seed`, `again`; figures, details and whether all passed."""
    given, book = context.arguments, Book(context)
    if book.load():
        _repair(context, book)
    if given.again or not book.before:
        hosts = [host.name for host in context.twin.running() if context.site.host(host.name).kind != "terminal"]
        book.rows, book.before = [], services(context, hosts)
    todo = chosen(list(cases(context, book.before, given.times, given.seed)), given.case)
    done = {row.case for row in book.rows}
    if done:
        context.progress(f"{len(done)} cases were done before the interruption")
    waiting = [case for case in todo if case.name not in done]
    while waiting:
        with (
            contextlib.suppress(_Unclean),
            ledger.at_work(context, terminals=TERMINALS, pace=PACE, seed=given.seed) as counters,
        ):
            while waiting:
                _one(context, book, waiting.pop(0), counters)
    book.close()
    return result(book.rows)


class _Unclean(Exception):
    """After a case that failed the ledger begins anew: its difference is not the next case's."""


def _repair(context: Context, book: Book) -> None:
    """Mend what an interrupted drill may have left broken, whatever this one is to do."""
    given = context.arguments
    for case in cases(context, book.before, given.times, given.seed) if book.struck else ():
        if case.name == book.struck:
            context.progress(f"{case.name} was interrupted: mending")
            case.mend()
    if off := [name for name in book.before if not context.twin.is_running(name)]:
        context.twin.start(off, context.progress)
    book.struck = ""


def _one(context: Context, book: Book, case: Case, counters: ledger.Counters) -> None:
    """Strike, mend, wait until all is as before, reconcile, write down; `_Unclean` when it did not pass."""
    context.progress(case.name)
    book.struck = case.name
    book.save()
    counters.wait_answered(3)
    began, note, trouble = time.time(), "", ""
    try:
        note = case.strike(counters)
    except (Refused, LabError) as error:
        trouble = str(error)
    except BaseException:
        case.mend()
        raise
    healed = trouble or _healed(case)
    case.mend()
    try:
        counters.wait_answered(5)
        if not ledger.until(lambda: not missing(context, book.before), HEALED_SECONDS):
            trouble = trouble or missing(context, book.before)
        told = counters.tally()
        found = counters.reconcile()
        counters.go()
    except Refused as error:
        told, found = {"moments": []}, ledger.Reconciliation(0, 0, 0, 0)
        trouble = trouble or str(error)
    row = Row(
        case=case.name, title=case.title, hosts=case.hosts, note=note or found.sentence(),
        silent_seconds=round(ledger.longest_silence(told["moments"], began, time.time()), 1),
        acts=found.acts, lost=found.lost, doubled=found.doubled, half_done=found.half_done,
        trouble=trouble or healed, figures=case.figures,
    )  # fmt: skip
    book.rows.append(row)
    book.struck = ""
    book.save()
    print(row.line(), flush=True)
    if not found.clean:
        print(f"       {found.sentence()}", flush=True)
        raise _Unclean


def _healed(case: Case) -> str:
    """What has not come back by itself in time."""
    return "" if ledger.until(lambda: not case.trouble(), HEALED_SECONDS) else case.trouble()


def result(rows: list[Row]) -> dict[str, Any]:
    """Figures, details for the evidence, and the verdict."""
    by_kind: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_kind[row.case.split("/")[0]].append(row)
    figures = {
        "faults_cases": evidence.figure(len(rows), "cases"),
        "faults_failed": evidence.figure(sum(not row.passed for row in rows), "cases", 0),
        "faults_acts_lost": evidence.figure(sum(row.lost for row in rows), "acts", 0),
        "faults_acts_doubled": evidence.figure(sum(row.doubled for row in rows), "acts", 0),
        "faults_acts_half_done": evidence.figure(sum(row.half_done for row in rows), "acts", 0),
    }
    for kind, some in by_kind.items():
        figures[f"faults_{kind}_cases"] = evidence.figure(len(some), "cases")
        longest = max(row.silent_seconds for row in some)
        figures[f"faults_{kind}_longest_silence"] = evidence.figure(longest, "s")
    for row in rows:
        figures |= row.figures
    items = [
        {"title": row.title, "passed": row.passed, "note": row.trouble or row.note, "hosts": list(row.hosts)}
        for row in rows
    ]
    return {"passed": bool(rows) and all(row.passed for row in rows), "figures": figures, "details": {"items": items}}
