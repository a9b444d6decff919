"""Records that are there twice are found: a hundred prepared pairs among others that only look alike."""

import csv
from pathlib import Path

import pytest

from app.catalog import duplicates
from app.catalog.likeness import ENOUGH, likeness
from app.catalog.models import BibliographicRecord
from app.catalog.search import index

from .factories import record

pytestmark = pytest.mark.django_db
PAIRS = Path(__file__).parent / "data" / "duplicates.tsv"
LISTS = ("creators", "creator_readings", "other_isbns")


def described(row: dict[str, str], side: str) -> BibliographicRecord:
    """One side of a prepared pair, not saved."""
    values = {name.removeprefix(side): text for name, text in row.items() if name.startswith(side)}
    fields = {name: [text] if name in LISTS else text for name, text in values.items() if text}
    fields["year"] = int(values["year"]) if values["year"] else None
    return BibliographicRecord(**fields)


@pytest.fixture(scope="module")
def pairs() -> list[dict[str, str]]:
    with PAIRS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


@pytest.mark.req("F-CAT-008")
def test_at_least_95_of_100_prepared_pairs_are_found(pairs):
    assert len(pairs) == 100
    # All first sides stand in one catalogue, together with other volumes and other books by the same people.
    first = [described(row, "a_") for row in pairs]
    others = [BibliographicRecord(title=f"{row['a_creators']}論", creators=["評論家"], year=1995) for row in pairs[::4]]
    others += [BibliographicRecord(title=f"{row['a_title']} 研究資料集", creators=["会"]) for row in pairs[::4]]
    for one in first:
        if BibliographicRecord.objects.filter(title=one.title).exists() and not (one.isbn13 or one.national_number):
            one.pk = BibliographicRecord.objects.filter(title=one.title).first().pk
        else:
            one.save(force_insert=True)
    BibliographicRecord.objects.bulk_create(others)
    index(BibliographicRecord.objects.values_list("pk", flat=True))
    missed = []
    for row in pairs:
        titles = {found.record.title for found in duplicates.like(described(row, "b_"))}
        if row["a_title"] not in titles:
            missed.append((row["kind"], row["a_title"], row["b_title"]))
    print(f"{len(pairs) - len(missed)} of {len(pairs)} pairs found; missed: {missed}")
    assert len(missed) <= 5


def test_what_is_not_the_same_is_not_taken_for_it():
    base = {"title": "坂の上の雲", "creators": ["司馬遼太郎"], "publisher": "文藝春秋", "year": 1999}
    one = BibliographicRecord(**base, volume="1")
    for change in (
        {"volume": "2"},
        {"volume": "第3巻"},
        {"title": "坂の上の雲を歩く"},
        {"edition": "新装版", "volume": "1"},
        {"creators": ["別の人"], "volume": "1"},
        {"year": 2021, "publisher": "別の社", "volume": "1"},
    ):
        other = BibliographicRecord(**{**base, **change})
        mine = BibliographicRecord(**base, volume="1", edition="初版第2刷") if "edition" in change else one
        assert likeness(mine, other).score < ENOUGH, change
    assert likeness(one, BibliographicRecord(**base, volume="第1巻")).score >= ENOUGH


def test_a_record_is_not_its_own_duplicate_and_merged_ones_are_none():
    from app.catalog.actions import merging

    from .factories import CATALOGUER

    one, two = record("同じ本", isbn13="9784003101018"), record("同じ本", isbn13="9784003101018")
    assert [found.record for found in duplicates.like(one)] == [two]
    merging.merge(CATALOGUER, two.pk, one.pk)
    assert duplicates.like(one) == []
