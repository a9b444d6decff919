"""Counters that lend at the twin, and the outside ledger against which the database is compared.

    with ledger.at_work(context, terminals=6, pace=8.0) as counters:
        ...                                   # kill, cut, restore: the terminals ask again until they are answered
        counters.wait_answered(5)
        found = counters.reconcile()          # holds the terminals between two scans and compares
        assert found.clean, found.sentence()

The terminals are a process of their own on the operator's network (`cli.benches.counter_load`), so nothing that
happens to a host of the appliance touches their ledger. Afterwards everything they had lent is given back.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from cli.context import Context, Refused
from lab import paths
from lab.twin import OPERATOR

# Addresses from here on in the operations zone belong to no host of an inventory.
FIRST_SOURCE = 200
# What a terminal needs at least. A drill takes no more, and titles of several copies first: what was out today is no
# good for much else today.
ITEMS_PER_TERMINAL = 12
# Longer than any host of the twin takes to come back.
PATIENCE_SECONDS = 600.0

READY = """
SELECT json_build_object(
  'patrons', (SELECT json_agg(number) FROM (
     SELECT card.number FROM patrons_patroncard card JOIN patrons_patron p ON p.id = card.patron_id
     WHERE card.state = 'live' AND p.valid_until > now() + interval '30 days'
       AND NOT EXISTS (SELECT FROM circulation_loan l WHERE l.patron_id = p.id)
     ORDER BY card.number LIMIT 3000) AS cards),
  'items', (SELECT json_agg(barcode) FROM (
     SELECT i.barcode FROM catalog_item i JOIN branches_branch b ON b.id = i.branch_id AND b.code = 'nagano'
     WHERE i.status = 'in_stock' AND NOT i.reference_only AND i.material_type = 'book'
       AND NOT EXISTS (SELECT FROM circulation_loan l WHERE l.item_id = i.id)
       AND NOT EXISTS (SELECT FROM holds_hold h WHERE h.record_id = i.record_id OR h.item_id = i.id)
     ORDER BY (SELECT count(*) FROM catalog_item c WHERE c.record_id = i.record_id) = 1, i.id LIMIT 9000) AS items))
"""
OPEN = """
SELECT coalesce(json_object_agg(i.barcode, card.number), '{}') FROM circulation_loan l
JOIN catalog_item i ON i.id = l.item_id
JOIN patrons_patroncard card ON card.patron_id = l.patron_id AND card.state = 'live'
WHERE i.barcode = ANY(string_to_array('%s', ','))
"""
# What terminals at these addresses had lent when their run was cut short.
LEFT_OUT = """
SELECT coalesce(json_object_agg(i.barcode, card.number), '{}') FROM circulation_loan l
JOIN catalog_item i ON i.id = l.item_id
JOIN patrons_patroncard card ON card.patron_id = l.patron_id AND card.state = 'live'
WHERE host(l.terminal) = ANY(string_to_array('%s', ','))
"""
# Each act leaves a figure, a line of the audit log and (lending) a loan or (returning) a trace of the day, all in one
# transaction: where their numbers differ, an act was half done.
TRACES = """
SELECT json_build_object(
  'lend', (SELECT count(*) FROM circulation_loanstatistic WHERE act = 'lend'),
  'return', (SELECT count(*) FROM circulation_loanstatistic WHERE act = 'return'),
  'lend_audited', (SELECT count(*) FROM audit_auditevent WHERE operation = 'circulation.lend' AND outcome = 'done'),
  'return_audited', (SELECT count(*) FROM audit_auditevent
                     WHERE operation = 'circulation.give_back' AND outcome = 'done'),
  'open', (SELECT count(*) FROM circulation_loan))
