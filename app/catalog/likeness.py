"""How alike two records are: by numbers, else by title, author, volume and year. Pure."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Protocol

from app.catalog.search.fold import folded

ENOUGH = 0.8
_LONGER = 0.8
_DIGITS = re.compile(r"[0-9]+")
_KANJI_DIGITS = str.maketrans("〇一二三四五六七八九", "0123456789")
_VOLUMES = {"上": "1", "中": "2", "下": "3", "前": "1", "後": "2"}
# What a publisher is called with or without.
_HOUSE = re.compile(r"株式会社|\(株\)|有限会社|出版社?$|書店$|社$")
# What stands behind a name in a statement of responsibility.
_ROLE = re.compile(r"[\s\[]*(?:著者|編著|共著|原作|原著|監修|監訳|翻訳|著|編|訳|作|文|絵|画|写真)\]?$")


class Described(Protocol):
    """What of a record is compared."""

    title: str
    title_reading: str
    volume: str
    edition: str
    statement: str
    creators: list[str]
    creator_readings: list[str]
    publisher: str
    year: int | None
    isbn13: str
    other_isbns: list[str]
    national_number: str | None
    control_number: str | None
    material_type: str


@dataclass(frozen=True)
class Likeness:
    """`score` from 0 to 1; from ENOUGH on the records are probably the same. `why` in words."""

    score: float
    why: str


def numbers_of(record: Described) -> set[str]:
    """The bibliographic numbers, without prefixes, hyphens and leading zeros."""
    given = (record.national_number, record.control_number)
    plain = (re.sub(r"[^0-9]", "", unicodedata.normalize("NFKC", number)) for number in given if number)
    return {number.lstrip("0") for number in plain if len(number.lstrip("0")) >= 6}


def isbns_of(record: Described) -> set[str]:
    """Every ISBN of the record, of its volumes and forms too."""
    return {isbn for isbn in (record.isbn13, *record.other_isbns) if isbn}


def volume_of(record: Described) -> str:
    """The volume as a number where it is one ("第3巻", "三", "下"), else folded; "" without one."""
    text = unicodedata.normalize("NFKC", record.volume).strip().translate(_KANJI_DIGITS)
    found = _DIGITS.findall(text)
    if found:
        return ".".join(number.lstrip("0") or "0" for number in found)
    return _VOLUMES.get(text.strip("巻編 "), folded(text))


def likeness(one: Described, other: Described) -> Likeness:
    """How probable it is that both describe the same publication."""
    volumes = {volume_of(one), volume_of(other)} - {""}
    if len(volumes) > 1 or _editions_differ(one, other):
        return Likeness(0.0, "")
    if isbns_of(one) & isbns_of(other):
        return Likeness(1.0, "ISBNが同じ")
    if numbers_of(one) & numbers_of(other):
        return Likeness(1.0, "MARC番号が同じ")
    title = _title_likeness(one, other)
    author = _author_likeness(one, other)
    rest = _rest(one, other)
    score = 0.6 * title + 0.25 * author + 0.15 * rest
    if title < 0.7 or author < 0.5 or rest < 0.3:
        score = min(score, ENOUGH - 0.01)
    return Likeness(score, "書名・著者が近い")


def _editions_differ(one: Described, other: Described) -> bool:
    """Both say an edition, and not the same one."""
    said = [re.sub(r"^(初版|第?1版)$", "", unicodedata.normalize("NFKC", r.edition).strip()) for r in (one, other)]
    numbers = [_DIGITS.findall(text.translate(_KANJI_DIGITS)) for text in said]
    if numbers[0] and numbers[1]:
        return numbers[0] != numbers[1]
    return bool(all(said)) and folded(said[0]) != folded(said[1])


def main_part(title: str) -> str:
    """The title without its subtitle."""
    return re.split(r"\s*[:=：]\s+|\s+[-―–~〜]|\s*[(（]", title, maxsplit=1)[0] or title


def _title_likeness(one: Described, other: Described) -> float:
    pairs = [(one.title, other.title), (main_part(one.title), main_part(other.title))]
    if one.title_reading and other.title_reading:
        pairs += [(main_part(one.title_reading), main_part(other.title_reading))]
    # One of them may be written in kana where the other has kanji and a reading.
    pairs += [(one.title_reading, other.title), (one.title, other.title_reading)]
    return max(_alike(folded(a), folded(b)) * (_LONGER if _goes_on(a, b) else 1) for a, b in pairs)


def _goes_on(one: str, other: str) -> bool:
    """One title is the other and goes on without a break: 「坂の上の雲」 and 「坂の上の雲を歩く」 are two books."""
    short, long = sorted((one.strip(), other.strip()), key=len)
    rest = long[len(short) :]
    return bool(short) and long.startswith(short) and len(rest) > 1 and rest[0].isalpha()


def _names(record: Described) -> set[str]:
    spoken = re.split(r"[,;/、，;；]|\s[・]\s", record.statement)
    given = [*record.creators, *record.creator_readings, *(_ROLE.sub("", part.strip()) for part in spoken)]
    # Years of birth stand behind a heading's comma.
    return {folded(re.sub(r"[0-9,，\-]+", "", unicodedata.normalize("NFKC", name))) for name in given} - {""}


def _author_likeness(one: Described, other: Described) -> float:
    first, second = _names(one), _names(other)
    if not first or not second:
        return 0.6  # nothing speaks against it
    return max(_alike(a, b) for a in first for b in second)


def _rest(one: Described, other: Described) -> float:
    """Year and publisher: 1 when both agree, less when they say different things."""
    years = 0.7 if None in (one.year, other.year) else max(0.0, 1 - abs((one.year or 0) - (other.year or 0)) * 0.4)
    houses = 0.7
    if one.publisher and other.publisher:
        houses = _alike(_house(one.publisher), _house(other.publisher))
    return (years + houses) / 2


def _house(name: str) -> str:
    plain = unicodedata.normalize("NFKC", name)
    return folded(_HOUSE.sub("", plain)) or folded(plain)


def _alike(one: str, other: str) -> float:
    if not one or not other:
        return 0.0
    if one == other:
        return 1.0
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def best(scored: Iterable[tuple[int, Likeness]]) -> list[tuple[int, Likeness]]:
    """Those that are probably the same, the likeliest first."""
    return sorted((pair for pair in scored if pair[1].score >= ENOUGH), key=lambda pair: (-pair[1].score, pair[0]))
