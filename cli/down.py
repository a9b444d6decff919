"""`./kura down`: the twin is gone, and nothing of it is left on this machine but the cache."""

from __future__ import annotations

import argparse
import shutil

from cli.context import Context
from lab import paths, workshop


def arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("--keep-workshop", action="store_true", help="leave the unit tests' PostgreSQL running")
    parser.add_argument("--cache", action="store_true", help="also remove images, packages and environments")


def main(context: Context) -> int:
    """Stop and remove."""
    if context.state.exists():
        context.progress(f"with the hosts go the twin's secrets and evidence in {context.state}")
    with context.progress.step("down"):
        context.twin.down()
        # Other instances' tests may be using the workshop: only the main one takes it along.
        if paths.instance() == "kura" and not context.arguments.keep_workshop:
            workshop.stop()
        if context.arguments.cache:
            shutil.rmtree(paths.cache(), ignore_errors=True)
    return 0
