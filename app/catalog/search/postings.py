"""Writing bitmaps: the posting lists and facets of one part of the documents, in roaring's own format. Pure."""

import struct
from array import array
from collections.abc import Iterator, Sequence
from typing import Any

from app.catalog.search import grams
from app.catalog.search.broad import REST, arrival, place

# Roaring cuts numbers at 16 bits: so many documents have one container in each list.
CHUNK = 1 << 16
PART = 1 << 19
_COOKIE = 12346
_ARRAY_MOST = 4096
_BITS = 8192
_ONE = ord("1")
_REPEATED = (grams.AUTHOR, grams.PUBLISHER, grams.SUBJECT, grams.SERIES, grams.CLASSES)
_MOST_SEEN = 100_000


def container(low: "array[int]") -> bytes:
    """One container: sorted numbers of 16 bits as they are, or as bits when these are shorter."""
    if len(low) <= _ARRAY_MOST:
        return low.tobytes()
    flags = bytearray(b"0") * CHUNK
    for number in low:
        flags[CHUNK - 1 - number] = _ONE
    return int(flags, 2).to_bytes(_BITS, "little")


def serialized(containers: Sequence[tuple[int, int, bytes]]) -> bytes:
    """A bitmap of (high 16 bits, how many, container), ascending."""
    count = len(containers)
    head = struct.pack("<II", _COOKIE, count)
    keys = struct.pack(f"<{2 * count}H", *(n for high, many, _ in containers for n in (high, many - 1)))
    offset, offsets = len(head) + len(keys) + 4 * count, []
    for *_, data in containers:
        offsets.append(offset)
        offset += len(data)
    return b"".join([head, keys, struct.pack(f"<{count}I", *offsets), *(data for *_, data in containers)])


class Lists:
    """Lists of ascending document numbers under keys, packed chunk by chunk to need little memory."""

    def __init__(self) -> None:
        self._open: dict[Any, array[int]] = {}
        self._packed: dict[Any, list[tuple[int, int, bytes]]] = {}
        self._high = -1

    def put(self, number: int, keys: Iterator[Any] | Sequence[Any] | set[Any]) -> None:
        """Enter a number, greater than all before, under each of the keys."""
        if number >> 16 != self._high:
            self._pack()
            self._high = number >> 16
        low, lists = number & 0xFFFF, self._open
        for key in keys:
            if (found := lists.get(key)) is None:
                lists[key] = array("H", (low,))
            else:
                found.append(low)

    def _pack(self) -> None:
        for key, low in self._open.items():
            self._packed.setdefault(key, []).append((self._high, len(low), container(low)))
        self._open = {}

    def sorted(self) -> Iterator[tuple[Any, int, bytes]]:
        """Key, how many, bitmap; by key."""
        self._pack()
        for key in sorted(self._packed):
            parts = self._packed[key]
            yield key, sum(many for _, many, _ in parts), serialized(parts)


class Part:
    """The lists of one part: everything that its documents are found and counted by."""

    def __init__(self, dictionary: frozenset[str], borders: dict[str, list[str]]) -> None:
        self.dictionary, self.borders = dictionary, borders
        self.postings, self.facets = Lists(), Lists()
        self._seen: dict[tuple[int, str], list[tuple[str, int]]] = {}

    def add(self, number: int, document: Any) -> None:
        """Enter a document (or its row)."""
        if len(self._seen) > _MOST_SEEN:
            self._seen.clear()
        for field, (name, made) in enumerate(zip(grams.FIELDS, grams.MAKERS, strict=True), start=1):
            if text := getattr(document, name):
                # Authors, publishers and subjects come again and again.
                if (keys := self._seen.get((field, text))) is None:
                    keys = [(gram, field) for gram in made(text, self.dictionary)]
                    if field in _REPEATED:
                        self._seen[field, text] = keys
                self.postings.put(number, keys)
        self.facets.put(number, facets_of(document, self.borders))


def facets_of(document: Any, borders: dict[str, list[str]]) -> list[tuple[str, str, int]]:
    """Kind, value and place in an order of every facet that a document has."""
    found = [
        ("material", document.material_type, 0),
        ("language", document.language, 0),
        ("audience", document.audience, 0),
        *((f"ndc{digits}", document.ndc[:digits], 0) for digits in range(1, len(document.ndc) + 1)),
        *(
            (("year", str(document.year), document.year), ("decade", str(document.year // 10 * 10), 0))
            if document.year is not None
            else ()
        ),
        *((("held", str(document.held), 0),) if document.held < 3 else ()),
        *((("visibility", str(document.visibility), 0),) if document.visibility else ()),
    ]
    for level, branches in enumerate((document.branches, document.inside_branches, document.staff_branches)):
        found += [("branch", f"{branch}:{level}", 0) for branch in branches]
    for kind in ("title", "author"):
        at = place(kind, document, borders)
        found += [(kind, str(at), at)] if at != REST else []
    if document.arrived:
        day = arrival(document.arrived, int(borders.get("recent", ["0"])[0]))
        found.append(("arrived", str(day), day))
    return [(kind, value, at) for kind, value, at in found if value]


def borders_of(keys: Sequence[str], many: int) -> list[str]:
    """The keys that divide these into about so many equal stretches."""
    ordered = sorted(keys)
    return sorted({ordered[len(ordered) * number // many] for number in range(1, many)}) if ordered else []
