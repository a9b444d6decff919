"""MARC 21 as the National Diet Library writes it (JAPAN/MARC): bytes to records, records to catalogue fields. Pure.

What real records do: two 880 fields per heading told apart by script code (`/$1` kana, `/(B` romaji); ISBN with
hyphens and a trailing " :"; the volume in 245 $n; NDC 9 and 10 beside NDLC, all in 084; no 1xx at all.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pymarc import Field, Record

from app.catalog import rules
from app.catalog.codes import MaterialType, Origin

TERMINATOR = b"\x1d"
LEADER_LENGTH = 24
_TRAILING = re.compile(r"\s*[/:;=,]?\s*$")
_KANA = re.compile(r"[ァ-ヺー]")
_CJK_NAME = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff々〇]")


class MalformedRecord(Exception):
    """The bytes are not a record; the text says why."""


@dataclass(frozen=True)
class RawRecord:
    """One record as it stands in the file: which one (from 1), at which byte, its bytes, and why it is damaged."""

    position: int
    offset: int
    data: bytes
    damage: str = ""


def split(content: bytes) -> Iterator[RawRecord]:
    """The records of a file. After damage the reading goes on behind the next record terminator."""
    offset = position = 0
    while offset < len(content):
        if content[offset : offset + 1] in (b"\n", b"\r", b"\x1a", b"\x00"):
            offset += 1
            continue
        position += 1
        length_text = content[offset : offset + 5]
        length = int(length_text) if length_text.isdigit() else 0
        data = content[offset : offset + length]
        if length > LEADER_LENGTH and len(data) == length and data.find(TERMINATOR) == length - 1:
            yield RawRecord(position, offset, data)
            offset += length
            continue
        end = content.find(TERMINATOR, offset)
        stop = len(content) if end < 0 else end + 1
        data = content[offset:stop]
        if not length:
            damage = "レコード長が数字ではありません"
        elif end < 0:
            damage = f"レコードが途中で終わっています(長さ{length}、実際{len(data)}バイト)"
        else:
            damage = f"レコード長が合いません(記載{length}、実際{len(data)}バイト)"
        yield RawRecord(position, offset, data, damage)
        offset = stop


def parse(data: bytes) -> Record:
    """The record of these bytes; MalformedRecord with the reason when it cannot be read."""
    try:
        record = Record(data=data, to_unicode=True, force_utf8=True, utf8_handling="strict")
    except UnicodeDecodeError as error:
        raise MalformedRecord(f"UTF-8として読めません({error.start}バイト目)") from error
    except Exception as error:  # pymarc raises many kinds, and IndexError or ValueError for broken directories
        raise MalformedRecord(f"書誌として読めません({type(error).__name__})") from error
    if str(record.leader)[5] == "d":
        raise MalformedRecord("削除を指示するレコードです。所蔵を確かめて、画面から処理してください")
    if not record.get_fields("245") or not record.get_fields("245")[0].get_subfields("a"):
        raise MalformedRecord("本タイトル(245 $a)がありません")
    return record


def fields_of(record: Record, data: bytes) -> dict[str, Any]:
    """The fields of BibliographicRecord that this record gives. Texts keep their writing; punctuation of ISBD goes."""
    title_field = record.get_fields("245")[0]
    reading_field = _linked(record, title_field)
    creators = _creators(record)
    subjects = _subjects(record)
    isbns = _isbns(record)
    ndc, ndc_edition, other_classes = _classes(record)
    issued = _imprint(record, "c")
    return {
        "origin": Origin.MARC,
        "control_number": _control_number(record),
        "national_number": _national_number(record),
        "title": _title(title_field),
        "title_reading": _title(reading_field) if reading_field else "",
        "other_titles": _other_titles(record),
        "volume": " ".join(_clean(text) for text in title_field.get_subfields("n", "p")),
        "statement": _clean(" ".join(title_field.get_subfields("c"))),
        "edition": _first(record, "250", "a"),
        "creators": [name for name, _ in creators],
        "creator_readings": [reading for _, reading in creators],
        "place": _clean(_imprint(record, "a")).strip("[]"),
        "publisher": _publisher(record),
        "publisher_reading": _publisher_reading(record),
        "issued": _clean(issued),
        "year": _year(record, issued),
        "isbn13": isbns[0] if isbns else "",
        "other_isbns": isbns[1:],
        "ndc": ndc,
        "ndc_edition": ndc_edition,
        "other_classes": other_classes,
        "language": _language(record),
        "material_type": _material_type(record),
        "extent": _clean(
            " ".join(text for f in record.get_fields("300") for text in f.get_subfields("a", "b", "c", "e"))
        ),
        "series": [_clean(" ".join(f.get_subfields("a", "v"))) for f in record.get_fields("490")],
        "subjects": [name for name, _ in subjects],
        "subject_readings": [reading for _, reading in subjects if reading],
        "contents": [_clean(text) for f in record.get_fields("505") for text in f.get_subfields("a", "t")],
        "notes": [_clean(text) for f in record.get_fields("500", "504") for text in f.get_subfields("a")],
        "marc": data,
    }


def _clean(text: str) -> str:
    """The text without the punctuation that ISBD puts before the next element, and without a final full stop."""
    stripped = _TRAILING.sub("", text).strip()
    return stripped[:-1].rstrip() if stripped.endswith(".") and not stripped.endswith("..") else stripped


def _first(record: Record, tag: str, code: str) -> str:
    for field in record.get_fields(tag):
        for text in field.get_subfields(code):
            return _clean(text)
    return ""


def _linked(record: Record, field: Field, script: str = "$1") -> Field | None:
    """The 880 field that gives the reading of this one in a script: `$1` for kana, `(B` for romaji."""
    links = field.get_subfields("6")
    number = links[0].partition("-")[2][:2] if links else ""
    if not number or number == "00":
        return None
    for other in record.get_fields("880"):
        tag_and_number, _, code = (other.get_subfields("6") or [""])[0].partition("/")
        if tag_and_number != f"{field.tag}-{number}":
            continue
        # Some sources leave the script code out; then the writing decides.
        kind = code[:2] if code else ("$1" if _KANA.search(other.value()) else "(B")
        if kind == script:
            return other
    return None


def _title(field: Field) -> str:
    """Title and subtitle as 「書名 : 副書名」, a parallel title as 「書名 = Title」."""
    title = ""
    for subfield in field.subfields:
        if subfield.code == "a":
            title = f"{title} ; {subfield.value}" if title else subfield.value
        elif subfield.code == "b":
            mark = "=" if title.rstrip().endswith("=") else ":"
            title = f"{_clean(title)} {mark} {subfield.value}"
    return _clean(title)


def _other_titles(record: Record) -> list[str]:
    titles: list[str] = []
    for field in record.get_fields("246", "740"):
        reading = _linked(record, field)
        titles += [_clean(text) for f in (field, reading) if f for text in f.get_subfields("a")]
    return list(dict.fromkeys(text for text in titles if text))


def _name(field: Field) -> str:
    """「萩野, 正昭」 as 「萩野正昭」; names in latin letters keep their comma."""
    text = _clean(" ".join(field.get_subfields("a", "b")))
    if not _CJK_NAME.search(text):
        return text
    joined = re.sub(r",\s*", "", text)
    return re.sub(r",\s*", " ", text) if _KANA.match(joined) and " " in text else joined


def _creators(record: Record) -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for field in record.get_fields("100", "110", "111", "700", "710", "711"):
        reading = _linked(record, field)
        kana = re.sub(r",\s*", " ", _clean(" ".join(reading.get_subfields("a", "b")))) if reading else ""
        found.setdefault(_name(field), kana)
    return list(found.items())


def _subjects(record: Record) -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for field in record.get_fields("600", "610", "611", "630", "650", "651"):
        reading = _linked(record, field)
        name = "--".join(_clean(text) for text in field.get_subfields("a", "x", "y", "z"))
        kana = " ".join(_clean(text) for text in reading.get_subfields("a", "x", "y", "z")) if reading else ""
        found.setdefault(name, kana)
    for field in record.get_fields("653"):
        for text in field.get_subfields("a"):
            for word in text.split(" / "):
                found.setdefault(_clean(word), "")
    return [(name, kana) for name, kana in found.items() if name]


def _isbns(record: Record) -> list[str]:
    numbers = [rules.isbn_in(text) for f in record.get_fields("020") for text in f.get_subfields("a")]
    return list(dict.fromkeys(number for number in numbers if number))


def _classes(record: Record) -> tuple[str, int | None, list[str]]:
    """The NDC number of the newest edition, that edition, and every other class with its scheme."""
    decimal: list[tuple[int, str]] = []
    others: list[str] = []
    for field in record.get_fields("084"):
        scheme = (field.get_subfields("2") or [""])[0].strip()
        for number in map(str.strip, field.get_subfields("a")):
            edition = scheme.partition("/")[2]
            if scheme.startswith("njb") and rules.is_ndc(number):
                decimal.append((int(edition) if edition.isdigit() else 8, number))
            else:
                others.append(f"{'NDLC' if scheme == 'kktb' else scheme or '?'}:{number}")
    decimal.sort(reverse=True)
    best = decimal[0] if decimal else None
    return (
        best[1] if best else "",
        best[0] if best else None,
        [f"NDC{edition}:{number}" for edition, number in decimal[1:]] + others,
    )


def _imprints(record: Record) -> list[Field]:
    return record.get_fields("260") or [f for f in record.get_fields("264") if f.indicators and f.indicators[1] == "1"]


def _imprint(record: Record, code: str) -> str:
    return next((text for field in _imprints(record) for text in field.get_subfields(code)), "")


def _publisher(record: Record) -> str:
    return _clean(_imprint(record, "b")).strip("[]")


def _publisher_reading(record: Record) -> str:
    for field in _imprints(record):
        reading = _linked(record, field)
        if reading:
            return _clean((reading.get_subfields("b") or [""])[0])
    return ""


def _fixed(record: Record) -> str:
    """Field 008, padded to its length."""
    fields = record.get_fields("008")
    return (fields[0].data or "" if fields else "").ljust(40)


def _year(record: Record, issued: str) -> int | None:
    first = _fixed(record)[7:11]
    return int(first) if first.isdigit() and first >= "0700" else rules.year_of(issued)


def _language(record: Record) -> str:
    code = _fixed(record)[35:38].strip()
    return code if code.isalpha() and len(code) == 3 else (_first(record, "041", "a")[:3] or "und")


def _material_type(record: Record) -> str:
    leader = str(record.leader)
    kind = {
        "c": MaterialType.SCORE,
        "d": MaterialType.SCORE,
        "e": MaterialType.MAP,
        "f": MaterialType.MAP,
        "g": MaterialType.DVD,
        "i": MaterialType.CD,
        "j": MaterialType.CD,
        "m": MaterialType.COMPUTER,
    }.get(leader[6])
    if kind:
        return kind
    if leader[7] == "s":
        return MaterialType.MAGAZINE
    if _fixed(record)[22] in "abcj":
        return MaterialType.CHILD
    return MaterialType.BOOK if _language(record) in ("jpn", "und") else MaterialType.FOREIGN


def _control_number(record: Record) -> str | None:
    agency = next((f.data.strip() for f in record.get_fields("003") if f.data), "")
    number = next((f.data.strip() for f in record.get_fields("001") if f.data), "")
    return f"({agency}){number}"[:40] if number else None


def _national_number(record: Record) -> str | None:
    """The number of the Japanese national bibliography (015, source jnb)."""
    for field in record.get_fields("015"):
        if (field.get_subfields("2") or ["jnb"])[0].strip() == "jnb":
            for number in field.get_subfields("a"):
                return number.strip()[:24] or None
    return None
