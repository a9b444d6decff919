"""From the return of power to the first page and to the first loan: a part of `./kura bench recovery`.

Every server is shut down in order while counters lend, then all get power at once, as when the mains come back. The
counters keep asking; the catalogue is asked as a reader would.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from cli import check, evidence, ledger
from cli.context import Context, Refused

FIRST_PAGE_GOAL_SECONDS = 90.0
PATIENCE_SECONDS = 600.0


def figures(context: Context) -> evidence.Figures:
    """Stop everything, start everything, measure; every host runs again. Refused when the library stays away."""
    twin, site = context.twin, context.site
    hosts = [host.name for host in twin.running() if site.host(host.name).kind != "terminal"]
    with ledger.at_work(context, patience=PATIENCE_SECONDS) as counters:
        counters.wait_answered(5)
        context.progress("every host is shut down")
        twin.stop(hosts)
        asked = counters.answered()
        context.progress("power returns")
        began = time.monotonic()
        for name in hosts:
            twin.start_one(name)
        page = _until(lambda: check.page(context), began, "the catalogue shows no page")
        loan = _until(lambda: counters.answered() > asked, began, "the counter gets no answer")
        twin.wait_ssh(hosts)
        counters.wait_answered(5)
        found = counters.reconcile()
    wrong = found.lost + found.doubled + found.half_done
    return {
        "power_to_first_page": evidence.figure(page, "s", FIRST_PAGE_GOAL_SECONDS),
        "power_to_first_loan": evidence.figure(loan, "s"),
        "power_acts_wrong": evidence.figure(wrong, "acts", 0),
    }


def _until(question: Callable[[], bool], began: float, sentence: str) -> float:
    """Seconds since `began` when the answer became yes."""
    if not ledger.until(question, PATIENCE_SECONDS):
        raise Refused(f"{sentence} {PATIENCE_SECONDS:.0f} s after power returned")
    return time.monotonic() - began
