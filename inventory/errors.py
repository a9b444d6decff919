"""How a broken inventory is told: file, line, key, value and what was expected."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong in one place of the inventory."""

    file: str
    line: int
    key: str
    value: str
    expected: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.key} = {self.value}: expected {self.expected}"


class InventoryError(Exception):
    """The inventory cannot be used; `problems` lists every fault found, in file order."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))
