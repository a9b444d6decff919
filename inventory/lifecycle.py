"""The lifecycle register: every part Kura is built from, and whether somebody cares for it to the contract's end."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import StringConstraints, ValidationError

from inventory.errors import InventoryError, Problem
from inventory.loader import explain
from inventory.reading import Document
from inventory.schema import Row, Text

FILE = Path(__file__).parent / "lifecycle.yml"


class Plan(Row):
    """What replaces a part whose support ends, and by when."""

    what: Text
    by: date


class Part(Row):
    """One part with its own support."""

    name: Text
    why: Text
    supported: date | Literal["rolling", "ended"]
    plan: Plan | None = None

    @property
    def uncovered_days(self) -> int:
        """Days between the end of support and the day its replacement is due; 0 where there is no gap."""
        if self.plan is None or not isinstance(self.supported, date):
            return 0
        return max(0, (self.plan.by - self.supported).days)


class Package(Row):
    """A Debian package: supported as long as its Debian is."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9+.-]+$", max_length=60)]
    why: Text


class Register(Row):
    """The whole register."""

    platform: list[Part]
    requirements: list[Part]
    packages: list[Package]

    @property
    def parts(self) -> tuple[Part, ...]:
        """Everything with an end of support of its own."""
        return (*self.platform, *self.requirements)

    def ending_before(self, day: date) -> tuple[Part, ...]:
        """Parts whose support ends before a day: those that ended already, then the earliest first."""
        ended = [part for part in self.parts if part.supported == "ended"]
        ending = [part for part in self.parts if isinstance(part.supported, date) and part.supported < day]
        return (*ended, *sorted(ending, key=lambda part: (str(part.supported), part.name)))


def register(path: Path = FILE) -> Register:
    """The lifecycle register. Raises InventoryError with every problem found."""
    document = Document(path)
    try:
        found = Register.model_validate(document.data)
    except ValidationError as error:
        raise InventoryError(explain(document, error)) from None
    problems = _repeated(document, found)
    if problems:
        raise InventoryError(problems)
    return found


def unplanned(found: Register, until: date) -> tuple[Part, ...]:
    """Parts that end before a contract does and for which nothing is planned before its last day."""
    return tuple(part for part in found.ending_before(until) if part.plan is None or part.plan.by >= until)


def _repeated(document: Document, found: Register) -> list[Problem]:
    problems = []
    for section in ("platform", "requirements", "packages"):
        seen: set[str] = set()
        for index, row in enumerate(getattr(found, section)):
            if row.name in seen:
                problems.append(document.problem((section, index, "name"), "a name of its own"))
            seen.add(row.name)
    return problems
