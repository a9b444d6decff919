"""What kind of thing a MARC record describes: material type, medium, and what only films and sound have. Pure."""

import re
from typing import Any

from app.catalog.codes import MaterialType, Screening
from app.exchange.records import Record

_KINDS = {
    "c": MaterialType.SCORE,
    "d": MaterialType.SCORE,
    "e": MaterialType.MAP,
    "f": MaterialType.MAP,
    "g": MaterialType.DVD,
    "i": MaterialType.CD,
    "j": MaterialType.CD,
    "m": MaterialType.COMPUTER,
}
# 007: kind, then at place 4 of a videorecording its format, at place 1 of a sound recording its carrier.
_VIDEO = {"v": "DVD", "s": "Blu-ray", "b": "VHS", "g": "レーザーディスク"}
_NAMED = re.compile(r"Blu-ray|ブルーレイ|DVD|CD-ROM|CD|LP|VHS|カセット", re.IGNORECASE)
_SPELLED = {"blu-ray": "Blu-ray", "ブルーレイ": "Blu-ray"}
_MINUTES = re.compile(r"([0-9]{1,4})\s*(?:分|min)")
_HOURS = re.compile(r"([0-9]{1,2})\s*時間")
_FILM_OR_SOUND = "gij"


def fields_of(record: Record, fixed: str, language: str) -> dict[str, Any]:
    """Material type and, for films and sound, number on sale, performers, playing time, medium, right to show it."""
    kind = record.leader[6:7]
    fields: dict[str, Any] = {"material_type": _material_type(record, fixed, language)}
    if kind not in _FILM_OR_SOUND:
        return fields
    extent = " ".join(text for field in record.get("300") for text in field.get("a", "b", "e"))
    return fields | {
        "publisher_number": record.first("028", "a").strip()[:60],
        "performers": [text.strip(" .") for field in record.get("511") for text in field.get("a")],
        "playing_minutes": _minutes(record, extent),
        "medium": _medium(record, extent),
        "screening": _screening(record),
    }


def _material_type(record: Record, fixed: str, language: str) -> str:
    kind = _KINDS.get(record.leader[6:7])
    if kind:
        return kind
    if record.leader[7:8] == "s":
        return MaterialType.MAGAZINE
    if fixed[22] in "abcj":
        return MaterialType.CHILD
    return MaterialType.BOOK if language in ("jpn", "und") else MaterialType.FOREIGN


def _minutes(record: Record, extent: str) -> int | None:
    """Of 306 (hours, minutes, seconds in six digits), else as the description says; all parts together."""
    timed = [text for field in record.get("306") for text in field.get("a") if re.fullmatch(r"[0-9]{6}", text)]
    if timed:
        seconds = sum(int(text[:2]) * 3600 + int(text[2:4]) * 60 + int(text[4:]) for text in timed)
        return round(seconds / 60) or None
    hours, minutes = _HOURS.search(extent), _MINUTES.search(extent)
    total = (int(hours[1]) * 60 if hours else 0) + (int(minutes[1]) if minutes else 0)
    return total or None


def _medium(record: Record, extent: str) -> str:
    for field in record.get("007"):
        if field.data[:1] == "v" and field.data[4:5] in _VIDEO:
            return _VIDEO[field.data[4]]
    stated = " ".join([extent, *(text for field in record.get("538") for text in field.get("a"))])
    named = _NAMED.search(stated)
    return _SPELLED.get(named[0].lower(), named[0].upper()) if named else ""


def _screening(record: Record) -> str:
    """As a note on the terms of use says (540)."""
    terms = " ".join(text for field in record.get("540", "506") for text in field.get("a"))
    if "上映権" not in terms:
        return Screening.UNKNOWN
    return (
        Screening.NONE
        if re.search(r"上映権(?:は|が)?(?:なし|無|ありません|付きではない)", terms)
        else Screening.GRANTED
    )
