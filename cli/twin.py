"""`./kura twin start|stop|cut HOST…`: single hosts of the twin."""

from __future__ import annotations

import argparse

from cli import preflight
from cli.context import Context


def arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("act", choices=["start", "stop", "cut", "list"])
    parser.add_argument("hosts", nargs="*", help="host names (default: the inventory's `twin` list, or all running)")


def main(context: Context) -> int:
    """Do the act on the hosts."""
    twin, given = context.twin, context.arguments.hosts
    preflight.lab(context.progress)
    match context.arguments.act:
        case "start":
            twin.start(given or context.site.hosts_file.twin, context.progress)
        case "stop":
            twin.stop(given or [host.name for host in twin.running()])
        case "cut":
            for name in given:
                twin.power_cut(name)
        case _:
            for name, facts in twin.describe().items():
                print(name, facts)
    return 0
