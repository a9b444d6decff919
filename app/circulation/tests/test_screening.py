"""Films without the right to show them, lent to a group (F-CAT-025)."""

import pytest

from app.catalog.codes import Screening
from app.catalog.models import BibliographicRecord
from app.patrons.models import PatronCategory
from app.tests import make

NOTE = "上映権のない映像です"


@pytest.mark.req("F-CAT-025")
@pytest.mark.parametrize(
    ("category", "screening", "told"),
    [("group", Screening.NONE, True), ("group", Screening.GRANTED, False), ("general", Screening.NONE, False)],
)
def test_a_group_is_told_that_the_film_may_not_be_shown(desk, category: str, screening: str, told: bool) -> None:
    record = BibliographicRecord.objects.create(
        title="記録映画",
        material_type="dvd",
        publisher_number="KURA-1",
        performers=["語り 花子"],
        playing_minutes=90,
        medium="DVD",
        screening=screening,
    )
    found = PatronCategory.objects.filter(is_group=category == "group").first()
    outcome = desk.lend(make.patron(category=found), make.item(record=record, material_type="dvd"))
    assert outcome.code == "lend"
    assert any(NOTE in note for note in outcome.notes) is told
