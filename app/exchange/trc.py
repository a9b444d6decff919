"""TRC MARC (可変長Tタイプ), as far as public description goes. Pure.

Public: the T type is of variable length and follows the older JAPAN/MARC, whose manual the National Diet Library
published (the format until 2011): ISO 2709 with indicators of no length and subfield identifiers of six bytes (0x1F,
a letter, three digits of length, one of mode), the status N, C or D, and the tags below. TRC's own manual is not
public: the tags that TRC added (binding, form of sale, readers) are not named here. They stay in the kept original,
byte by byte, and a library that has the manual adds lines to these tables. Texts are read as UTF-8, else as Shift
JIS; mode 2 in seven bits is JIS X 0208.
"""

import re
from typing import Any

from app.catalog import rules
from app.catalog.codes import Level, MaterialType, Origin
from app.exchange.records import Field, MalformedRecord, Record, Subfield, entries

_IDENTIFIER = re.compile(rb"\x1f([A-Za-z0-9])([0-9]{3})([0-9])")
_IDENTIFIER_LENGTH = 6
TITLES = tuple(str(tag) for tag in range(251, 260))
TITLE_READINGS = tuple(str(tag) for tag in range(551, 560))
VOLUME_TITLES = tuple(str(tag) for tag in range(291, 300))
SERIES = tuple(str(tag) for tag in range(281, 290))
NOTES = ("350", "353", "354", "355", "356", "357", "361", "365")
NAMES = tuple(str(tag) for tag in range(751, 760))
SUBJECTS = ("650", "658")
_KINDS = {"C": MaterialType.SCORE, "E": MaterialType.MAP, "G": MaterialType.DVD, "I": MaterialType.CD,
          "J": MaterialType.CD, "L": MaterialType.COMPUTER}  # fmt: skip


def is_trc(data: bytes) -> bool:
    """True for a leader with indicators of no length and subfield identifiers of six bytes."""
    return data[10:12] == b"06"


def parse(data: bytes) -> Record:
    """The record of these bytes; MalformedRecord with the reason when it cannot be read."""
    fields = []
    for tag, body in entries(data):
        if tag == "001" and b"\x1f" not in body:
            fields.append(Field(tag, _decoded(body, "1")))
        else:
            fields.append(Field(tag, "", "", _subfields(tag, body)))
    return Record(data[:24].decode("ascii", "replace"), fields)


def _subfields(tag: str, body: bytes) -> list[Subfield]:
    found, at = [], 0
    while at < len(body):
        identifier = _IDENTIFIER.match(body, at)
        if not identifier:
            raise MalformedRecord(f"フィールド {tag}の{at}バイト目に識別子がありません")
        start = at + _IDENTIFIER_LENGTH
        at = start + int(identifier[2])
        if at > len(body):
            raise MalformedRecord(f"フィールド {tag}のデータ長が合いません")
        found.append(Subfield(identifier[1].decode(), _decoded(body[start:at], identifier[3].decode())))
    return found


def _decoded(data: bytes, mode: str) -> str:
    try:
        if mode == "2" and data.isascii() and len(data) % 2 == 0 and b" " not in data:
            return (b"\x1b$B" + data + b"\x1b(B").decode("iso2022_jp")
        return data.decode("utf-8")
    except UnicodeDecodeError:
        try:
            return data.decode("cp932")
        except UnicodeDecodeError as error:
            raise MalformedRecord(f"文字として読めません({error.start}バイト目)") from error


def deletes(record: Record) -> bool:
    """True for an order to delete (status D)."""
    return record.leader[5:6] in "Dd"


def numbers(record: Record) -> dict[str, str | None]:
    """What the record is recognised by: the maker's number, and the national one when it is given (020 B)."""
    own = next((field.data or field.first("A") for field in record.get("001")), "").strip()
    return {
        "control_number": f"(TRC){own}"[:40] if own else None,
        "national_number": record.first("020", "B").strip()[:24] or None,
    }


