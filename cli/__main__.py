"""`./kura VERB …`: reads the arguments and calls the verb's module."""

from __future__ import annotations

import argparse
import importlib
import sys

from cli.context import Context, Refused
from inventory import InventoryError
from lab.shell import LabError

# verb → module, what it does (one line each, in the order an engineer meets them)
VERBS = {
    "up": ("cli.up", "from a bare machine to a running appliance"),
    "deploy": ("cli.deploy", "apply the inventory and playbooks to the hosts"),
    "status": ("cli.status", "hosts and their health at a glance"),
    "ssh": ("cli.ssh", "a shell, or one command, on a host"),
    "down": ("cli.down", "stop the twin and leave nothing behind"),
    "twin": ("cli.twin", "start or stop single hosts of the twin"),
    "demo": ("cli.demo", "load the demonstration library, or generate it at full scale"),
    "dev": ("cli.dev", "serve the application alone, with reload"),
    "test": ("cli.test", "everything that must hold, or a part of it"),
    "drill": ("cli.drill", "do the thing that must work when it matters, and measure it"),
    "bench": ("cli.bench", "measure"),
    "report": ("cli.report", "reports for the auditor"),
    "matrix": ("cli.matrix", "the requirements matrix"),
    "inspect": ("cli.inspect", "the periodic inspection of the running hosts"),
    "lock": ("cli.lock", "renew requirements.lock"),
}


def main() -> int:
    """Run one verb; returns the exit code."""
    parser = argparse.ArgumentParser(prog="kura", description="A public library in one deployable unit.")
    parser.add_argument("--inventory", default="nagano", help="folder under inventory/, or a path (default: nagano)")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for verb, (module_name, summary) in VERBS.items():
        child = verbs.add_parser(verb, help=summary, description=summary)
        child.set_defaults(module=module_name)
        try:
            module = importlib.import_module(module_name)
        except ModuleNotFoundError as error:
            if error.name != module_name:
                raise
            continue
        module.arguments(child)
    arguments = parser.parse_args()
    context = Context(arguments)
    try:
        return int(importlib.import_module(arguments.module).main(context))
    except InventoryError as error:
        print(f"kura: inventory/{arguments.inventory} cannot be used:\n{error}", file=sys.stderr)
        return 4
    except (Refused, LabError) as error:
        print(f"\nkura: {error}", file=sys.stderr)
        return getattr(error, "code", 1)
    except KeyboardInterrupt:
        print("\nkura: interrupted; run the same command again to go on", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
