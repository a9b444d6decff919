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


@pytest.mark.req("F-GEN-020")
@pytest.mark.parametrize("year", ["R5", "令和5", "2023", "令和５年"])
def test_the_era_and_the_western_year_find_the_same_books(year):
    for title, published in (("信州の山", 2022), ("信州の川", 2023), ("信州の里", 2024)):
        book(title, published)
    page = Client().get("/", {"q": "信州", "scope": "all", "from": year, "to": year}).content.decode()
    assert "信州の川" in page
    assert "信州の山" not in page
    assert "信州の里" not in page


@pytest.mark.req("F-GEN-020")
def test_a_span_may_mix_both_and_the_record_shows_the_era():
    records = [book("信州の山", 2018), book("信州の川", 2019), book("信州の里", 2024)]
    page = Client().get("/", {"q": "信州", "scope": "all", "from": "平成31年", "to": "2023"}).content.decode()
    assert "信州の川" in page
    assert "信州の山" not in page
    assert "信州の里" not in page
    assert "令和6年" in Client().get(records[2].get_absolute_url()).content.decode()
