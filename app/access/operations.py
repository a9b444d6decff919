"""The catalogue of operations. Each area declares its own next to the action that performs it."""

from dataclasses import dataclass

LIBRARIAN = "librarian"
COUNTER = "counter"
ADMIN = "admin"


@dataclass(frozen=True)
class Operation:
    """One thing a person may be allowed to do. `code` is dotted and never changes: the audit log holds it."""

    code: str
    title: str
    roles: tuple[str, ...]

    @property
    def area(self) -> str:
        return self.code.split(".")[0]


_declared: dict[str, Operation] = {}


def declare(code: str, title: str, roles: tuple[str, ...] = (LIBRARIAN, COUNTER)) -> Operation:
    """Add an operation; `roles` have it from the start (administrators have all). ValueError on a second meaning."""
    operation = Operation(code, title, (ADMIN, *roles))
    if _declared.setdefault(code, operation) != operation:
        raise ValueError(f"operation {code} is declared twice with different meanings")
    return operation


def declared() -> tuple[Operation, ...]:
    """Every operation, by code."""
    return tuple(_declared[code] for code in sorted(_declared))


def title_of(code: str) -> str:
    """The Japanese title of a code; the code itself for one that this release no longer knows."""
    return _declared[code].title if code in _declared else code
