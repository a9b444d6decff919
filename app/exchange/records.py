"""A record of an exchange format in memory, and the ISO 2709 form of it. Pure.

Reading is our own because of pace: a full file has millions of records, and the general library takes five times as
long for each. What is written (tests, exports) is written by that library.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

TERMINATOR = 0x1D
FIELD_END = 0x1E
LEADER_LENGTH = 24
ENTRY = 12


class MalformedRecord(Exception):
    """The bytes are not a record; the text says why."""


class Subfield(NamedTuple):
    """One piece of a field."""

    code: str
    value: str


@dataclass(slots=True)
class Field:
    """One field: `data` for those without subfields (001 to 009), `subfields` for all others."""

    tag: str
    data: str = ""
    indicators: str = "  "
    subfields: list[Subfield] = field(default_factory=list)

    def get(self, *codes: str) -> list[str]:
        """The values of these subfields in their order."""
        return [value for code, value in self.subfields if code in codes]

    def first(self, code: str) -> str:
        """The first value of a subfield, or nothing."""
        return next((value for have, value in self.subfields if have == code), "")

    def text(self) -> str:
        """Everything that can be read in the field."""
        return self.data or " ".join(value for _, value in self.subfields)


@dataclass(slots=True)
class Record:
    """The leader and the fields in the order of the original."""

    leader: str
    fields: list[Field]
    _by_tag: dict[str, list[Field]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for one in self.fields:
            self._by_tag.setdefault(one.tag, []).append(one)

    def get(self, *tags: str) -> list[Field]:
        """The fields with these tags, in the order of the original."""
        there = [tag for tag in tags if tag in self._by_tag]
        if len(there) < 2:
            return self._by_tag[there[0]] if there else []
        return [one for one in self.fields if one.tag in there]

    def first(self, tag: str, code: str = "") -> str:
        """The first value under a tag (and subfield), or nothing."""
        for one in self._by_tag.get(tag, ()):
            value = one.first(code) if code else one.data
            if value:
                return value
        return ""


def entries(data: bytes) -> Iterable[tuple[str, bytes]]:
    """Tag and bytes (without the terminator) of every field of an ISO 2709 record; MalformedRecord when broken."""
    base_text = data[12:17]
    base = int(base_text) if base_text.isdigit() else 0
    if not LEADER_LENGTH < base <= len(data) or data[base - 1] != FIELD_END:
        raise MalformedRecord("ディレクトリの終わりが見つかりません")
    if (base - 1 - LEADER_LENGTH) % ENTRY:
        raise MalformedRecord("ディレクトリの長さが合いません")
    for at in range(LEADER_LENGTH, base - 1, ENTRY):
        entry = data[at : at + ENTRY]
        if not entry[3:].isdigit():
            raise MalformedRecord("ディレクトリの数字が読めません")
        start = base + int(entry[7:])
        stop = start + int(entry[3:7])
        if stop > len(data) or data[stop - 1] != FIELD_END:
            raise MalformedRecord(f"フィールド {entry[:3].decode('ascii', 'replace')} の長さが合いません")
        yield entry[:3].decode("ascii", "replace"), data[start : stop - 1]


def marc21(data: bytes) -> Record:
    """A MARC 21 record (UTF-8); MalformedRecord with the reason when it cannot be read."""
    fields = []
    for tag, body in entries(data):
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise MalformedRecord(f"UTF-8として読めません(フィールド {tag}の{error.start}バイト目)") from error
        if tag < "010":
            fields.append(Field(tag, text))
            continue
        indicators, *parts = text.split("\x1f")
        fields.append(Field(tag, "", indicators, [Subfield(part[0], part[1:]) for part in parts if part]))
    return Record(data[:LEADER_LENGTH].decode("ascii", "replace"), fields)
