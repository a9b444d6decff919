"""Closing a day: what came in becomes compressed, indexed and sealed. May be interrupted anywhere and run again.

The live folder is first taken away under another name, so that what still comes goes into a new one; it is removed
only when its day has a statement in the chain.
"""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from app.logs import archive
from app.logs.records import FIRST, INSTANT_LENGTH, LAST, severity_number
from app.logs.vocabulary import Gathered

BLOCK = 2 * 1024 * 1024
LEVEL = 6
TAKEN, TOKEN, PART = ".closing", "token", ".part"
_LIVE_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """One closing or disposal at a time; the second waits."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def close(root: Path, today: str) -> list[str]:
    """Close every live day before `today` (`2026-11-23`); returns the names of the days that were closed."""
    closed: list[str] = []
    with alone(root):
        for left in sorted((root / archive.LIVE).glob(f"*{TAKEN}")):
            closed += _finish(root, left)
        for folder in sorted((root / archive.LIVE).glob("*")):
            if _LIVE_DAY.fullmatch(folder.name) and folder.name < today:
                closed += _finish(root, _take(folder))
    return closed


def append(root: Path, **what: Any) -> str:
    """Add a statement to the chain, on the disk before this returns."""
    text = archive.following(archive.statements(root), **what)
    with (root / archive.CHAIN).open("a", encoding="utf-8") as stream:
        stream.write(text + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    return text


def _take(folder: Path) -> Path:
    taken = folder.with_name(folder.name + TAKEN)
    folder.rename(taken)
    (taken / TOKEN).write_text(secrets.token_hex(16))
    return taken


def _finish(root: Path, taken: Path) -> list[str]:
    """Bring one taken folder to its end; the name of the day unless it had been sealed before."""
    if not (taken / TOKEN).exists():
        (taken / TOKEN).write_text(secrets.token_hex(16))
    token = (taken / TOKEN).read_text()
    day = taken.name.removesuffix(TAKEN).replace("-", "/")
    sealed = {str(row["day"]): row for row in archive.said(archive.statements(root)) if "day" in row}
    if any(row.get("token") == token for row in sealed.values()):
        shutil.rmtree(taken)
        return []
    name = next(one for one in _names(day) if one not in sealed)
    shutil.rmtree(root / name, ignore_errors=True)  # of a run that was cut before its statement
    files = _write(root / name, taken, token)
    if files:
        index = archive.checksum(root / name / archive.INDEX)
        lines = sum(file["lines"] for file in files.values())
        size = sum(file["bytes"] + file["words_bytes"] for file in files.values())
        append(root, day=name, token=token, index=index, lines=lines, bytes=size)
    shutil.rmtree(taken)
    return [name] if files else []


def _names(day: str) -> Iterator[str]:
    yield day
    number = 1
    while True:
        yield f"{day}.{number}"
        number += 1


def _write(folder: Path, taken: Path, token: str) -> dict[str, dict[str, Any]]:
    """The day's folder, whole or not at all; the facts of its files by kind."""
    part = folder.with_name(folder.name + PART)
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    by_kind: dict[str, list[tuple[str, Path]]] = {}
    for path in sorted(taken.glob("*/*.log")):
        by_kind.setdefault(path.stem, []).append((path.parent.name, path))
    files = {kind: _pack(part / f"{kind}.gz", sources) for kind, sources in sorted(by_kind.items())}
    files = {kind: facts for kind, facts in files.items() if facts["lines"]}
    if not files:
        shutil.rmtree(part)
        return files
    text = json.dumps({"token": token, "files": files}, ensure_ascii=False, separators=(",", ":"))
    (part / archive.INDEX).write_text(text, encoding="utf-8")
    for path in part.iterdir():
        with path.open("rb") as stream:
            os.fsync(stream.fileno())
        path.chmod(0o440)
    part.rename(folder)
    return files


def _pack(target: Path, sources: list[tuple[str, Path]]) -> dict[str, Any]:
    """All of one kind, host after host, and its vocabulary beside it; facts with the blocks and chapters."""
    blocks: list[list[Any]] = []
    listed = target.with_suffix(".words")
    with target.open("wb") as out, listed.open("wb") as words:
        chapters = _Chapters(words)
        for host, path in sources:
            with path.open("rb") as stream:
                for raw in _runs(stream):
                    offset = out.tell()
                    out.write(gzip.compress(raw, LEVEL, mtime=0))
                    blocks.append([offset, out.tell() - offset, *_content(raw, host)])
                    chapters.add(raw)
        chapters.end()
    if not blocks:
        target.unlink()
        listed.unlink()
        return {"lines": 0}
    return {
        "sha256": archive.checksum(target),
        "bytes": target.stat().st_size,
        "lines": sum(block[2] for block in blocks),
        "blocks": blocks,
        "words_sha256": archive.checksum(listed),
        "words_bytes": listed.stat().st_size,
        "chapters": chapters.rows,
    }


class _Chapters:
    """Writes the vocabularies of neighbouring blocks, one for about the size of a full block."""

    def __init__(self, out: BinaryIO) -> None:
        self.rows: list[list[int]] = []
        self._out, self._gathered, self._blocks = out, Gathered(), 0

    def add(self, raw: bytes) -> None:
        """Take a block in."""
        self._gathered.add(raw)
        self._blocks += 1
        if self._gathered.size >= BLOCK:
            self.end()

    def end(self) -> None:
        """Write what was gathered."""
        if not self._blocks:
            return
        words, identifiers = self._gathered.packed()
        self.rows.append([self._blocks, self._out.tell(), len(words), len(identifiers)])
        self._out.write(words + identifiers)
        self._gathered, self._blocks = Gathered(), 0


def _runs(stream: BinaryIO) -> Iterator[bytes]:
    """The file in pieces of whole lines; a last line without its end gets one."""
    while chunk := stream.read(BLOCK):
        chunk += stream.readline()
        yield chunk if chunk.endswith(b"\n") else chunk + b"\n"


def _content(raw: bytes, host: str) -> list[Any]:
    """Lines, first and last instant, severities, host and services of a piece: what a search can pass it over by.

    A line that is none of ours makes the piece one that no search passes over.
    """
    rows = [text.split(b"\t", 4) for text in raw.split(b"\n")[:-1]]
    ours = [fields for fields in rows if len(fields) == 5 and len(fields[0]) == INSTANT_LENGTH]
    services = sorted(name.decode("utf-8", "replace") for name in {fields[2] for fields in ours})
    if len(ours) < len(rows):
        return [len(rows), FIRST, LAST, 255, host, services]
    first, last = (pick(fields[0] for fields in ours).decode("ascii", "replace") for pick in (min, max))
    severities = sum(1 << number for number in {severity_number(name) for name in {fields[3] for fields in ours}})
    return [len(rows), first, last, severities, host, services]
