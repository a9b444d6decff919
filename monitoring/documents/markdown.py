"""The Markdown of runbooks and manual pages as blocks of a document: headings, steps, points, paragraphs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from office.document import Block, Heading, Listing

_STEP = re.compile(r"^\d+\.\s+")
_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")


def title(text: str) -> str:
    """The first heading."""
    return text.partition("\n")[0].removeprefix("# ").strip()


def blocks(text: str, level: int = 2) -> Iterator[Block]:
    """Everything below the title; `##` becomes a heading of `level`."""
    lines = [line.strip() for line in text.splitlines() if not line.startswith("# ")]
    for kind, group in groupby((line for line in lines if line), key=_kind):
        if kind == "step":
            yield Listing([_plain(_STEP.sub("", line)) for line in group], numbered=True)
        elif kind == "point":
            yield Listing([_plain(line[2:]) for line in group])
        else:
            for line in group:
                yield Heading(_plain(line.lstrip("# ")), level) if line.startswith("##") else _plain(line)


def headings(text: str) -> list[str]:
    """The second-level headings."""
    return re.findall(r"^## (.+?)\s*$", text, re.MULTILINE)


def _kind(line: str) -> str:
    return "step" if _STEP.match(line) else "point" if line.startswith("- ") else ""


def _plain(line: str) -> str:
    return _LINK.sub(r"\1", line).replace("`", "").replace("**", "")
