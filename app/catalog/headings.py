"""The headings of a MARC record with what their authorities say: number ($0), reading and romaji (880). Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pymarc import Field, Record

_NAMES = {"00": "person", "10": "corporate", "11": "meeting", "30": "title"}
_SUBJECTS = {"650": "topic", "651": "place"} | {f"6{tail}": kind for tail, kind in _NAMES.items()}
_HEADINGS = {f"{first}{tail}": kind for first in "17" for tail, kind in _NAMES.items()} | _SUBJECTS
_SCHEMES = {"ndlsh": "ndlsh", "bsh": "bsh", "gakushu": "gakushu", "nlsh": "gakushu"}
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff々〇]")
_KANA = re.compile(r"[ァ-ヺー]")
_END = re.compile(r"[\s,:;/.]+$")


@dataclass(frozen=True)
class Heading:
    """One heading as the record has it; `subject` when the record is about it."""

    kind: str
    scheme: str
    number: str
    text: str
    reading: str = ""
    romaji: str = ""
    dates: str = ""
    subject: bool = False


def headings(marc: bytes) -> list[Heading]:
    """Every heading of the record; none when the bytes are no MARC 21."""
    try:
        record = Record(data=marc, to_unicode=True, force_utf8=True)
    except Exception:  # pymarc raises many kinds; such a record was set aside when it came
        return []
    return list(_headings(record))


def _headings(record: Record) -> Iterator[Heading]:
    for field in record.get_fields(*_HEADINGS):
        kind, subject = _HEADINGS[field.tag], field.tag[0] == "6"
        text = heading_text(field, subject)
        if not text:
            continue
        reading, romaji = _linked(record, field, "$1"), _linked(record, field, "(B")
        yield Heading(
            kind,
            scheme_of(field, subject),
            (field.get_subfields("0") or [""])[0].strip()[:20],
            text,
            heading_text(reading, subject) if reading else "",
            heading_text(romaji, subject) if romaji else "",
            _clean(" ".join(field.get_subfields("d")))[:40],
            subject,
        )


def scheme_of(field: Field, subject: bool) -> str:
    """Which list a heading is from: names are the national library's, subjects say it in $2."""
    if not subject or field.tag[1:] in _NAMES:
        return "ndla"
    return _SCHEMES.get((field.get_subfields("2") or [""])[0].strip().lower(), "own")


def heading_text(field: Field, subject: bool) -> str:
    """The heading: 「萩野正昭」 for 「萩野, 正昭」, 「電子書籍--日本」 with its subdivisions."""
    text = _clean(" ".join(field.get_subfields("a", "b")))
    if _CJK.search(text):
        text = re.sub(r",\s*", " " if _KANA.match(text) else "", text)
    more = [_clean(part) for part in field.get_subfields("x", "y", "z")] if subject else []
    return "--".join(filter(None, [text, *more]))[:300]


def _clean(text: str) -> str:
    return _END.sub("", text.strip())


def _linked(record: Record, field: Field, script: str) -> Field | None:
    number = (field.get_subfields("6") or [""])[0].partition("-")[2][:2]
    if not number or number == "00":
        return None
    for other in record.get_fields("880"):
        link, _, code = (other.get_subfields("6") or [""])[0].partition("/")
        if link == f"{field.tag}-{number}" and (code[:2] or ("$1" if _KANA.search(other.value()) else "(B")) == script:
            return other
    return None
