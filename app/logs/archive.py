"""Where the archive's files are and what is in them.

    live/2026-11-23/app1/web.log     what comes in today, plain lines, written by rsyslog
    2026/11/22/web.gz                a closed day: one file a kind, gzip members one behind the other (zcat reads it)
    2026/11/22/index.json            its blocks, and the checksum of every file
    chain                            one statement a line: seals of days and disposals, each naming the one before

A day is the day of arrival: what a host kept while the collector was away is filed when it comes, with its own
instants. A second folder of a day (2026/11/22.1) holds what came after it was closed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

LIVE, CHAIN, INDEX = "live", "chain", "index.json"
GENESIS = "0" * 64
_DAY = re.compile(r"\d{4}/\d{2}/\d{2}(\.\d+)?")


class Damaged(Exception):
    """A file of the archive cannot be read as what it should be; the sentence names it."""


class Block(NamedTuple):
    """A run of lines of one host and kind: where its compressed form is, and what is in it.

    `severities` has bit N set when a record of severity N is there.
    """

    offset: int
    size: int
    lines: int
    first: str
    last: str
    severities: int
    host: str
    services: tuple[str, ...]


@dataclass(frozen=True)
class Day:
    """A closed day: its name (`2026/11/22`), its blocks by kind and the facts of its files."""

    name: str
    token: str
    files: dict[str, dict[str, Any]]
    blocks: dict[str, tuple[Block, ...]]

    @property
    def lines(self) -> int:
        """Records of the day."""
        return sum(file["lines"] for file in self.files.values())

    @property
    def bytes(self) -> int:
        """Compressed size."""
        return sum(file["bytes"] for file in self.files.values())


def day_folders(root: Path) -> list[str]:
    """Names of the closed days that are there, oldest first."""
    found = (
        f"{path.parent.parent.name}/{path.parent.name}/{path.name}"
        for path in root.glob("[0-9][0-9][0-9][0-9]/[0-9][0-9]/*")
    )
    return sorted((name for name in found if _DAY.fullmatch(name)), key=_order)


def _order(name: str) -> tuple[str, int]:
    day, _, part = name.partition(".")
    return day, int(part or 0)


def live_files(root: Path) -> list[tuple[str, str, Path]]:
    """Host, kind and path of every file that is not closed yet."""
    return sorted((path.parent.name, path.stem, path) for path in (root / LIVE).glob("*/*/*.log"))


def index(root: Path, name: str) -> Day:
    """The index of a closed day; Damaged when it cannot be read. Read once until it changes."""
    path = root / name / INDEX
    try:
        stat = path.stat()
    except OSError as error:
        raise Damaged(f"{name}/{INDEX}: {error.strerror}") from None
    return _index(str(path), name, stat.st_mtime_ns)


@lru_cache(maxsize=4096)
def _index(path: str, name: str, _changed: int) -> Day:
    try:
        document = json.loads(Path(path).read_bytes())
        blocks = {
            kind: tuple(Block(*row[:-1], tuple(row[-1])) for row in file["blocks"])
            for kind, file in document["files"].items()
        }
        facts = {
            kind: {key: value for key, value in file.items() if key != "blocks"}
            for kind, file in document["files"].items()
        }
        return Day(name, document["token"], facts, blocks)
    except (ValueError, KeyError, TypeError) as error:
        raise Damaged(f"{name}/{INDEX}: {error}") from None


def statements(root: Path) -> list[str]:
    """The chain's statements, oldest first."""
    path = root / CHAIN
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def said(lines: list[str]) -> Iterator[dict[str, Any]]:
    """What statements say; Damaged for a line that is none."""
    for number, text in enumerate(lines, 1):
        try:
            found = json.loads(text)
            yield {"number": int(found["number"]), "previous": str(found["previous"]), **found}
        except (ValueError, KeyError, TypeError) as error:
            raise Damaged(f"{CHAIN} {number}: {error}") from None


def digest(statement: str) -> str:
    """What the next statement names as `previous`: the keeper of seals (backup/keep_seals.py) reckons the same."""
    return hashlib.sha256(b"\x02" + statement.encode()).hexdigest()


def following(lines: list[str], /, **what: Any) -> str:
    """The next statement of a chain."""
    previous = digest(lines[-1]) if lines else GENESIS
    return json.dumps(
        {"number": len(lines) + 1, "previous": previous, **what}, ensure_ascii=False, separators=(",", ":")
    )


def checksum(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
