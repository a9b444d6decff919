"""MARC 21 as the National Diet Library writes it (JAPAN/MARC): a record's fields to the catalogue's. Pure.

What real records do: two 880 fields per heading told apart by script code (`/$1` kana, `/(B` romaji); ISBN with
hyphens and a trailing " :"; the volume in 245 $n; NDC 9 and 10 beside NDLC, all in 084; no 1xx at all. Records by
NCR 2018 (since 2021) have 264 instead of 260, 336 to 338, and `ncr/2018` in 040 $e.
"""

import re
from typing import Any

from app.catalog import rules
from app.catalog.codes import Audience, CataloguingRules, Level, Origin
from app.exchange import material
from app.exchange.records import Field, Record

KANA, ROMAJI = "$1", "(B"
_TRAILING = re.compile(r"\s*[/:;=,]?\s*$")
_KANA = re.compile(r"[ァ-ヺー]")
_CJK_NAME = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff々〇]")
_ORIGINAL = re.compile(r"^原(?:タイトル|書名)\s*[:：]\s*")
_NAMES = ("100", "110", "111", "700", "710", "711")
_SUBJECTS = ("600", "610", "611", "630", "650", "651")
_RULES = (("ncr/2018", CataloguingRules.NCR2018), ("ncr", CataloguingRules.NCR1987), ("rda", CataloguingRules.RDA),
          ("aacr", CataloguingRules.AACR2))  # fmt: skip
_LEVELS = {"s": Level.SERIAL, "b": Level.ARTICLE, "a": Level.ARTICLE}
_LEVELS_OF_PARTS = {"a": Level.SET, "b": Level.VOLUME, "c": Level.VOLUME}


class Linked:
    """The 880 fields of a record by the field that they belong to, and by script."""

    def __init__(self, record: Record) -> None:
        self._found: dict[tuple[str, str], Field] = {}
        for other in record.get("880"):
            target, _, code = other.first("6").partition("/")
            # Some sources leave the script code out; then the writing decides.
            script = code[:2] if code else (KANA if _KANA.search(other.text()) else ROMAJI)
            self._found.setdefault((target, script), other)

    def of(self, field: Field, script: str = KANA) -> Field | None:
        """The same heading in another script."""
        number = field.first("6").partition("-")[2][:2]
        if not number or number == "00":
            return None
        return self._found.get((f"{field.tag}-{number}", script))


def fields_of(record: Record) -> dict[str, Any]:
    """The fields of BibliographicRecord that this record gives. Texts keep their writing; punctuation of ISBD goes."""
    linked = Linked(record)
    creators, subjects = _creators(record, linked), _subjects(record, linked)
    isbns = _isbns(record)
    ndc, ndc_edition, other_classes = _classes(record)
    issued = _imprint(record, "c")
    fixed = record.first("008").ljust(40)
    language = _language(record, fixed)
    return {
        "origin": Origin.MARC,
        **numbers(record),
        **_titles(record, linked),
        "edition": clean(record.first("250", "a")),
        "creators": [name for name, _, _ in creators],
        "creator_readings": [kana for _, kana, _ in creators],
        "creator_translits": [romaji for _, _, romaji in creators if romaji],
        "place": clean(_imprint(record, "a")).strip("[]"),
        "publisher": clean(_imprint(record, "b")).strip("[]"),
        "publisher_reading": _publisher_reading(record, linked),
        "issued": clean(issued),
        "year": _year(fixed, issued),
        "isbn13": isbns[0] if isbns else "",
        "other_isbns": isbns[1:],
        "issn": record.first("022", "a").strip()[:9],
        "ndc": ndc,
        "ndc_edition": ndc_edition,
        "other_classes": other_classes,
        "language": language,
        "other_languages": _other_languages(record, language),
        "audience": _audience(fixed),
        "level": _level(record),
        "rules_used": _rules_used(record),
        "content_type": _codes(record, "336"),
        "media_type": _codes(record, "337"),
        "carrier_type": _codes(record, "338"),
        "extent": clean(" ".join(text for field in record.get("300") for text in field.get("a", "b", "c", "e"))),
        "series": [clean(" ".join(field.get("a", "v"))) for field in record.get("490")],
        "subjects": [name for name, _ in subjects],
        "subject_readings": [reading for _, reading in subjects if reading],
        "contents": [clean(text) for field in record.get("505") for text in field.get("a", "t")],
        "notes": [clean(text) for field in record.get("500", "504") for text in field.get("a")],
        "summary": "\n".join(clean(text) for field in record.get("520") for text in field.get("a")),
        "author_note": "\n".join(clean(text) for field in record.get("545") for text in field.get("a")),
        **material.fields_of(record, fixed, language),
    }


