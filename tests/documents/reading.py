"""Reading what was written."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from docx import Document

from cli.context import Context
from office.document import Chapter, Table

ROOT = Path(__file__).resolve().parents[2]


def context(inventory: str) -> Context:
    """A run of the command line against an inventory; no twin answers."""
    return Context(argparse.Namespace(inventory=inventory))


def table(chapters: list[Chapter], title: str) -> Table:
    """The table of that title."""
    return next(b for c in chapters for b in c.blocks if isinstance(b, Table) and b.title == title)


def texts(path: Path) -> Iterator[str]:
    """Every text of a Word document."""
    document = Document(str(path))
    yield from (paragraph.text for paragraph in document.paragraphs)
    for grid in document.tables:
        yield from (cell.text for row in grid.rows for cell in row.cells)
