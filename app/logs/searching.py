"""Finding records: the newest first, from what came in this minute to six years back.

A block that cannot hold what is asked for is passed over by its index; the others are unpacked and looked through as
bytes, the one with the latest records first. A record is shown once no block is left that could hold a later one, so
that what arrived late stands where it belongs.
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
from pathlib import Path
from typing import NamedTuple

from app.logs import archive
from app.logs.closing import BLOCK
from app.logs.records import FIRST, LAST, Record, parse, severity_of

THREADS = min(os.cpu_count() or 1, 4)


@dataclass(frozen=True)
class Query:
    """What is asked for. `start` and `end` are instants as records have them (the end is part of the period); words
    must all be in the record, in either case; `worst` is the highest severity number that is still shown."""

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


class _Piece(NamedTuple):
    """Something to look through: a block of a closed day, or a run of a live file."""

    last: str
    path: str
    offset: int
    size: int
    kind: str
    packed: bool


def search(root: Path, query: Query, limit: int = 200, seconds: float = 60.0) -> Found:
    """The newest `limit` records that fit, within about `seconds`."""
    began = time.monotonic()
    found = Found()
    pieces = sorted(_pieces(root, query, found), key=lambda piece: piece.last, reverse=True)
    kept: list[Record] = []
    done = 0
    for piece, records, size in _scanned(pieces, query, found):
        if len(kept) >= limit and kept[limit - 1].instant > piece.last:
            found.more = True
            break
        done += 1
        found.bytes += size
        gathered = kept + records
        kept = _page(gathered, limit)
        found.more = found.more or len(kept) < len(gathered)
        if time.monotonic() - began > seconds and done < len(pieces):
            found.reached = pieces[done].last
            break
    found.blocks = done
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
            day = archive.index(root, name)
        except archive.Damaged as error:
            found.damaged.append(str(error))
            continue
        for kind, blocks in day.blocks.items():
            if query.kinds and kind not in query.kinds:
                found.passed_over += len(blocks)
                continue
            path = str(root / name / f"{kind}.gz")
            for block in blocks:
                if _may_hold(block, query):
                    yield _Piece(block.last, path, block.offset, block.size, kind, True)
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


def _scanned(pieces: list[_Piece], query: Query, found: Found) -> Iterator[tuple[_Piece, list[Record], int]]:
    """Every piece with what fits in it, in order; several are unpacked at once, a few ahead of what is asked for."""
    with ExitStack() as stack:
        pool = ThreadPoolExecutor(THREADS)
        stack.callback(pool.shutdown, wait=True, cancel_futures=True)
        ahead: deque[tuple[_Piece, Future[tuple[list[Record], int]]]] = deque()
        waiting = iter(pieces)
        for piece in waiting:
            ahead.append((piece, pool.submit(_scan, piece, query)))
            if len(ahead) < THREADS * 2:
                continue
            yield _result(*ahead.popleft(), found)
        while ahead:
            yield _result(*ahead.popleft(), found)


def _result(piece: _Piece, future: Future[tuple[list[Record], int]], found: Found) -> tuple[_Piece, list[Record], int]:
    try:
        records, size = future.result()
    except (OSError, EOFError, zlib.error, archive.Damaged) as error:
        found.damaged.append(f"{Path(piece.path).parent.name}/{Path(piece.path).name}: {error}")
        return piece, [], 0
    return piece, records, size


def _scan(piece: _Piece, query: Query) -> tuple[list[Record], int]:
    raw = _read(piece)
    return list(_fitting(raw, piece.kind, query)), len(raw)


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
    for line in _lines(raw, [word.encode().lower() for word in query.words]):
        if not (query.start.encode() <= line[:32] and line[:32] <= query.end.encode() + b"~"):
            continue
        if severity_of(line) > query.worst:
            continue
        record = parse(line, kind)
        if query.service and record.service != query.service:
            continue
        yield record


def _lines(raw: bytes, words: list[bytes]) -> Iterator[bytes]:
    """The lines that hold all the words; without words, all."""
    if not words:
        yield from raw.split(b"\n")[:-1]
        return
    # Digits and Japanese have no case: what is searched for decides whether all is folded.
    low = raw.lower() if any(word.lower() != word.upper() for word in words) else raw
    if any(word not in low for word in words):
        return
    rarest = max(words, key=len)
    at = low.find(rarest)
    while at >= 0:
        start, end = low.rfind(b"\n", 0, at) + 1, low.find(b"\n", at)
        end = len(low) if end < 0 else end
        if all(word in low[start:end] for word in words):
            yield raw[start:end]
        at = low.find(rarest, end)
