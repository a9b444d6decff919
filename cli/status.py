"""`./kura status`: hosts and health at a glance."""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ThreadPoolExecutor

from cli.context import Context

_ASK = (
    "echo $(systemctl is-system-running) $(ps -o etimes= -p 1) "
    "$(ps -eo rss= | awk '{s+=$1} END {print int(s/1024)}') $(systemctl --failed --no-legend --plain | cut -d' ' -f1)"
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("--json", metavar="FILE", help="write the same as JSON")


def main(context: Context) -> int:
    """Print one line per host; exit 1 when something is wrong, 3 when no twin is there."""
    twin = context.twin
    hosts = twin.made()
    if not hosts:
        print("no twin here; start one with: ./kura up")
        return 3
    with ThreadPoolExecutor(8) as pool:
        rows = list(pool.map(lambda host: _row(context, host.name), hosts))
    for row in rows:
        place = f"{row['host']:<16} {row['address']:<15} {row['state']:<10}"
        print(f"{place} up {row['uptime']:>7} s {row['memory']:>6} MiB  {row['failed']}")
    if context.arguments.json:
        with open(context.arguments.json, "w") as out:  # noqa: PTH123
            json.dump(rows, out, ensure_ascii=False, indent=1)
    return 0 if all(row["state"] == "running" for row in rows) else 1


def _row(context: Context, name: str) -> dict[str, str]:
    address = str(context.site.host(name).address)
    if not context.twin.is_running(name):
        return {"host": name, "address": address, "state": "off", "uptime": "-", "memory": "-", "failed": ""}
    code, out = context.twin.shell(name, _ASK, patience=20)
    words = out.split()
    if code or len(words) < 3:
        return {"host": name, "address": address, "state": "no answer", "uptime": "-", "memory": "-", "failed": ""}
    return {
        "host": name,
        "address": address,
        "state": words[0],
        "uptime": words[1],
        "memory": words[2],
        "failed": " ".join(words[3:]),
    }
