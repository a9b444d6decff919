"""The staff's search: every record, the same operators, numbers that open their record, nobody's name."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from app.catalog.models import BibliographicRecord
from app.catalog.tests import factories as make
from app.catalog.tests.test_pages import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def librarian() -> Client:
    return signed_in("librarian")


@pytest.fixture
def shelf() -> dict[str, BibliographicRecord]:
    rows = [
        ("日本の歴史", "ニホン ノ レキシ", "網野善彦", {"ndc": "210.1", "issued": "2000", "isbn13": "9784062035156"}),
        ("日本の歴史入門", "ニホン ノ レキシ ニュウモン", "佐藤信", {"ndc": "210.1", "issued": "2023"}),
        ("歴史とは何か", "レキシ トワ ナニカ", "カー", {"ndc": "201", "issued": "1962", "visibility": "staff"}),
    ]
    made = {title: make.record(title, reading, creator, **more) for title, reading, creator, more in rows}
    make.item(made["日本の歴史"])
    make.item(made["日本の歴史"], status="repair")
    return made


def titles(librarian: Client, **asked: object) -> set[str]:
    return {line.record.title for line in librarian.get("/catalog/", asked).context["rows"]}


def test_staff_find_what_has_no_item_and_what_readers_do_not_see(librarian: Client, shelf: dict) -> None:
    assert titles(librarian, q="歴史") == set(shelf)
    assert titles(librarian, q="歴史 -日本 OR 入門") == {"歴史とは何か", "日本の歴史入門"}
    assert titles(librarian, f=["title", "author"], t=["歴史", "網野"], j=["and", "not"]) == set(shelf) - {"日本の歴史"}
    assert titles(librarian, q="歴史", **{"from": "平成12", "to": "R5"}) == {"日本の歴史", "日本の歴史入門"}
    assert titles(librarian, **{"class": "2"}) == set(shelf)


@pytest.mark.req("F-GEN-015")
def test_numbers_and_single_results_open_their_record_at_once(librarian: Client, shelf: dict) -> None:
    record = shelf["日本の歴史"]
    barcode = record.items.first().barcode
    for text in (barcode, f"Ａ{barcode}Ａ", "9784062035156", "4-06-203515-4", "網野善彦"):
        assert librarian.get("/catalog/", {"q": text})["Location"] == f"/catalog/records/{record.pk}/", text


def test_the_list_says_how_many_items_stand_on_the_shelf(librarian: Client, shelf: dict) -> None:
    with CaptureQueriesContext(connection) as asked:
        page = librarian.get("/catalog/", {"q": "歴史"})
    assert len(asked) <= 30
    html = page.content.decode()
    assert "2点 在架1" in html
    assert html.count("なし</td>") == 2


def test_every_count_is_what_following_it_finds(librarian: Client, shelf: dict) -> None:
    page = librarian.get("/catalog/", {"q": "歴史"})
    offered = [value for group in page.context["groups"] for value in (*group.values, *group.more)]
    assert len(offered) >= 8
    for value in offered:
        answer = librarian.get(f"/catalog/{value.url}")
        assert (1 if answer.status_code == 302 else answer.context["result"].total) == value.count, value


def test_nothing_found_leads_on_and_nothing_asked_finds_nothing(librarian: Client, shelf: dict) -> None:
    page = librarian.get("/catalog/", {"q": "日本の歴史 忍者"})
    assert page.context["proposals"]
    assert "該当する書誌がありません" in page.content.decode()
    assert librarian.get("/catalog/").context["result"].total == 0


@pytest.mark.parametrize("text", ["\x00", "'; DROP TABLE x; --", "((((", "書名:", "😀", "a" * 3000, "AND OR NOT", '"'])
def test_any_text_gives_a_page(librarian: Client, shelf: dict, text: str) -> None:
    for asked in ({"q": text}, {"t": text, "f": text, "m": text, "j": text}, {"class": text, "from": text}):
        assert librarian.get("/catalog/", asked).status_code in (200, 302)
