"""An audit log of ten million events: verified whole, verified after it was tampered with, and searched.

In a database of its own on the workshop's PostgreSQL, which is used again while it is there. Every seal covers what a
busy minute writes and is checked three ways, as `./kura audit verify` does it: its chain, its signature, and the copy
that the backup host would keep.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from cli import evidence, preflight
from cli.context import Context, Refused
from lab import workshop

GOAL_SEARCH_SECONDS = 60.0  # F-AUD-004: six years are searched within a minute
PLANTED = 6


def arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this bench."""
    parser.add_argument("--events", type=int, default=10_000_000, help="events of the log (default 10,000,000)")
    parser.add_argument("--seed", type=int, default=1, help="which events are tampered with and asked for")


def run(context: Context) -> evidence.Figures:
    """Fill unless it is there, verify, tamper, verify, mend, search; the figures."""
    given = context.arguments
    preflight.lab(context.progress)
    workshop.start(context.progress)
    name = f"kura_bench_audit_{given.events}"
    workshop.make_database(name)
    # The key outlives the run as the database does: seals made by another one would not be verified.
    folder = workshop.HOME / name
    folder.mkdir(mode=0o700, exist_ok=True)
    log = Log(context, name, folder)
    log.manage("migrate", "--verbosity", "0")
    log.answer("mend")
    with context.progress.step(f"{given.events:,} events and their seals"):
        began = time.monotonic()
        log.answer("fill", "--events", str(given.events), "--key", str(folder / "key.pem"))
        filled = time.monotonic() - began
    with context.progress.step("the copy of the seals"):
        log.answer("copy", "--to", str(folder / "seals"))
    with context.progress.step("verification of the whole log"):
        whole = log.verify()
    with context.progress.step("verification of a log that was tampered with"):
        planted = log.answer("tamper", "--seed", str(given.seed))
        try:
            found = log.verify()
        finally:
            log.answer("mend")
    with context.progress.step("searches over six years"):
        searched = log.answer("search", "--seed", str(given.seed))
    (folder / "seals").unlink()
    return figures(whole, planted, found, searched) | {"fill_seconds": evidence.figure(filled, "s")}


def figures(
    whole: dict[str, Any], planted: list[list[Any]], found: dict[str, Any], searched: dict[str, float]
) -> evidence.Figures:
    """What the bench says of a sound log, of what was planted in it and found, and of the searches."""
    named = {(fault["kind"], fault["event"]) for fault in found["faults"]}
    there = {(kind, number) for kind, number in planted}
    result = {
        "events": evidence.figure(whole["events"], "events"),
        "seals": evidence.figure(whole["seals"], "seals"),
        "seals_compared_with_copy": evidence.figure(whole["copied"], "seals", whole["seals"], at_most=False),
        "faults_of_a_sound_log": evidence.figure(whole["fault_count"] + whole["unsealed"], "faults", 0),
        "verify_seconds": evidence.figure(whole["seconds"], "s"),
        "verify_events_per_second": evidence.figure(whole["events"] / max(whole["seconds"], 0.001), "/s"),
        "planted": evidence.figure(len(planted), "faults", PLANTED, at_most=False),
        "planted_not_named": evidence.figure(len(there - named), "faults", 0),
        "named_not_planted": evidence.figure(len(named - there), "faults", 0),
    }
    for name, seconds in searched.items():
        result[f"search_{name}_seconds"] = evidence.figure(seconds, "s", GOAL_SEARCH_SECONDS)
    return result


class Log:
    """The application's commands, against the database of the bench."""

    def __init__(self, context: Context, database: str, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "app.settings.dev",
            "KURA_TEST_DB": database,
            "KURA_INVENTORY": context.site.name,
        }

    def manage(self, *words: str, may_fail: bool = False) -> str:
        """What a command prints; Refused when it fails, unless that is an answer."""
        argv = [sys.executable, "-m", "app.manage", *words]
        # What it says of its progress goes straight to the screen.
        done = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=False, env=self.environment)
        if done.returncode and not (may_fail and done.stdout):
            raise Refused(f"{' '.join(words)} failed (see above)")
        return done.stdout

    def answer(self, *words: str) -> Any:
        """What a part of the bench found out."""
        return json.loads(self.manage("bench_audit", *words))

    def verify(self) -> dict[str, Any]:
        """What `manage audit_verify` finds with the key and the copy."""
        given = ["--json", "--key", str(self.folder / "key.pem"), "--copy", str(self.folder / "seals")]
        found: dict[str, Any] = json.loads(self.manage("audit_verify", *given, may_fail=True))
        return found
