"""Rows of a library at scale, from a seed and a number. Pure: the same seed and number give the same row anywhere.

Words, names, branches and lending follow natural distributions (a few are very common, most are rare). Titles are
made of usual title words; no generated record pretends to be a real book.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from random import Random
from uuid import UUID

from app.catalog import rules
from app.demo import people
from app.demo.people import by_rank

RECORDS = 2_750_000
ITEMS = 1_190_000
HELD = 0.40
PATRONS = 50_000
LOANS = 1_600_000
LOAN_DAYS = 14

# Generated rows have their own numbers, far from those that the running library gives out.
FIRST_ID = 100_000_000
FIRST_BARCODE = 10_000_000
FIRST_CARD = 50_000_000
MOST_COPIES = 4

_PATTERNS = (
    ("{a}の{b}", "{A} ノ {B}"),
    ("{a}と{b}", "{A} ト {B}"),
    ("{a}入門", "{A} ニュウモン"),
    ("はじめての{a}", "ハジメテ ノ {A}"),
    ("{a}研究 : {b}を中心に", "{A} ケンキュウ : {B} オ チュウシン ニ"),
    ("図説{a}", "ズセツ {A}"),
    ("{a}の歴史", "{A} ノ レキシ"),
    ("{b}で読む{a}", "{B} デ ヨム {A}"),
    ("{a}事典", "{A} ジテン"),
    ("わたしの{a}", "ワタシ ノ {A}"),
    ("{a}", "{A}"),
    ("{a}がわかる本", "{A} ガ ワカル ホン"),
    ("{a}と{b}のあいだ", "{A} ト {B} ノ アイダ"),
    ("{b}から見た{a}", "{B} カラ ミタ {A}"),
    ("やさしい{a}", "ヤサシイ {A}"),
    ("{a}への招待", "{A} エノ ショウタイ"),
    ("{a}大全", "{A} タイゼン"),
    ("{a}論", "{A}ロン"),
)
_PUBLISHERS = (
    ("第一出版", "ダイイチ シュッパン"),
    ("青空書房", "アオゾラ ショボウ"),
    ("信濃書林", "シナノ ショリン"),
    ("中央書院", "チュウオウ ショイン"),
    ("文化社", "ブンカシャ"),
    ("東都書店", "トウト ショテン"),
    ("教育出版会", "キョウイク シュッパンカイ"),
    ("学術社", "ガクジュツシャ"),
    ("山河書房", "サンガ ショボウ"),
    ("若葉社", "ワカバシャ"),
    ("北斗出版", "ホクト シュッパン"),
    ("大地書房", "ダイチ ショボウ"),
    ("光文館", "コウブンカン"),
    ("白樺社", "シラカバシャ"),
    ("実務出版", "ジツム シュッパン"),
)
_MATERIALS = (
    ("book", 60),
    ("child", 13),
    ("picture", 9),
    ("pocket", 8),
    ("local", 2),
    ("magazine", 2),
    ("reference", 2),
    ("cd", 2),
    ("dvd", 1),
    ("large", 1),
)
_MATERIAL_NAMES = tuple(name for name, _ in _MATERIALS)
_MATERIAL_WEIGHTS = tuple(weight for _, weight in _MATERIALS)
_KIND_WEIGHTS = {"main": 35.0, "mobile": 3.0, "room": 0.95, "community": 0.15}
# Loans by month from January, and by weekday from Monday (closed on Tuesdays).
_MONTHS = (0.95, 0.9, 1.0, 0.95, 1.0, 1.0, 1.15, 1.2, 1.0, 1.05, 1.0, 0.8)
_WEEKDAYS = (0.9, 0.0, 0.9, 0.85, 0.9, 1.6, 1.7)


@lru_cache(maxsize=1)
def words() -> tuple[tuple[str, str, str], ...]:
    """The title words with reading and class, the commonest first."""
    text = (Path(__file__).parent / "data" / "words.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    return tuple((word, reading, ndc) for word, reading, ndc in rows)


def stream(seed: int, phase: str, number: int) -> Random:
    """The random numbers of one batch, independent of every other batch."""
    return Random(f"{seed}:{phase}:{number}")  # noqa: S311 - test data, not secrets


@dataclass
class Record:
    """A generated bibliographic record, as the index reads it."""

    title: str
    title_reading: str
    volume: str
    creators: list[str]
    creator_readings: list[str]
    publisher: str
    publisher_reading: str
    year: int
    isbn13: str
    ndc: str
    material_type: str
    subjects: list[str]
    subject_readings: list[str]
    statement: str = ""
    language: str = "jpn"
    other_titles: list[str] = field(default_factory=list)
    other_isbns: list[str] = field(default_factory=list)
    series: list[str] = field(default_factory=list)
    contents: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def record(random: Random, number: int, last_year: int) -> Record:
    """The record with that number; the stream must stand where its batch left it."""
    vocabulary = words()
    first, second = vocabulary[by_rank(random, len(vocabulary))], vocabulary[by_rank(random, len(vocabulary))]
    pattern, pattern_reading = _PATTERNS[by_rank(random, len(_PATTERNS))]
    names = [
        (people.FAMILY[by_rank(random, len(people.FAMILY))], people.GIVEN[random.randrange(len(people.GIVEN))])
        for _ in range(1 + (random.random() < 0.2))
    ]
    publisher = _PUBLISHERS[by_rank(random, len(_PUBLISHERS))]
    year = last_year - min(int(random.expovariate(1 / 18)), 120)
    subject = random.random() < 0.6
    isbn = ""
    if year >= 1981 and random.random() < 0.9:
        body = f"9784{number % 10**8:08d}"
        isbn = body + rules.ean_check_digit(body)
    return Record(
        title=pattern.format(a=first[0], b=second[0]),
        title_reading=pattern_reading.format(A=first[1], B=second[1]),
        volume=str(1 + by_rank(random, 30)) if random.random() < 0.15 else "",
        creators=[family[0] + given[0] for family, given in names],
        creator_readings=[f"{family[1]} {given[1]}" for family, given in names],
        publisher=publisher[0],
        publisher_reading=publisher[1],
        year=year,
        isbn13=isbn,
        ndc=f"{first[2]}.{random.randrange(1, 10)}" if random.random() < 0.7 else first[2],
        material_type=random.choices(_MATERIAL_NAMES, _MATERIAL_WEIGHTS)[0],
        subjects=[first[0]] if subject else [],
        subject_readings=[first[1]] if subject else [],
    )


@dataclass(frozen=True)
class Place:
    """A branch, and its share of the items."""

    pk: int
    kind: str

    @property
    def weight(self) -> float:
        return _KIND_WEIGHTS.get(self.kind, 0.1)


def copies(random: Random, places: Sequence[Place], weights: Sequence[float]) -> list[int]:
    """The branches (ids) that hold a record; empty for the 60 % that are only known."""
    if random.random() >= HELD:
        return []
    extra = random.random()
    mean_extra = ITEMS / (RECORDS * HELD) - 1
    count = 1 + (extra < mean_extra * 0.9) + (extra < mean_extra * 0.1)
    return [place.pk for place in random.choices(places, weights, k=count)]


def appeal(item_id: int) -> float:
    """How much an item is wanted, from its number alone: a few a hundred times as much as most."""
    spread = (item_id * 2_654_435_761 & 0xFFFFFFFF) / 2**32
    return 1 / (spread + 0.01) ** 0.8


def open_days(first: date, last: date) -> list[tuple[date, float]]:
    """The days from first to last with their weight in lending; closed days have none."""
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [(day, _MONTHS[day.month - 1] * _WEEKDAYS[day.weekday()]) for day in days if _WEEKDAYS[day.weekday()]]


def months(first: date, last: date) -> list[tuple[date, date]]:
    """The calendar months from first to last, cut at both ends."""
    parts = []
    start = first
    while start <= last:
        following = (start.replace(day=1) + timedelta(days=32)).replace(day=1)
        parts.append((start, min(last, following - timedelta(days=1))))
        start = following
    return parts


@dataclass(frozen=True)
class LoanDraw:
    """One generated loan: which item (index in the slice), when, and whether it is still out."""

    item: int
    day: date
    still_out: bool


def loans(
    random: Random, item_ids: Sequence[int], part: tuple[date, date], count: int, until: date
) -> Iterator[LoanDraw]:
    """`count` loans of these items in a part of a month. An item is out once at a time at the end of the year."""
    days = open_days(*part)
    if not days or not item_ids:
        return
    weights = [weight for _, weight in days]
    out: set[int] = set()
    chosen = random.choices(range(len(item_ids)), [appeal(item_id) for item_id in item_ids], k=count)
    for item, (day, _) in zip(chosen, random.choices(days, weights, k=count), strict=True):
        age = (until - day).days
        recent = age < LOAN_DAYS and random.random() < 1 - age / (LOAN_DAYS * 1.3)
        wanted = recent or random.random() < 0.0008
        still_out = wanted and item not in out
        if still_out:
            out.add(item)
        yield LoanDraw(item, day, still_out)


def year_share(part: tuple[date, date], year: tuple[date, date]) -> float:
    """The share of a year's loans that falls into a part of it."""
    total = math.fsum(weight for _, weight in open_days(*year))
    return math.fsum(weight for _, weight in open_days(*part)) / total if total else 0.0


def random_uuid(random: Random) -> UUID:
    """A version 4 UUID from the stream."""
    return UUID(int=random.getrandbits(128), version=4)
