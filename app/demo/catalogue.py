"""A catalogue of any size for measuring: records, items and loans by COPY, the same from the same seed.

Words follow Zipf's law over some thirty thousand: the usual title words first, then compounds of usual kanji, katakana
words and latin ones. What is measured is searching: there are no patrons, and nothing else is whole.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

from django.db import connection

from app.branches.models import Branch
from app.catalog import rules
from app.demo import generate, people

BATCH = 20_000
FIRST_BARCODE = 20_000_000
OUT = 0.045
_DATA = Path(__file__).parent / "data"
_SYLLABLES = [
    "ア",
    "イ",
    "カ",
    "キ",
    "ケン",
    "コウ",
    "サン",
    "シ",
    "シュウ",
    "ショ",
    "セイ",
    "ソウ",
    "タイ",
    "チョウ",
    "テン",
    "トウ",
    "ナン",
    "ノウ",
    "ハン",
    "ヒョウ",
    "ブン",
    "ホウ",
    "マン",
    "メイ",
    "ヤク",
    "ユウ",
    "ヨウ",
    "ライ",
    "リュウ",
    "レン",
    "ワ",
    "ゼン",
    "ジ",
    "ガク",
    "ゴウ",
    "ダン",
    "バク",
    "ギョウ",
]
_KANA = [chr(code) for code in range(ord("ア"), ord("ン")) if chr(code) not in "ッヮヰヱヲァィゥェォャュョ"]
_LATIN = [
    "an",
    "ar",
    "be",
    "co",
    "da",
    "de",
    "el",
    "en",
    "fi",
    "ga",
    "his",
    "in",
    "ka",
    "la",
    "lo",
    "ma",
    "men",
    "na",
    "no",
    "or",
    "per",
    "qui",
    "ra",
    "re",
    "sa",
    "se",
    "ta",
    "ter",
    "tion",
    "u",
    "ve",
    "wa",
]
_KINDS = (
    ("叢書", "ソウショ"),
    ("文庫", "ブンコ"),
    ("選書", "センショ"),
    ("シリーズ", "シリーズ"),
    ("全集", "ゼンシュウ"),
)
_MATERIALS = (
    ("book",) * 60 + ("child",) * 13 + ("picture",) * 9 + ("pocket",) * 8 + ("local", "magazine") * 2 + ("cd", "dvd")
)
_COLUMNS = (
    "id", "origin", "title", "title_reading", "volume", "statement", "creators", "creator_readings", "publisher",
    "publisher_reading", "issued", "year", "isbn13", "ndc", "language", "material_type", "audience", "series",
    "subjects", "subject_readings", "contents",
)  # fmt: skip
Word = tuple[str, str, str]


class Vocabulary:
    """Words with reading and class, names, publishers, series; each drawn by its rank."""

    def __init__(self, seed: int) -> None:
        random = Random(f"{seed}:words")  # noqa: S311 - test data
        usual = list(generate.words())
        kanji = sorted({c for word, _, _ in usual for c in word if "一" <= c <= "鿿"} | set(_kanji_of_works()))
        sounds = {character: random.choice(_SYLLABLES) for character in kanji}

        def compound(length: int) -> tuple[str, str]:
            chosen = [random.choice(kanji) for _ in range(length)]
            return "".join(chosen), "".join(sounds[character] for character in chosen)

        classes = [f"{random.randrange(1000):03}" for _ in range(400)]
        made: list[Word] = []
        for _ in range(24_000):
            made.append((*compound(2 if random.random() < 0.8 else 3), random.choice(classes)))
        for _ in range(6_000):
            word = "".join(random.choice(_KANA) for _ in range(random.randrange(3, 6)))
            made.append((word, word, random.choice(classes)))
        self.words: list[Word] = usual + made
        self.latin = sorted({"".join(random.choices(_LATIN, k=random.randrange(1, 5))) for _ in range(30_000)})
        random.shuffle(self.latin)
        self.latin[:0] = ["the", "of", "and", "in", "to", "history", "a", "introduction", "art", "Japan"]
        given, family = people.GIVEN, people.FAMILY
        families = [(one[0], one[1]) for one in family] + [compound(2) for _ in range(3000)]
        self.names = [(*families[_ranked(random, len(families))], *random.choice(given)[:2]) for _ in range(200_000)]
        self.publishers = list(generate._PUBLISHERS) + [
            (one + mark, sound + read)
            for (one, sound), (mark, read) in (
                (compound(2), random.choice((("社", "シャ"), ("書房", "ショボウ"), ("出版", "シュッパン"))))
                for _ in range(3000)
            )
        ]
        self.series = [
            (word + kind, f"{reading} {read}")
            for (word, reading, _), (kind, read) in (
                (random.choice(self.words), random.choice(_KINDS)) for _ in range(4000)
            )
        ]


def _kanji_of_works() -> str:
    text = (_DATA / "works.csv").read_text(encoding="utf-8")
    return "".join(c for c in text if "一" <= c <= "鿿")


def _ranked(random: Random, count: int) -> int:
    """A rank by Zipf's law, nearly: equal shares of each factor of ten."""
    return min(int((count + 1) ** random.random()) - 1, count - 1)


