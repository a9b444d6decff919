"""`./kura VERB …`: reads the arguments and calls the verb's module."""

from __future__ import annotations

import argparse
import importlib
import sys
from types import ModuleType

from cli.context import Context, Refused
from inventory import InventoryError
from lab.shell import LabError

# verb → module, what it does (one line each, in the order an engineer meets them)
VERBS = {
    "up": ("cli.up", "from a bare machine to a running appliance"),
    "metal": ("cli.metal", "media that install the hosts on bare disks, unattended"),
    "deploy": ("cli.deploy", "apply the inventory and playbooks to the hosts"),
    "status": ("cli.status", "hosts and their health at a glance"),
    "ssh": ("cli.ssh", "a shell, or one command, on a host"),
    "down": ("cli.down", "stop the twin and leave nothing behind"),
    "twin": ("cli.twin", "start or stop single hosts of the twin"),
    "demo": ("cli.demo", "load the demonstration library, or generate it at full scale"),
    "dev": ("cli.dev", "serve the application alone, with reload"),
    "test": ("cli.test", "everything that must hold, or a part of it"),
    "drill": ("cli.drill", "do the thing that must work when it matters, and measure it"),
    "restore": ("cli.restore", "a database, a table, a file, a host or everything, as it was at a moment"),
    "bench": ("cli.bench", "measure"),
    "report": ("cli.report", "reports for the auditor"),
    "docs": ("cli.docs", "the documents of a delivery, in Word and Excel"),
    "matrix": ("cli.matrix", "the requirements matrix"),
    "inspect": ("cli.inspect", "the periodic inspection of the running hosts"),
    "audit": ("cli.audit", "verify the audit log against its seals"),
    "logs": ("cli.logs", "verify the archive of records against its seals"),
    "lock": ("cli.lock", "renew requirements.lock"),
}


def verb(name: str) -> tuple[ModuleType, argparse.ArgumentParser]:
    """A verb's module, loaded, and what reads its arguments."""
    module_name, summary = VERBS[name]
    module = importlib.import_module(module_name)
    parser = argparse.ArgumentParser(prog=f"kura {name}", description=summary)
    module.arguments(parser)
    return module, parser


def main() -> int:
    """Run one verb; returns the exit code. Only the chosen verb's module is loaded."""
    listing = "\n".join(f"  {verb:<9} {summary}" for verb, (_, summary) in VERBS.items())
    first = argparse.ArgumentParser(
        prog="kura", description="A public library in one deployable unit.", epilog=f"verbs:\n{listing}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    first.add_argument("--inventory", default="nagano", help="folder under inventory/, or a path (default: nagano)")
    first.add_argument("verb", choices=VERBS, metavar="VERB")
    first.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    given = first.parse_args()
    module, parser = verb(given.verb)
    arguments = parser.parse_args(given.rest)
    arguments.inventory = given.inventory
    try:
        return int(module.main(Context(arguments)))
    except InventoryError as error:
        print(f"kura: inventory {given.inventory} cannot be used:\n{error}", file=sys.stderr)
        return 4
    except (Refused, LabError) as error:
        print(f"\nkura: {error}", file=sys.stderr)
        return getattr(error, "code", 1)
    except KeyboardInterrupt:
        print("\nkura: interrupted; run the same command again to go on", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
