"""Where the archive's files are and what is in them.

    live/2026-11-23/app1/web.log     what comes in today, plain lines, written by rsyslog
    2026/11/22/web.gz                a closed day: one file a kind, gzip members one behind the other (zcat reads it)
    2026/11/22/web.words             which words are in which of its blocks (vocabulary.py): searches open less
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

from app.logs.records import FIRST, LAST

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


class Chapter(NamedTuple):
    """The vocabulary of that many neighbouring blocks: where in the file of words its packed words begin, their size,
    and that of the identifiers behind them."""

    blocks: int
    offset: int
    words: int
    identifiers: int


@dataclass(frozen=True)
class Day:
    """A closed day: its name (`2026/11/22`), its blocks by kind and the facts of its files.

    A day that was closed before there were vocabularies has no chapters: its blocks are all opened.
    """

    name: str
    token: str
    files: dict[str, dict[str, Any]]
    blocks: dict[str, tuple[Block, ...]]
    chapters: dict[str, tuple[Chapter, ...]]

    @property
    def lines(self) -> int:
        """Records of the day."""
        return sum(file["lines"] for file in self.files.values())

    @property
    def bytes(self) -> int:
        """Compressed size, with the vocabularies."""
        return sum(file["bytes"] + file.get("words_bytes", 0) for file in self.files.values())

    @property
    def checksums(self) -> dict[str, str]:
        """SHA-256 of every file of the day but the index, by name."""
        records = {f"{kind}.gz": str(facts["sha256"]) for kind, facts in self.files.items()}
        return records | {
            f"{kind}.words": str(facts["words_sha256"]) for kind, facts in self.files.items() if "words_sha256" in facts
        }


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
    """The index of a closed day; Damaged when it cannot be read. Of about a year read once until they change."""
    return _index(*_known(root, name))


def span(root: Path, name: str) -> tuple[str, str]:
    """First and last instant of a closed day's records; Damaged as `index`. Kept for all years: a search of some days
    in six years does not hold the indexes of all."""
    return _span(*_known(root, name))


def forget() -> None:
    """Forget every index that was read, as a program that starts knows none."""
    _span.cache_clear()
    _index.cache_clear()


def _known(root: Path, name: str) -> tuple[str, str, int]:
    path = root / name / INDEX
    try:
        return str(path), name, path.stat().st_mtime_ns
    except OSError as error:
        raise Damaged(f"{name}/{INDEX}: {error.strerror}") from None


@lru_cache(maxsize=4096)
def _span(path: str, name: str, changed: int) -> tuple[str, str]:
    blocks = [block for kind in _index(path, name, changed).blocks.values() for block in kind]
    return min((block.first for block in blocks), default=LAST), max((block.last for block in blocks), default=FIRST)


@lru_cache(maxsize=400)
def _index(path: str, name: str, _changed: int) -> Day:
    try:
        document = json.loads(Path(path).read_bytes())
        blocks = {
            kind: tuple(Block(*row[:-1], tuple(row[-1])) for row in file["blocks"])
            for kind, file in document["files"].items()
        }
        facts = {
            kind: {key: value for key, value in file.items() if key not in ("blocks", "chapters")}
            for kind, file in document["files"].items()
        }
        chapters = {
            kind: tuple(Chapter(*row) for row in file.get("chapters", ())) for kind, file in document["files"].items()
        }
        return Day(name, document["token"], facts, blocks, chapters)
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
