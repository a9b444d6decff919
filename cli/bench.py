"""`./kura bench …`: measure, compare with the goals, and write the figures down."""

from __future__ import annotations

import argparse
import importlib

from cli import evidence
from cli.context import Context

BENCHES = {
    "deploy": "how long the appliance takes to come up",
    "load": "records a second of the first load of a full MARC file",
    "search": "a catalogue of 3.65 million records: build its index, ask in every class of question",
    "scale": "the counter and a week's import in the catalogue of `search`, with 60,000 patrons",
    "recovery": "backups, restores against a plain pg_restore, and what a loss of the database host would lose",
    "logs": "a year of all hosts' records: closing a day, searching, verifying",
    "audit": "an audit log of ten million events: verified, tampered with, searched",
    "counter": "loans and returns a second at thirty terminals, also during an import and under faults",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb; each bench adds its own."""
    names = parser.add_subparsers(dest="name", required=True, metavar="NAME")
    for name, title in BENCHES.items():
        one = names.add_parser(name, help=title, description=title)
        one.add_argument("--json", metavar="FILE", help="write the figures as JSON")
        importlib.import_module(f"cli.benches.{name}").arguments(one)


def main(context: Context) -> int:
    """Run one bench; exit 1 when a goal was missed."""
    figures: evidence.Figures = importlib.import_module(f"cli.benches.{context.arguments.name}").run(context)
    evidence.write_json(context.arguments.json, figures)
    for key, row in figures.items():
        goal = "" if row["goal"] is None else f"   goal {row['goal']}: {'met' if row['met'] else 'NOT MET'}"
        print(f"{key:<34} {row['value']:>10.1f} {row['unit']}{goal}")
    return 0 if all(row["met"] in (True, None) for row in figures.values()) else 1