def numbers(record: Record) -> dict[str, str | None]:
    """What the record is recognised by."""
    agency, number = record.first("003").strip(), record.first("001").strip()
    national = next((field for field in record.get("015") if (field.first("2") or "jnb").strip() == "jnb"), None)
    return {
        "control_number": f"({agency}){number}"[:40] if number else None,
        "national_number": (national.first("a").strip()[:24] or None) if national else None,
    }


def parent_number(record: Record) -> str:
    """The control number of the record that this one is a part of (773 $w), or nothing."""
    return record.first("773", "w").strip()[:40]


def clean(text: str) -> str:
    """The text without the punctuation that ISBD puts before the next element, and without a final full stop."""
    stripped = _TRAILING.sub("", text).strip()
    return stripped[:-1].rstrip() if stripped.endswith(".") and not stripped.endswith("..") else stripped


def _titles(record: Record, linked: Linked) -> dict[str, Any]:
    """Everything that names the work: title, reading, romaji, parallel titles, volume, responsibility, original."""
    field = next(iter(record.get("245")), Field("245"))
    kana, romaji = linked.of(field), linked.of(field, ROMAJI)
    notes = (text for one in record.get("500") for text in one.get("a") if _ORIGINAL.match(text))
    original = record.first("765", "t") or record.first("240", "a") or _ORIGINAL.sub("", next(notes, ""))
    return {
        "title": _title(field),
        "title_reading": _title(kana) if kana else "",
        "title_translit": _title(romaji) if romaji else "",
        "original_title": clean(original),
        "other_titles": _other_titles(record, linked),
        "volume": " ".join(clean(text) for text in field.get("n", "p")),
        "statement": clean(" ".join(field.get("c"))),
    }


def _title(field: Field) -> str:
    """Title and subtitle as 「書名 : 副書名」, a parallel title as 「書名 = Title」."""
    title = ""
    for code, value in field.subfields:
        if code == "a":
            title = f"{title} ; {value}" if title else value
        elif code == "b" and title:
            mark = "=" if title.rstrip().endswith("=") else ":"
            title = f"{clean(title)} {mark} {value}"
    return clean(title)


def _other_titles(record: Record, linked: Linked) -> list[str]:
    titles: list[str] = []
    for field in record.get("246", "740"):
        reading = linked.of(field)
        titles += [clean(text) for one in (field, reading) if one for text in one.get("a")]
    return list(dict.fromkeys(text for text in titles if text))


def _name(field: Field) -> str:
    """「萩野, 正昭」 as 「萩野正昭」; names in latin letters keep their comma."""
    text = clean(" ".join(field.get("a", "b")))
    if not _CJK_NAME.search(text):
        return text
    joined = re.sub(r",\s*", "", text)
    return re.sub(r",\s*", " ", text) if _KANA.match(joined) and " " in text else joined


def _creators(record: Record, linked: Linked) -> list[tuple[str, str, str]]:
    """Name, kana and romaji of everybody."""
    found: dict[str, tuple[str, str, str]] = {}
    for field in record.get(*_NAMES):
        kana, romaji = linked.of(field), linked.of(field, ROMAJI)
        spoken = re.sub(r",\s*", " ", clean(" ".join(kana.get("a", "b")))) if kana else ""
        name = _name(field)
        found.setdefault(name, (name, spoken, clean(" ".join(romaji.get("a", "b"))) if romaji else ""))
    return list(found.values())


