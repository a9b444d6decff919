"""`./kura ssh HOST [-- COMMAND …]`."""

from __future__ import annotations

import argparse
import os
import shlex

from cli.context import Context, Refused


def arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("host")
    parser.add_argument("command", nargs=argparse.REMAINDER)


def main(context: Context) -> int:
    """Become ssh."""
    name = context.arguments.host
    machine = context.twin.machine(name)
    if not machine.is_running():
        raise Refused(f"{name} is not running here; start it with: ./kura twin start {name}")
    command = [part for part in context.arguments.command if part != "--"]
    argv = ["ssh", "-F", str(context.twin.ssh_config), name]
    if command:
        argv.append(shlex.join(command) if len(command) > 1 else command[0])
    os.execvp("ssh", argv)  # noqa: S606
