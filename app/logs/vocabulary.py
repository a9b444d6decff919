"""Which words a run of records holds, so that a search opens only what can hold its words. Pure: bytes in, bytes out.

A *chapter* is some neighbouring blocks of one kind. Its vocabulary is two runs of bytes, one behind the other: the
words (letters, digits and everything beyond ASCII, in lower case, each once, in order, packed), and the identifiers
(words of 32 hexadecimal digits, as every request has one) as 16 bytes each, for those are not to be packed.

A vocabulary may say "perhaps" for what is not there, never "no" for what is. The instant of a record is no word:
nearly every record has its own, and a period is asked for otherwise.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

_WORD = re.compile(rb"[0-9a-z\x80-\xff]{2,}")
_INSTANT = re.compile(rb"^[^\t\n]{32}\t", re.MULTILINE)
_HEX = re.compile(rb"[0-9a-f]+")
_IDENTIFIER, _IDENTIFIER_BYTES = 32, 16
# Fewer hexadecimal digits than these are in the identifiers of nearly every chapter.
_TELLING = 7


def body(line: bytes) -> bytes:
    """A line without its instant: what words are looked for in."""
    return _INSTANT.sub(b"", line, count=1)


class Gathered:
    """The vocabulary of a chapter while it is gathered."""

    def __init__(self) -> None:
        self.size = 0
        self._words: set[bytes] = set()

    def add(self, raw: bytes) -> None:
        """The words of these lines."""
        self.size += len(raw)
        self._words.update(_WORD.findall(_INSTANT.sub(b"", raw).lower()))

    def packed(self) -> tuple[bytes, bytes]:
        """The packed words and the identifiers."""
        ids = {word for word in self._words if len(word) == _IDENTIFIER and _HEX.fullmatch(word)}
        text = b"\n".join([b"", *sorted(self._words - ids), b""])
        return zlib.compress(text, 6), b"".join(bytes.fromhex(word.decode()) for word in sorted(ids))


@dataclass(frozen=True)
class _Run:
    """A part of a wanted word that lies within one word of the records: as the list of words has it, and, where it can
    be part of an identifier, the bytes of which one must be there (none: it can be in any)."""

    listed: bytes
    identifier: bool
    parts: tuple[bytes, ...]


@dataclass(frozen=True)
class Wanted:
    """What a search asks of vocabularies."""

    runs: tuple[_Run, ...]

    @classmethod
    def of(cls, words: tuple[bytes, ...]) -> Wanted:
        """For words in lower case that must all be in a record."""
        return cls(tuple(_run(word, found) for word in words for found in _WORD.finditer(word)))

    def missing(self, packed: bytes) -> list[_Run]:
        """The runs that these packed words do not hold; zlib.error when they are damaged."""
        text = zlib.decompress(packed)
        return [run for run in self.runs if run.listed not in text]


def may_hold(missing: list[_Run], identifiers: bytes) -> bool:
    """Whether the runs that are not among a chapter's words can all be in its identifiers."""
    return all(
        run.identifier and bool(identifiers) and (not run.parts or any(part in identifiers for part in run.parts))
        for run in missing
    )


def _run(word: bytes, found: re.Match[bytes]) -> _Run:
    """A run that has a separator beside it within the wanted word begins, or ends, a word of the records."""
    run = found[0]
    listed = (b"\n" if found.start() else b"") + run + (b"\n" if found.end() < len(word) else b"")
    possible = len(run) <= _IDENTIFIER and _HEX.fullmatch(run) is not None
    if not possible or len(run) < _TELLING:
        return _Run(listed, possible, ())
    even, odd = run[: len(run) // 2 * 2], run[1 : 1 + (len(run) - 1) // 2 * 2]
    return _Run(listed, True, (bytes.fromhex(even.decode()), bytes.fromhex(odd.decode())))
