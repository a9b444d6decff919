"""`./kura inspect`: the periodic inspection (定期点検) of the running hosts, kept as evidence."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from cli import console
from cli.context import Context, Refused
from monitoring.evidence import write
from monitoring.reports import inspection

TESTS = "tests/twin/test_inspection.py"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""


def main(context: Context) -> int:
    """Run the inspection's tests on the hosts and keep the result; exit 1 when a point failed."""
    running = [host.name for host in context.twin.running()]
    if not running:
        raise Refused("no twin is running; start it with: ./kura up")
    results = context.state / "inspection.json"
    results.unlink(missing_ok=True)
    environment = {**os.environ, "KURA_RESULTS": str(results), "KURA_INVENTORY": context.site.name}
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", TESTS]
    with context.progress.step("inspection"):
        code = subprocess.call(argv, cwd=context.root, env=environment)
    try:
        record = inspection.from_results(Path(results), running, by=_inspector(context))
    except (FileNotFoundError, ValueError) as error:
        raise Refused(f"the inspection gave no result ({error}): see what pytest says above") from None
    write(context.state, record)
    if console.deliver(context) is None:
        print("the console does not answer: it gets this inspection with the next run of a playbook")
    return code


def _inspector(context: Context) -> str:
    """Who answers for the inspection: the person of the operations role."""
    return next((role.person for role in context.site.contacts.roles if role.id == "operations"), "")
