"""The hash tree of a batch of events, spans of ids, and the statement that a seal makes. Pure: bytes and text only.

The tree is that of RFC 6962, section 2.1 (SHA-256; a leaf is hashed behind a zero byte, a node behind a one byte, an
odd node goes up as it is), so that neither can pass for the other and a batch's root says which lines it has and how
many. A leaf is an event's line in PostgreSQL's COPY text format: tabs, line ends and backslashes in values are escaped
there, so no two events have the same line, and anybody can make it with `psql` alone.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from hashlib import sha256

PRINT = 4  # bytes of each leaf that a seal keeps, to point at the line that was altered
GENESIS = "0" * 64


def leaf(line: bytes) -> bytes:
    """The hash of one event's line (without its line end)."""
    return sha256(b"\x00" + line).digest()


def root(leaves: Sequence[bytes]) -> str:
    """The root over these leaves, in hexadecimal; of nothing, the hash of nothing."""
    level = list(leaves)
    if not level:
        return sha256().hexdigest()
    while len(level) > 1:
        pairs = [sha256(b"\x01" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
        level = [*pairs, level[-1]] if len(level) % 2 else pairs
    return level[0].hex()


def prints(leaves: Iterable[bytes]) -> bytes:
    """The beginnings of the leaves, one after the other."""
    return b"".join(one[:PRINT] for one in leaves)


Span = tuple[int, int]  # first and last id


def spans_of(ids: Iterable[int]) -> list[Span]:
    """Ascending ids as spans without gaps."""
    found: list[Span] = []
    for number in ids:
        if found and number == found[-1][1] + 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def gaps(spans: Iterable[Span], below: int) -> list[Span]:
    """What ascending spans leave out between `below` (which is before the first) and their end."""
    found = []
    for first, last in spans:
        if first > below + 1:
            found.append((below + 1, first - 1))
        below = last
    return found


def without(span: Span, taken: Iterable[Span]) -> list[Span]:
    """A span without the ascending spans that lie in it."""
    first, last = span
    left = []
    for start, end in taken:
        if end < first or start > last:
            continue
        if start > first:
            left.append((first, start - 1))
        first = end + 1
    return [*left, (first, last)] if first <= last else left


def written(spans: Iterable[Span]) -> str:
    """Spans as text: `101-205 207`."""
    return " ".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)


def read(text: str) -> list[Span]:
    """The spans of `written`. ValueError for anything else."""
    found = []
    for part in text.split():
        first, _, last = part.partition("-")
        found.append((int(first), int(last or first)))
    return found


@dataclass(frozen=True)
class Waiting:
    """Ids that a transaction may still write, and the transactions that may (see actions/sealing.py)."""

    spans: list[Span]
    writers: tuple[str, ...]


def waiting_written(rows: Iterable[Waiting]) -> str:
    """Waiting ids as text: `101-102 105@3/14,5/9;…`."""
    return ";".join(f"{written(row.spans)}@{','.join(row.writers)}" for row in rows)


def waiting_read(text: str) -> list[Waiting]:
    """The rows of `waiting_written`."""
    found = []
    for part in filter(None, text.split(";")):
        spans, _, writers = part.partition("@")
        found.append(Waiting(read(spans), tuple(writers.split(","))))
    return found


@dataclass(frozen=True)
class Statement:
    """What one seal says. `previous` is the digest of the seal before: the seals are a chain."""

    number: int
    at: str
    month: str
    count: int
    spans: str
    top: int  # up to here every id is sealed, waits, or is closed
    root: str
    prints: str  # SHA-256 of the prints
    waiting: str
    previous: str
    key: str  # the first 16 signs of the public key's SHA-256; empty when unsigned

    def text(self) -> str:
        """The one text of this statement: what is signed, chained and copied. One line."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=True, separators=(",", ":"))

    def digest(self) -> str:
        """What the next seal names as `previous`."""
        return sha256(b"\x02" + self.text().encode()).hexdigest()


def month_of(day: date) -> date:
    """The first of a day's month."""
    return day.replace(day=1)
