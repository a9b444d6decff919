"""The year of publication is asked for by the era or by the Western count."""

import pytest
from django.test import Client

from app.catalog import search
from app.catalog.models import BibliographicRecord

pytestmark = pytest.mark.django_db


def book(title: str, year: int) -> BibliographicRecord:
    record = BibliographicRecord.objects.create(title=title, title_reading="シンシュウ", year=year, issued=str(year))
    search.index([record.pk])
    return record


def titles(asked: dict[str, str]) -> set[str]:
    """The titles of the list that an address gives."""
    page = Client().get("/", {"scope": "all", **asked})
    return {line.record.title for line in page.context["lines"]}


@pytest.fixture
def shelf() -> list[BibliographicRecord]:
    rows = [("信州の山", 2022), ("信州の川", 2023), ("信州の森", 2023), ("信州の里", 2024)]
    return [book(title, published) for title, published in rows]


@pytest.mark.req("F-GEN-020")
@pytest.mark.parametrize("year", ["R5", "令和5", "2023", "令和５年"])
def test_the_era_and_the_western_year_find_the_same_books(shelf: list[BibliographicRecord], year: str) -> None:
    found = {"信州の川", "信州の森"}
    assert titles({"q": "信州", "from": year, "to": year}) == found
    assert titles({"q": f"信州 出版年:{year}"}) == found
    assert titles({"f": "title", "t": "信州", "from": year, "to": year}) == found


@pytest.mark.req("F-GEN-020")
def test_a_span_may_mix_both_and_list_and_record_show_the_era(shelf: list[BibliographicRecord]) -> None:
    for title, year in (("信州の空", 2018), ("信州の雲", 2019)):
        book(title, year)
    span = {"q": "信州", "from": "平成31年", "to": "2023"}
    assert titles(span) == {"信州の雲", "信州の山", "信州の川", "信州の森"}
    assert "2019–2023年(令和元年〜令和5年)" in Client().get("/", {"scope": "all", **span}).content.decode()
    assert "令和6年" in Client().get(shelf[3].get_absolute_url()).content.decode()


@pytest.mark.req("F-GEN-020")
def test_a_year_that_is_none_is_said_and_the_rest_is_searched(shelf: list[BibliographicRecord]) -> None:
    page = Client().get("/", {"q": "信州", "scope": "all", "from": "昭和99"}).content.decode()
    assert "出版年「昭和99」は読み取れませんでした" in page
    assert "4件" in page
