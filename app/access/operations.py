"""The catalogue of operations. Each area declares its own next to the action that performs it."""

from dataclasses import dataclass

LIBRARIAN = "librarian"
COUNTER = "counter"
ADMIN = "admin"
# What an operation does to its resource, in the order of the matrix.
KINDS = {"view": "参照", "add": "登録", "change": "更新", "delete": "削除", "print": "印刷", "export": "出力"}


@dataclass(frozen=True)
class Operation:
    """One thing a person may be allowed to do. `code` is dotted and never changes: the audit log holds it."""

    code: str
    title: str
    roles: tuple[str, ...]
    kind: str = "change"

    @property
    def area(self) -> str:
        return self.code.split(".")[0]


_declared: dict[str, Operation] = {}


def declare(code: str, title: str, roles: tuple[str, ...] = (LIBRARIAN, COUNTER), kind: str = "change") -> Operation:
    """Add an operation on the resource that `code` begins with; `kind` is one of KINDS. `roles` have it from the
    start (administrators have all). ValueError on an unknown kind and on a second meaning."""
    if kind not in KINDS:
        raise ValueError(f"operation {code}: unknown kind {kind}")
    operation = Operation(code, title, (ADMIN, *roles), kind)
    if _declared.setdefault(code, operation) != operation:
        raise ValueError(f"operation {code} is declared twice with different meanings")
    return operation


def declared() -> tuple[Operation, ...]:
    """Every operation, by code."""
    return tuple(_declared[code] for code in sorted(_declared))


def find(code: str) -> Operation | None:
    """The operation of that code, or None for one that this release does not know."""
    return _declared.get(code)


def title_of(code: str) -> str:
    """The Japanese title of a code; the code itself for one that this release no longer knows."""
    return _declared[code].title if code in _declared else code
