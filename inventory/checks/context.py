"""What a check gets to see, and how it says what is wrong."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from inventory.errors import Problem
from inventory.model import Inventory
from inventory.reading import Document, Location


@dataclass(frozen=True)
class Context:
    """The loaded rows and the documents they came from."""

    site: Inventory
    documents: dict[str, Document]

    def problem(self, name: str, at: Location, expected: str, value: Any = None) -> Problem:
        """A problem in file `name` at a key; `value` where the file's own value does not say it."""
        return self.documents[name].problem(at, expected, value)

    def repeats(self, name: str, rows: Iterable[tuple[Location, Hashable]], what: str) -> Iterator[Problem]:
        """A problem for every value that stood earlier in the file already."""
        first: dict[Hashable, Location] = {}
        for at, value in rows:
            if value in first:
                line = self.documents[name].line(first[value])
                yield self.problem(name, at, f"{what} of its own (line {line} has it already)", value)
            else:
                first[value] = at
