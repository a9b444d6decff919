"""Finding records: the newest first, from what came in this minute to six years back.

Days outside the period are passed over first, then blocks that cannot hold what is asked for by their index, then
those whose vocabulary has not the words; the others are unpacked and looked through as bytes, the one with the latest
records first. A record is shown once no block is left that could hold a later one, so that what arrived late stands
where it belongs.
"""

from __future__ import annotations

import os
import time
import zlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain, repeat
from pathlib import Path
from typing import NamedTuple

from app.logs import archive
from app.logs.closing import BLOCK
from app.logs.records import FIRST, LAST, Record, parse, severity_of
from app.logs.vocabulary import Wanted, body, may_hold

THREADS = min(os.cpu_count() or 1, 4)
AHEAD = 4 * THREADS


@dataclass(frozen=True)
class Query:
    """What is asked for. `start` and `end` are instants as records have them (the end is part of the period); words
    must all be in the record, its instant apart, in either case; `worst` is the highest severity number that is still
    shown."""

    start: str = FIRST
    end: str = LAST
    hosts: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    service: str = ""
    worst: int = 7
    words: tuple[str, ...] = ()


@dataclass
class Found:
    """What was found, newest first. `more` says that there is older; `reached` is the instant down to which the search
    is complete where the time was up before the period's end."""

    records: list[Record] = field(default_factory=list)
    more: bool = False
    reached: str = ""
    blocks: int = 0
    passed_over: int = 0
    bytes: int = 0
    seconds: float = 0.0
    damaged: list[str] = field(default_factory=list)


class _Chapter(NamedTuple):
    """Where a vocabulary is: packed words, and identifiers behind them."""

    path: str
    offset: int
    words: int
    identifiers: int


class _Piece(NamedTuple):
    """Something to look through: a block of a closed day, or a run of a live file."""

    last: str
    path: str
    offset: int
    size: int
    kind: str
    packed: bool
    chapter: _Chapter | None = None


class _Scan(NamedTuple):
    """What a piece gave; `passed` when its vocabulary kept it closed."""

    records: list[Record]
    size: int
    passed: bool = False


_PASSED = _Scan([], 0, passed=True)


def search(root: Path, query: Query, limit: int = 200, seconds: float = 60.0) -> Found:
    """The newest `limit` records that fit, within about `seconds`."""
    began = time.monotonic()
    found = Found()
    pieces = sorted(_pieces(root, query, found), key=lambda piece: piece.last, reverse=True)
    kept: list[Record] = []
    done = 0
    for piece, scan in _scanned(pieces, query, found):
        if len(kept) >= limit and kept[limit - 1].instant > piece.last:
            found.more = True
            break
        done += 1
        found.passed_over += scan.passed
        found.blocks += not scan.passed
        found.bytes += scan.size
        if scan.records:
            gathered = kept + scan.records
            kept = _page(gathered, limit)
            found.more = found.more or len(kept) < len(gathered)
        if time.monotonic() - began > seconds and done < len(pieces):
            found.reached = pieces[done].last
            break
    found.passed_over += len(pieces) - done
    if found.reached:
        # Blocks that were not opened could hold records between these: only what is complete is shown.
        complete = [record for record in kept if record.instant > found.reached]
        found.reached = "" if len(complete) == len(kept) >= limit else found.reached
        kept, found.more = complete, True
    found.records = kept
    found.seconds = time.monotonic() - began
    return found


def _page(records: list[Record], limit: int) -> list[Record]:
    """The newest of these, and those of the very instant at which the page ends: the next one begins before it."""
    records = sorted(records, key=lambda record: record.instant, reverse=True)
    end = limit
    while limit <= end < len(records) and records[end].instant == records[limit - 1].instant:
        end += 1
    return records[:end]


def _pieces(root: Path, query: Query, found: Found) -> Iterator[_Piece]:
    for host, kind, path in archive.live_files(root):
        if (not query.hosts or host in query.hosts) and (not query.kinds or kind in query.kinds):
            size = path.stat().st_size
            for offset in range(0, size, BLOCK):
                yield _Piece(LAST, str(path), offset, min(BLOCK, size - offset), kind, False)
    for name in archive.day_folders(root):
        try:
            first, last = archive.span(root, name)
            if last >= query.start and first <= query.end:
                yield from _of_day(root, archive.index(root, name), query, found)
        except archive.Damaged as error:
            found.damaged.append(str(error))


def _of_day(root: Path, day: archive.Day, query: Query, found: Found) -> Iterator[_Piece]:
    for kind, blocks in day.blocks.items():
        if query.kinds and kind not in query.kinds:
            found.passed_over += len(blocks)
            continue
        path, listed = str(root / day.name / f"{kind}.gz"), str(root / day.name / f"{kind}.words")
        chapters: Iterator[_Chapter | None] = chain(
            (
                where
                for row in day.chapters[kind]
                for where in repeat(_Chapter(listed, row.offset, row.words, row.identifiers), row.blocks)
            ),
            repeat(None),
        )
        for block, chapter in zip(blocks, chapters, strict=False):
            if _may_hold(block, query):
                yield _Piece(block.last, path, block.offset, block.size, kind, True, chapter)
            else:
                found.passed_over += 1


