"""Which format a file is in, and its records one after another: MARC 21, MARCXML, TRC MARC (Tタイプ). Pure.

A file is read through its bytes or a memory map, so that one of several gigabytes takes no memory.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from mmap import mmap
from typing import Any

from app.catalog.codes import MarcFormat
from app.exchange import marc, marcxml, trc
from app.exchange.records import LEADER_LENGTH, TERMINATOR, MalformedRecord, marc21

_BETWEEN = b"\n\r\x1a\x00"


@dataclass(frozen=True)
class RawRecord:
    """One record as it stands in the file: which one (from 1), at which byte, its bytes, and why it is damaged."""

    position: int
    offset: int
    data: bytes
    damage: str = ""
    format: str = MarcFormat.MARC21

    @property
    def end(self) -> int:
        """The byte behind it: where reading goes on."""
        return self.offset + len(self.data)


@dataclass(frozen=True)
class Entry:
    """What a record says: the fields of BibliographicRecord, the number of the record above it, or to delete."""

    fields: dict[str, Any]
    deletes: bool = False
    parent_number: str = ""


def split(content: bytes | mmap, offset: int = 0, position: int = 0) -> Iterator[RawRecord]:
    """The records of a file from a byte on. After damage the reading goes on behind the next record terminator."""
    if marcxml.is_xml(content):
        for number, (at, data, damage) in enumerate(marcxml.elements(content), 1):
            if at >= offset:
                yield RawRecord(number, at, data, damage, MarcFormat.MARCXML)
        return
    size = len(content)
    while offset < size:
        if content[offset] in _BETWEEN:
            offset += 1
            continue
        position += 1
        raw = _next(content, offset, position)
        yield raw
        offset = raw.end


def _next(content: bytes | mmap, offset: int, position: int) -> RawRecord:
    """The record that begins at this byte."""
    length_text = bytes(content[offset : offset + 5])
    length = int(length_text) if length_text.isdigit() else 0
    data = bytes(content[offset : offset + length])
    if length > LEADER_LENGTH and len(data) == length and data.find(TERMINATOR) == length - 1:
        form = MarcFormat.TRC if trc.is_trc(data) else MarcFormat.MARC21
        return RawRecord(position, offset, data, format=form)
    end = content.find(bytes([TERMINATOR]), offset)
    data = bytes(content[offset : len(content) if end < 0 else end + 1])
    if not length:
        damage = "レコード長が数字ではありません"
    elif end < 0:
        damage = f"レコードが途中で終わっています(長さ{length}、実際{len(data)}バイト)"
    else:
        damage = f"レコード長が合いません(記載{length}、実際{len(data)}バイト)"
    return RawRecord(position, offset, data, damage)


def interpret(raw: RawRecord) -> Entry:
    """What the record says; MalformedRecord with the reason when it cannot be understood."""
    if raw.damage:
        raise MalformedRecord(raw.damage)
    if raw.format == MarcFormat.TRC:
        record = trc.parse(raw.data)
        deletes, numbers = trc.deletes(record), trc.numbers
    else:
        record = marcxml.parse(raw.data) if raw.format == MarcFormat.MARCXML else marc21(raw.data)
        deletes, numbers = record.leader[5:6] == "d", marc.numbers
    if deletes:
        given = numbers(record)
        if not any(given.values()):
            raise MalformedRecord("削除を指示していますが、書誌の番号がありません")
        return Entry(given, deletes=True)
    fields = (trc if raw.format == MarcFormat.TRC else marc).fields_of(record)
    if not fields["title"]:
        raise MalformedRecord(
            "本タイトル(245 $a)がありません" if raw.format != MarcFormat.TRC else "書名(251 A)がありません"
        )
    parent = "" if raw.format == MarcFormat.TRC else marc.parent_number(record)
    return Entry(fields | {"marc": raw.data, "marc_format": raw.format}, parent_number=parent)