"""


@dataclass(frozen=True)
class Reconciliation:
    """The ledger beside the database. `lost`: the terminals were told of it and it is not there (or otherwise);
    `doubled`: acts counted more or less often than they were answered; `half_done`: acts of which only a part is
    there."""

    acts: int
    lost: int
    doubled: int
    half_done: int
    differing: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)

    @property
    def clean(self) -> bool:
        """Whether everything agrees, and there was something to compare."""
        return self.acts > 0 and not (self.lost or self.doubled or self.half_done)

    def sentence(self) -> str:
        """For a table or a failing test."""
        said = f"{self.acts} acts: {self.lost} lost, {self.doubled} doubled, {self.half_done} half done"
        more = [f"{item}: told {told}, there {there}" for item, (told, there) in sorted(self.differing.items())[:5]]
        return "; ".join([said, *more])


def compare(
    told: dict[str, Any], there: dict[str, str], before: dict[str, int], after: dict[str, int]
) -> Reconciliation:
    """The ledger (`out`, `acts`) with the loans that are there and with what was counted since `before`."""
    out = told["out"]
    differing = {
        item: (out.get(item), there.get(item)) for item in out.keys() | there.keys() if out.get(item) != there.get(item)
    }
    grown = {name: after[name] - before[name] for name in after}
    acts = told["acts"]
    return Reconciliation(
        acts=sum(acts.values()),
        lost=len(differing),
        doubled=sum(abs(grown[act] - acts[act]) for act in acts),
        half_done=abs(grown["lend_audited"] - grown["lend"])
        + abs(grown["return_audited"] - grown["return"])
        + abs(grown["open"] - (grown["lend"] - grown["return"])),
        differing=differing,
    )


def ask(context: Context, sql: str) -> Any:
    """One JSON value from the database of the twin; Refused when it does not answer."""
    host = context.site.service("database").hosts[0].name
    command = "cd / && runuser -u postgres -- psql -XqAt -v ON_ERROR_STOP=1 -d kura"
    code, out = context.twin.shell(host, command, stdin=sql, patience=120)
    if code:
        raise Refused(f"{host}: {out[-500:]}")
    return json.loads(out) if out.strip() else None


def plan(context: Context, sources: list[str], *, shelf: int | None = None, **more: object) -> dict[str, Any]:
    """What the terminals are told: where the counter is, who signs in, and patrons and items that are free, `shelf`
    items for each terminal (without it: all that are free).

    What an interrupted run had lent is still out, and comes back like the rest. Refused when the library on the twin
    has too few of them.
    """
    ready, out = ask(context, READY), ask(context, LEFT_OUT % ",".join(sources))
    free = ready["items"] or []
    items = [*sorted(out), *(free if shelf is None else free[: shelf * len(sources)])]
    patrons = [*sorted(set(out.values())), *(ready["patrons"] or [])]
    if len(patrons) < len(sources) or len(items) < ITEMS_PER_TERMINAL * len(sources):
        raise Refused("the library has too few patrons or items to lend: ./kura demo --scale 0.01 (or 1.0)")
    secret = (context.state / "secrets/demo_counter").read_text().strip()
    return {
        "name": context.site.fqdn("staff"), "address": str(context.site.service("library").hosts[0].address),
        "ca": str(context.state / "ca.crt"), "terminals": len(sources), "staff": [["counter", secret]],
        "sources": sources, "patrons": patrons, "items": items, "out": out, **more,
    }  # fmt: skip


@contextmanager
def addresses(context: Context, count: int, first: int = 0) -> Iterator[list[str]]:
    """An address of its own for each terminal, beside the operator's: nginx counts requests by address. `first` keeps
    two crowds apart."""
    operator = context.site.host(OPERATOR)
    net = context.site.zone_network(operator.zone)
    sources = [f"{net.network_address + FIRST_SOURCE + first + number}" for number in range(count)]
    device = operator.zone
    try:
        for address in sources:
            context.twin.inside(OPERATOR, ["ip", "address", "add", f"{address}/{net.prefixlen}", "dev", device])
        yield sources
    finally:
        for address in sources:
            context.twin.inside(OPERATOR, ["ip", "address", "delete", f"{address}/{net.prefixlen}", "dev", device])


def terminals_argv(context: Context) -> list[str]:
    """The command line of the terminals' process, on the operator's network."""
    return context.twin.inside_argv(OPERATOR, [sys.executable, "-m", "cli.benches.counter_load"])


@contextmanager
def at_work(
    context: Context, *, terminals: int = 6, pace: float = 8.0, seed: int = 1, patience: float = PATIENCE_SECONDS
) -> Iterator[Counters]:
    """Terminals that lend and take back, `pace` acts a second over all, until the end of the block.

    A scan without an answer is repeated for `patience` seconds. At the end everything that is out comes back; when the
    block failed, only if somebody answers. Refused when there is nothing to lend or nobody answers.
    """
    with addresses(context, terminals) as sources:
        given = plan(context, sources, shelf=ITEMS_PER_TERMINAL, rate=pace, seed=seed, patience=patience)
        counters = Counters(context, given)
        try:
            yield counters
            counters.clear()
        except BaseException:
            with contextlib.suppress(Refused):
                if counters.is_answered():
                    counters.clear()
            raise
        finally:
            counters.end()


class Counters:
    """The terminals at work. Everything here raises Refused when a terminal gave up: half a ledger proves nothing."""

    def __init__(self, context: Context, given: dict[str, Any]) -> None:
        self.context, self.given = context, given
        self.before: dict[str, int] = ask(context, TRACES)
        self.settled = 0
        self.process = subprocess.Popen(
            terminals_argv(context), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=paths.root()
        )
        try:
            self._say(json.dumps(given))
            self.go()
        except BaseException:
            self.end()
            raise

    def go(self) -> None:
        """Let the terminals work."""
        self._say("go")

    def answered(self) -> int:
        """Scans answered so far."""
        return int(self._say("count")["answered"])

    def is_answered(self) -> bool:
        """Whether somebody got an answer in the last seconds."""
        return float(self._say("count")["silent"]) < 10

    def wait_answered(self, more: int, patience: float = 300) -> float:
        """Wait for that many more answers than there are now; the seconds it took. Refused after `patience`."""
        began, wanted = time.monotonic(), self.answered() + more
        if not until(lambda: self.answered() >= wanted, patience):
            raise Refused(f"the counters got no answer for {patience:.0f} s")
        return time.monotonic() - began

    def tally(self) -> dict[str, Any]:
        """Hold the terminals between two scans and read their ledger; `go` lets them work again."""
        return self._say("tally")

    def reconcile(self) -> Reconciliation:
        """The ledger since the terminals opened beside the database, while they rest; `go` lets them work again.

        `acts` counts those since the last time.
        """
        told = self.tally()
        there = ask(self.context, OPEN % ",".join(self.given["items"]))
        found = compare(told, there, self.before, ask(self.context, TRACES))
        acts, self.settled = found.acts - self.settled, found.acts
        return replace(found, acts=acts)

    def clear(self) -> None:
        """Everything that is out comes back; the terminals do not work again."""
        self._say("clear")

    def end(self) -> None:
        """The terminals are gone."""
        with contextlib.suppress(BrokenPipeError):
            if self.process.stdin:
                self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _say(self, line: str) -> dict[str, Any]:
        assert self.process.stdin
        assert self.process.stdout
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
            said = self.process.stdout.readline()
        except BrokenPipeError:
            said = ""
        if not said:
            raise Refused("the terminals gave up (see above)")
        answer: dict[str, Any] = json.loads(said)
        if "gave_up" in answer:
            raise Refused("a terminal gave up: " + "; ".join(answer["gave_up"]))
        return answer


def until(question: Callable[[], bool], patience: float) -> bool:
    """Ask until the answer is yes; False when it is not within the seconds."""
    deadline = time.monotonic() + patience
    while not question():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


def longest_silence(moments: list[float], began: float, ended: float) -> float:
    """The longest time between two answers within [began, ended], in seconds: what staff had to wait."""
    within = sorted(moment for moment in moments if began <= moment <= ended)
    return max((later - earlier for earlier, later in pairwise([began, *within, ended])), default=0.0)