def _may_hold(block: archive.Block, query: Query) -> bool:
    """Whether a block can have a record that fits."""
    return (
        block.last >= query.start
        and block.first <= query.end
        and (not query.hosts or block.host in query.hosts)
        and bool(block.severities & ((2 << query.worst) - 1))
        and (not query.service or query.service in block.services or block.first == FIRST)
    )


def _scanned(pieces: list[_Piece], query: Query, found: Found) -> Iterator[tuple[_Piece, _Scan]]:
    """Every piece with what fits in it, in order; several are unpacked at once, a few ahead of what is asked for."""
    wanted = Wanted.of(_folded(query))
    verdicts: dict[_Chapter, Future[bool]] = {}
    with ExitStack() as stack:
        pool = ThreadPoolExecutor(THREADS)
        stack.callback(pool.shutdown, wait=True, cancel_futures=True)
        ahead: deque[tuple[_Piece, Future[_Scan] | None]] = deque()
        for piece in pieces:
            verdict = None
            if wanted.runs and piece.chapter:
                # Its vocabulary is asked once for all blocks of a chapter, before the first of them in the pool's row.
                if piece.chapter not in verdicts:
                    verdicts[piece.chapter] = pool.submit(_has_words, piece.chapter, wanted)
                verdict = verdicts[piece.chapter]
            closed = verdict is not None and verdict.done() and not verdict.exception() and not verdict.result()
            ahead.append((piece, None if closed else pool.submit(_scan, piece, query, verdict)))
            if len(ahead) >= AHEAD:
                yield _result(*ahead.popleft(), found)
        while ahead:
            yield _result(*ahead.popleft(), found)


def _result(piece: _Piece, future: Future[_Scan] | None, found: Found) -> tuple[_Piece, _Scan]:
    if future is None:
        return piece, _PASSED
    try:
        return piece, future.result()
    except (OSError, EOFError, zlib.error, archive.Damaged) as error:
        found.damaged.append(f"{Path(piece.path).parent.name}/{Path(piece.path).name}: {error}")
        return piece, _Scan([], 0)


def _has_words(chapter: _Chapter, wanted: Wanted) -> bool:
    """Whether a chapter can hold the words; one whose vocabulary cannot be read can: its blocks tell."""
    try:
        with Path(chapter.path).open("rb") as stream:
            stream.seek(chapter.offset)
            missing = wanted.missing(stream.read(chapter.words))
            if not missing or not chapter.identifiers:
                return not missing
            return may_hold(missing, stream.read(chapter.identifiers))
    except (OSError, zlib.error):
        return True


def _scan(piece: _Piece, query: Query, verdict: Future[bool] | None) -> _Scan:
    if verdict is not None and not verdict.result():
        return _PASSED
    raw = _read(piece)
    return _Scan(list(_fitting(raw, piece.kind, query)), len(raw))


def _folded(query: Query) -> tuple[bytes, ...]:
    return tuple(word.encode().lower() for word in query.words)


def _read(piece: _Piece) -> bytes:
    """The lines of a piece; of a live file those that begin in the run."""
    with Path(piece.path).open("rb") as stream:
        if piece.packed:
            stream.seek(piece.offset)
            return zlib.decompress(stream.read(piece.size), wbits=31)
        stream.seek(max(piece.offset - 1, 0))
        if piece.offset:
            stream.readline()
        raw = stream.read(max(piece.offset + piece.size - stream.tell(), 0))
        return raw if raw.endswith(b"\n") or not raw else raw + stream.readline()


def _fitting(raw: bytes, kind: str, query: Query) -> Iterator[Record]:
    for line in _lines(raw, _folded(query)):
        if not (query.start.encode() <= line[:32] and line[:32] <= query.end.encode() + b"~"):
            continue
        if severity_of(line) > query.worst:
            continue
        record = parse(line, kind)
        if query.service and record.service != query.service:
            continue
        yield record


def _lines(raw: bytes, words: tuple[bytes, ...]) -> Iterator[bytes]:
    """The lines that hold all the words; without words, all."""
    if not words:
        yield from raw.split(b"\n")[:-1]
        return
    # Digits and Japanese have no case: what is searched for decides whether all is folded.
    low = raw.lower() if any(word.lower() != word.upper() for word in words) else raw
    if any(word not in low for word in words):
        return
    rarest = min(words, key=low.count)
    at = low.find(rarest)
    while at >= 0:
        start, end = low.rfind(b"\n", 0, at) + 1, low.find(b"\n", at)
        end = len(low) if end < 0 else end
        line = low[start:end]
        if all(word in line for word in words) and all(word in body(line) for word in words):
            yield raw[start:end]
        at = low.find(rarest, end)
