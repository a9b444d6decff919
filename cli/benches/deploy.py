"""How long the appliance takes to come up: with nothing cached, with caches, and with nothing to do."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from cli import evidence
from cli.context import Context, Refused
from lab import paths

GOALS = {"first": 15 * 60, "cached": 5 * 60, "no_change": 2 * 60}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this bench."""
    parser.add_argument("--skip-first", action="store_true", help="keep the caches and measure only with them")


def run(context: Context) -> evidence.Figures:
    """Time `up` with empty caches, with caches, and with nothing to do, on a twin of its own."""
    home = Path(f"/var/cache/kura-bench-{os.getpid()}")
    environment = {**os.environ, "KURA_INSTANCE": "kbench"}
    environment.pop("KURA_STATE", None)
    if not context.arguments.skip_first:
        environment["KURA_CACHE"] = str(home)
    figures: evidence.Figures = {}
    kura = [str(paths.root() / "kura"), "--inventory", context.site.name]
    # From nothing, also after a bench that was cut.
    subprocess.run([*kura, "down", "--keep-workshop"], env=environment, check=False, stdout=sys.stderr)
    try:
        for name in ("first", "cached", "no_change"):
            if name == "first" and context.arguments.skip_first:
                continue
            with context.progress.step(f"up: {name}"):
                began = time.monotonic()
                done = subprocess.run([*kura, "up", "--no-window"], env=environment, stdout=subprocess.PIPE, text=True)
                seconds = time.monotonic() - began
            if done.returncode:
                raise Refused(f"up failed:\n{done.stdout[-2000:]}")
            figures[f"up_{name}_seconds"] = evidence.figure(seconds, "s", GOALS[name])
            if name == "no_change":
                changed = int(done.stdout.split("changed=")[1].split()[0])
                figures["no_change_changes"] = evidence.figure(changed, "tasks", 0)
            if name == "first":
                subprocess.run([*kura, "down", "--keep-workshop"], env=environment, check=False, stdout=sys.stderr)
    finally:
        subprocess.run([*kura, "down", "--keep-workshop"], env=environment, check=False, stdout=sys.stderr)
        shutil.rmtree(home, ignore_errors=True)
    return figures
