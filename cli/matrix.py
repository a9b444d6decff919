"""`./kura matrix`: every requirement with its tests and their last result."""

from __future__ import annotations

import argparse
from pathlib import Path

from cli.context import Context
from monitoring.reports import matrix


def arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("--json", type=Path, metavar="FILE", help="ids, tests and results as JSON")
    parser.add_argument("--out", type=Path, metavar="FILE", help="the Excel file, or the folder for it")


def main(context: Context) -> int:
    """Write what is asked for and print the totals."""
    return matrix.run(context.site, context.arguments.out, context.arguments.json)