def fields_of(record: Record) -> dict[str, Any]:
    """The fields of BibliographicRecord that this record gives."""
    titles = [_titled(field) for field in record.get(*TITLES)]
    readings = [" ".join(text.strip() for text in field.get("A")) for field in record.get(*TITLE_READINGS)]
    isbns = _isbns(record)
    issued = record.first("270", "D").strip()
    names = [(name, kana) for field in record.get(*NAMES) for name, kana in [_heading(field)] if name]
    subjects = [(name, kana) for field in record.get(*SUBJECTS) for name, kana in [_heading(field)] if name]
    classes = [(_edition(field), field.first("A").strip()) for field in record.get("677") if field.first("A").strip()]
    classes.sort(key=lambda pair: -pair[0])
    return {
        "origin": Origin.MARC,
        **numbers(record),
        "title": titles[0] if titles else "",
        "title_reading": readings[0] if readings else "",
        "title_translit": next((field.first("X").strip() for field in record.get("551")), ""),
        "other_titles": [text for text in (*titles[1:], *readings[1:]) if text],
        "volume": _volume(record),
        "statement": " ; ".join(text for field in record.get("251") for text in field.get("F")),
        "edition": record.first("265", "A").strip(),
        "creators": list(dict(names)),
        "creator_readings": list(dict(names).values()),
        "place": record.first("270", "A").strip(),
        "publisher": record.first("270", "B").strip(),
        "issued": issued,
        "year": rules.year_of(issued),
        "isbn13": isbns[0] if isbns else "",
        "other_isbns": isbns[1:],
        "issn": record.first("011", "A").strip()[:9],
        "ndc": classes[0][1] if classes else "",
        "ndc_edition": classes[0][0] if classes else None,
        "other_classes": [f"NDC{edition}:{number}" for edition, number in classes[1:]],
        "language": (record.first("101", "A").strip().lower()[:3] or "jpn"),
        "level": Level.SERIAL if record.leader[7:8] in "Ss" else Level.SINGLE,
        "material_type": _KINDS.get(
            record.leader[6:7].upper(), MaterialType.MAGAZINE if record.leader[7:8] in "Ss" else MaterialType.BOOK
        ),
        "extent": " ; ".join(text.strip() for field in record.get("275") for text in field.get("A", "B", "E")),
        "series": [_series(field) for field in record.get(*SERIES)],
        "subjects": list(dict(subjects)),
        "subject_readings": [kana for _, kana in subjects if kana],
        "contents": [text.strip() for field in record.get("377") for text in field.get("A")],
        "notes": [text.strip() for field in record.get(*NOTES) for text in field.get("A")],
    }


def _titled(field: Field) -> str:
    """Title and other title information as 「書名 : 副書名」."""
    return " : ".join(text.strip() for text in field.get("A", "B") if text.strip())


def _heading(field: Field) -> tuple[str, str]:
    """Name (B) and reading (A) of a heading; without a name the reading stands for it."""
    kana = field.first("A").strip()
    return re.sub(r"[,，]\s*", "", field.first("B").strip()) or kana, re.sub(r"[,，]\s*", " ", kana)


def _volume(record: Record) -> str:
    parts = [text.strip() for field in record.get("251") for text in field.get("D")]
    parts += [text.strip() for field in record.get(*VOLUME_TITLES) for text in field.get("D", "A")]
    return " ".join(dict.fromkeys(part for part in parts if part))


def _series(field: Field) -> str:
    return " ; ".join(text.strip() for text in field.get("A", "D") if text.strip())


def _isbns(record: Record) -> list[str]:
    found = [rules.isbn_in(text) for field in record.get("010") for text in field.get("A")]
    return list(dict.fromkeys(number for number in found if number))


def _edition(field: Field) -> int:
    """The edition of the NDC (677 V); without it the eighth, which was in use when the format was made."""
    stated = re.search(r"[0-9]+", field.first("V"))
    return int(stated[0]) if stated else 8