def _subjects(record: Record, linked: Linked) -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for field in record.get(*_SUBJECTS):
        reading = linked.of(field)
        name = "--".join(clean(text) for text in field.get("a", "x", "y", "z"))
        kana = " ".join(clean(text) for text in reading.get("a", "x", "y", "z")) if reading else ""
        found.setdefault(name, kana)
    for field in record.get("653"):
        for text in field.get("a"):
            for word in text.split(" / "):
                found.setdefault(clean(word), "")
    return [(name, kana) for name, kana in found.items() if name]


def _isbns(record: Record) -> list[str]:
    found = [rules.isbn_in(text) for field in record.get("020") for text in field.get("a")]
    return list(dict.fromkeys(number for number in found if number))


def _classes(record: Record) -> tuple[str, int | None, list[str]]:
    """The NDC number of the newest edition, that edition, and every other class with its scheme."""
    decimal: list[tuple[int, str]] = []
    others: list[str] = []
    for field in record.get("084"):
        scheme = field.first("2").strip()
        for number in map(str.strip, field.get("a")):
            edition = scheme.partition("/")[2]
            if scheme.startswith("njb") and rules.is_ndc(number):
                decimal.append((int(edition) if edition.isdigit() else 8, number))
            else:
                others.append(f"{'NDLC' if scheme == 'kktb' else scheme or '?'}:{number}")
    decimal.sort(key=lambda pair: -pair[0])
    best = decimal[0] if decimal else None
    return (
        best[1] if best else "",
        best[0] if best else None,
        [f"NDC{edition}:{number}" for edition, number in decimal[1:]] + others,
    )


def _imprints(record: Record) -> list[Field]:
    return record.get("260") or [field for field in record.get("264") if field.indicators[1:2] == "1"]


def _imprint(record: Record, code: str) -> str:
    return next((text for field in _imprints(record) for text in field.get(code)), "")


def _publisher_reading(record: Record, linked: Linked) -> str:
    readings = (linked.of(field) for field in _imprints(record))
    return next((clean(reading.first("b")) for reading in readings if reading), "")


def _year(fixed: str, issued: str) -> int | None:
    first = fixed[7:11]
    return int(first) if first.isascii() and first.isdigit() and first >= "0700" else rules.year_of(issued)


def _language(record: Record, fixed: str) -> str:
    code = fixed[35:38].strip()
    return code if code.isalpha() and len(code) == 3 else (clean(record.first("041", "a"))[:3] or "und")


def _other_languages(record: Record, language: str) -> str:
    found = [code[:3] for field in record.get("041") for code in field.get("a") if code[:3] != language]
    return " ".join(dict.fromkeys(found))[:40]


def _audience(fixed: str) -> str:
    """Of 008/22: a to c and j are children, d the young, e adults."""
    code = fixed[22]
    return Audience.CHILD if code in "abcj" else {"d": Audience.YOUNG, "e": Audience.ADULT}.get(code, Audience.GENERAL)


def _level(record: Record) -> str:
    by_level = _LEVELS.get(record.leader[7:8])
    return by_level or _LEVELS_OF_PARTS.get(record.leader[19:20], Level.SINGLE)


def _rules_used(record: Record) -> str:
    stated = [text.strip().lower() for field in record.get("040") for text in field.get("e")]
    for start, named in _RULES:
        if any(text.startswith(start) for text in stated):
            return named
    return CataloguingRules.UNKNOWN


def _codes(record: Record, tag: str) -> str:
    """The codes of a type ($b), the term where there is no code."""
    found = [(field.first("b") or field.first("a")).strip().replace(" ", "") for field in record.get(tag)]
    return " ".join(dict.fromkeys(code for code in found if code))[:40]
