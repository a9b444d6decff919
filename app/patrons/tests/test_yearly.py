"""The turn of the school year."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.patrons import actions, queries, rules
from app.patrons.actions.yearly import school_year
from app.patrons.models import Patron, PatronCategory
from app.tests import make


@pytest.mark.parametrize(
    ("born", "year", "age"),
    [
        (date(2020, 4, 1), 2026, 6),  # enters school in April 2026 with those born until 1 April
        (date(2020, 4, 2), 2026, 5),
        (date(2019, 4, 2), 2026, 6),
        (date(2013, 12, 31), 2026, 12),
    ],
)
def test_who_is_born_on_the_first_of_april_goes_with_the_year_before(born, year, age):
    assert rules.school_age(born, year) == age


@given(born=st.dates(date(1900, 1, 1), date(2026, 4, 1)), year=st.integers(2026, 2040))
def test_every_age_belongs_to_exactly_one_of_the_usual_categories(born, year):
    bands = [rules.AgeBand(1, 0, 5), rules.AgeBand(2, 6, 11), rules.AgeBand(3, 12, 14), rules.AgeBand(4, 15, 17)]
    bands.append(rules.AgeBand(5, 18, 200))
    age = rules.school_age(born, year)
    fitting = [band.category_id for band in bands if band.low <= age <= band.high]
    assert [rules.category_by_age(bands, born, year)] == fitting


def people(count: int = 5) -> dict[str, list[Patron]]:
    """Children on both sides of each step in April 2027, in their categories of 2026."""
    category = {row.code: row for row in PatronCategory.objects.all()}
    return {
        "to_child": [make.patron(category=category["infant"], birth_date=date(2021, 4, 1)) for _ in range(count)],
        "to_junior": [make.patron(category=category["child"], birth_date=date(2014, 8, 9)) for _ in range(count + 1)],
        "to_general": [make.patron(category=category["high"], birth_date=date(2009, 2, 3)) for _ in range(2)],
        "stay": [
            make.patron(category=category["infant"], birth_date=date(2021, 4, 2)),
            make.patron(category=category["wide"], birth_date=date(2014, 8, 9)),
            make.patron(category=category["general"], birth_date=date(1950, 1, 1)),
            make.patron(category=category["group"], birth_date=None),
        ],
    }


@pytest.mark.req("F-PAT-012")
@pytest.mark.django_db
def test_in_april_everybody_concerned_is_in_the_new_category_and_the_counts_agree():
    made = people()
    moves = list(queries.moves(2027))
    assert len(moves) == 13
    moved = actions.change_categories(make.actor("librarian"), 2027)
    assert moved == 13
    for key, code in (("to_child", "child"), ("to_junior", "junior"), ("to_general", "general")):
        for patron in made[key]:
            patron.refresh_from_db()
            assert patron.category.code == code
    for patron in made["stay"]:
        before = patron.category_id
        patron.refresh_from_db()
        assert patron.category_id == before
    assert made["to_child"][0].changes.get().fields == [["利用者区分", "幼児", "児童"]]
    assert actions.change_categories(make.actor("librarian"), 2027) == 0


@pytest.mark.req("F-PAT-012")
@pytest.mark.django_db
def test_the_screen_counts_before_and_says_the_number_after():
    people()
    year = school_year(date.today()) + 1  # noqa: DTZ011 - only the year that the page offers
    browser = make.client("librarian")
    page = browser.get("/patrons/yearly/", {"year": year})
    total = page.context["total"]
    assert total == len(list(queries.moves(year))) > 0
    done = browser.post("/patrons/yearly/", {"year": year}, follow=True)
    assert f"{total}人を改めました" in done.content.decode()
    assert browser.get("/patrons/yearly/", {"year": year}).context["total"] == 0
    assert make.client("counter").get("/patrons/yearly/").status_code == 403
