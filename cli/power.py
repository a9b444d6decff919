"""`./kura drill power`: power cuts over the running twin while its counters lend, held against an outside ledger.

The cuts themselves are `ups/drill.py` (to the end and back), `ups/traces.py` (nobody boots) and `ups/cuts.py`
(something else goes wrong as well).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

from backup import seals
from cli import audit, check, evidence, ledger
from cli.context import Context, Refused
from monitoring.evidence import read
from ups import attended, cuts, drill, traces

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
        result = _play(context, trace)
        if counters:
            counters.wait_answered(TERMINALS)
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


def _play(context: Context, trace: str) -> dict[str, Any]:
    twin = context.twin
    hosts = [host.name for host in twin.running()]
    lends: Callable[[], bool] = lambda: _lends(context)  # noqa: E731
    if trace == FULL:
        return drill.run(context.site, hosts, twin.shell, twin, context.progress, lends)
    play = traces.run if trace in traces.TRACES else cuts.run
    return play(trace, context.site, hosts, twin.shell, twin, context.progress, lends)


def _lends(context: Context) -> bool:
    """Whether the library is open to readers: its catalogue answers over the network."""
    status, _ = check.fetch(context, "operator", f"https://{context.site.fqdn('opac')}/health")
    return status == 200