@lru_cache(maxsize=1)
def vocabulary(seed: int) -> Vocabulary:
    """The words of a seed, made once."""
    return Vocabulary(seed)


def record(random: Random, words: Vocabulary, number: int, last_year: int) -> tuple[Any, ...]:
    """The columns of the record with that number."""
    first, second = words.words[_ranked(random, len(words.words))], words.words[_ranked(random, len(words.words))]
    chance = random.random
    latin = chance() < 0.08
    if latin:
        some = [words.latin[_ranked(random, len(words.latin))] for _ in range(random.randrange(2, 7))]
        title, reading = " ".join(some).capitalize(), ""
        names = [(f"{random.choice(words.latin).capitalize()}, {random.choice(words.latin).capitalize()}", "")]
    else:
        pattern, sound = generate._PATTERNS[_ranked(random, len(generate._PATTERNS))]
        title, reading = pattern.format(a=first[0], b=second[0]), sound.format(A=first[1], B=second[1])
        names = []
        for _ in range(1 + (chance() < 0.2)):
            family, family_sound, given, given_sound = words.names[_ranked(random, len(words.names))]
            names.append((family + given, f"{family_sound} {given_sound}"))
    publisher = words.publishers[_ranked(random, len(words.publishers))]
    year = last_year - min(int(random.expovariate(1 / 18)), 120)
    isbn = ""
    if year >= 1981 and chance() < 0.9:
        body = f"9784{number % 10**8:08d}"
        isbn = body + rules.ean_check_digit(body)
    material = random.choice(_MATERIALS)
    series = [words.series[_ranked(random, len(words.series))][0]] if chance() < 0.25 else []
    subject = chance() < 0.6
    contents = (
        [words.words[_ranked(random, len(words.words))][0] + "について" for _ in range(4)] if chance() < 0.05 else []
    )
    return (
        generate.FIRST_ID + number, "scale", title, reading, str(1 + _ranked(random, 30)) if chance() < 0.15 else "",
        f"{names[0][0]}著", [name for name, _ in names], [sound for _, sound in names if sound], publisher[0],
        publisher[1], str(year), year, isbn, f"{first[2]}.{random.randrange(1, 10)}" if chance() < 0.7 else first[2],
        "eng" if latin else "jpn", "foreign" if latin else material,
        "child" if material in ("child", "picture") and not latin else "", series,
        [first[0]] if subject else [], [first[1]] if subject else [], contents,
    )  # fmt: skip


def load(count: int, seed: int, last_year: int, part: tuple[int, int], progress: Callable[[str], None]) -> None:
    """Write every `part[1]`-th batch from `part[0]` on. Constraints between tables are not looked at: they hold."""
    words = vocabulary(seed)
    places = [generate.Place(pk, kind) for pk, kind in Branch.objects.order_by("number").values_list("pk", "kind")]
    weights = [place.weight for place in places]
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica; SET synchronous_commit = off")
    try:
        for batch in range(part[0], -(-count // BATCH), part[1]):
            _batch(words, places, weights, (seed, last_year), range(batch * BATCH, min((batch + 1) * BATCH, count)))
            progress(f"{min((batch + 1) * BATCH, count):,} records")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET session_replication_role; RESET synchronous_commit")


def _batch(
    words: Vocabulary,
    places: Sequence[generate.Place],
    weights: Sequence[float],
    given: tuple[int, int],
    numbers: range,
) -> None:
    """The records with these numbers, their items, and which of them are out."""
    seed, last_year = given
    random = Random(f"{seed}:catalogue:{numbers.start // BATCH}")  # noqa: S311
    records, items, loans = [], [], []
    for number in numbers:
        row = record(random, words, number, last_year)
        records.append(row)
        for copy, branch in enumerate(generate.copies(random, places, weights)):
            pk = generate.FIRST_ID + number * generate.MOST_COPIES + copy
            barcode = rules.item_barcode(FIRST_BARCODE + number * generate.MOST_COPIES + copy)
            items.append((pk, row[0], branch, barcode, row[15]))
            if random.random() < OUT:
                loans.append((pk, 1, branch, "2026-11-30"))
    _copy("catalog_bibliographicrecord", _COLUMNS, records)
    _copy("catalog_item", ("id", "record_id", "branch_id", "barcode", "material_type"), items)
    _copy("circulation_loan", ("item_id", "patron_id", "branch_id", "due_on"), loans)


def _copy(table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def popularity(count: int) -> dict[int, int]:
    """How often each record was borrowed: a few very often, most never."""
    return {
        generate.FIRST_ID + number: int(10 * generate.appeal(generate.FIRST_ID + number * generate.MOST_COPIES)) - 10
        for number in range(count)
        if generate.appeal(generate.FIRST_ID + number * generate.MOST_COPIES) > 1.2
    }
