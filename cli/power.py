"""`./kura drill power`: power cuts over the running twin while its counters lend, held against an outside ledger.

The cuts themselves are `ups/drill.py` (to the end and back), `ups/traces.py` (nobody boots) and `ups/cuts.py`
(something else goes wrong as well).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

from backup import seals
from cli import audit, check, evidence, ledger
from cli.benches import recovery_power
from cli.context import Context, Refused
from monitoring.evidence import read
from ups import attended, cuts, drill, plan, traces

FULL = "full"
NAMES = (FULL, *traces.TRACES, *cuts.CUTS)
# S-HW-004: so many acts have been answered when the mains fail, and more are under way.
ACTS = 100
TERMINALS, PACE = 6, 10.0
SOUND = (
    "systemctl start kura-integrity.service; "
    "grep -E '^kura_integrity_(errors|unchecked)' /var/lib/prometheus/node-exporter/kura_integrity.prom "
    "| sed 's/{.*}//'"
)


def show(context: Context) -> int:
    """Print the feeds, what survives the loss of one, the order, the batteries, the yearly work and its records."""
    records = [row for row in read(context.state, "drill") if row.name == "power"]
    print(attended.overview(context.site, records, datetime.now(UTC).date()))
    return 0


def run(context: Context, trace: str, by: str | None) -> dict[str, Any]:
    """Play one cut; passed, figures and details."""
    started = datetime.now(UTC)
    with ExitStack() as stack:
        counters = _counters(context, stack)
        if counters:
            counters.wait_answered(ACTS)
        mains = Mains(context)
        result = _play(context, trace, mains)
        if counters:
            counters.wait_answered(TERMINALS)
        result["figures"] |= mains.figures(counters)
        if counters:
            found = counters.reconcile()
            result["figures"] |= {
                "power_acts": evidence.figure(found.acts, "acts", ACTS, at_most=False),
                "power_acts_lost": evidence.figure(found.lost, "acts", 0),
                "power_acts_doubled": evidence.figure(found.doubled, "acts", 0),
                "power_acts_half_done": evidence.figure(found.half_done, "acts", 0),
            }
            result["details"]["ledger"] = found.sentence()
            result["passed"] = result["passed"] and found.clean and found.acts >= ACTS
    sound = _integrity(context)
    result["figures"] |= sound
    result["passed"] = result["passed"] and all(row["met"] for row in sound.values())
    if by:
        result["details"] |= attended.record(context.site, result, by, started, datetime.now(UTC))
    return result


def _integrity(context: Context) -> evidence.Figures:
    """Every table and index of every database, and where the backup host runs also the audit log's seals."""
    site, twin, figures = context.site, context.twin, {}
    for host in site.service("database").hosts:
        if twin.is_running(host.name):
            context.progress(f"{host.name}: are all tables and indexes sound?")
            _, said = twin.shell(host.name, SOUND)
            faults = [float(line.split()[1]) for line in said.splitlines() if line.startswith("kura_integrity_")]
            figures["power_integrity_errors"] = evidence.figure(sum(faults) if faults else 9999, "faults", 0)
    keeper = site.host(site.backup.repository).name
    sealers = [host.name for host in seals.sealers(site)]
    if sealers and twin.is_running(keeper) and twin.is_running(sealers[0]):
        context.progress("is every line of the audit log what it was when it was sealed?")
        count = audit.verify(context, sealers[0], keeper)["fault_count"]
        figures["power_audit_faults"] = evidence.figure(count, "faults", 0)
    return figures


def _counters(context: Context, stack: ExitStack) -> ledger.Counters | None:
    """Counters at work; None, and said, when the library on the twin has too little to lend."""
    try:
        counters = stack.enter_context(ledger.at_work(context, terminals=TERMINALS, pace=PACE))
    except Refused as reason:
        context.progress(f"without counters at work: {reason}")
        return None
    context.progress(f"{TERMINALS} counters are at work")
    return counters


class Mains:
    """From the return of power to what people notice first: asked beside the drill, which waits for whole hosts."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.at: float | None = None
        self.page: float | None = None
        self.thread = threading.Thread(target=self._ask, daemon=True)

    def returned(self) -> None:
        """Power returns now."""
        self.at = time.time()
        self.thread.start()

    def _ask(self) -> None:
        began = time.monotonic()
        if ledger.until(lambda: check.page(self.context), plan.RETURN_REQUIRED_SECONDS):
            self.page = time.monotonic() - began

    def figures(self, counters: ledger.Counters | None) -> evidence.Figures:
        """Seconds to the catalogue's first page and to the first answered scan at a counter; none without a return."""
        if self.at is None:
            return {}
        self.thread.join()
        page = plan.RETURN_REQUIRED_SECONDS if self.page is None else self.page
        found = {"power_to_first_page": evidence.figure(page, "s", recovery_power.FIRST_PAGE_GOAL_SECONDS)}
        if counters:
            moments = counters.tally()["moments"]
            counters.go()
            first = min(moment for moment in moments if moment > self.at) - self.at
            found["power_to_first_loan"] = evidence.figure(first, "s")
        return found


def _play(context: Context, trace: str, mains: Mains) -> dict[str, Any]:
    twin = context.twin
    hosts = [host.name for host in twin.running()]
    lends: Callable[[], bool] = lambda: _lends(context)  # noqa: E731
    if trace == FULL:
        return drill.run(context.site, hosts, twin.shell, twin, context.progress, lends, mains.returned)
    if trace in traces.TRACES:
        told: Callable[[], bool] = lambda: _told(context)  # noqa: E731
        return traces.run(trace, context.site, hosts, twin.shell, twin, context.progress, lends, told)
    return cuts.run(trace, context.site, hosts, twin.shell, twin, context.progress, lends)


def _told(context: Context) -> bool:
    """Whether readers get the page that says it is the power."""
    status, body = check.fetch(context, "operator", f"https://{context.site.fqdn('opac')}/")
    return status == 503 and "停電のため" in body


def _lends(context: Context) -> bool:
    """Whether the library is open to readers: its catalogue answers over the network."""
    status, _ = check.fetch(context, "operator", f"https://{context.site.fqdn('opac')}/health")
    return status == 200
