"""Two lists, a word about each title, in the order one likes."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from app.catalog.models import BibliographicRecord
from app.mypage import actions, queries
from app.mypage.actions import favourites as kept
from app.mypage.models import Favourite
from app.tests import make

from .conftest import actor, signed_in, text_of


def title(name, ndc=""):
    return BibliographicRecord.objects.create(title=name, ndc=ndc, creators=["新美 南吉"])


@pytest.mark.req("F-MYP-009")
def test_a_hundred_titles_stand_in_the_order_of_their_classes(reader, browser):
    classes = [f"{(number * 37) % 1000:03}" for number in range(99)]
    for number, ndc in enumerate(classes):
        actions.keep(actor(reader), reader.pk, title(f"本{number}", ndc), "want", "")
    actions.keep(actor(reader), reader.pk, title("分類のない本"), "want", "")
    listed = queries.favourites(reader.pk, "want", "class")
    assert [line.ndc for line in listed] == [*sorted(classes), ""]
    page = text_of(browser.get("/my/favourites/?order=class"))
    assert "100件" in page
    places = [page.index(f">{line.title}</a>") for line in listed]
    assert places == sorted(places)


@pytest.mark.req("F-MYP-009")
def test_what_one_wants_to_read_and_what_one_has_read_stand_apart_with_ones_words(reader, browser):
    record = title("ごんぎつね")
    path = f"/my/favourites/records/{record.pk}/"
    assert f'href="{path}"' in text_of(browser.get(f"/records/{record.pk}/"))
    browser.post(path, {"shelf": "want", "comment": "友だちにすすめられた"})
    want = text_of(browser.get("/my/favourites/"))
    assert "友だちにすすめられた" in want
    assert "ごんぎつね" not in text_of(browser.get("/my/favourites/?shelf=read"))
    browser.post(path, {"shelf": "read", "comment": "泣いた"})
    browser.post(path, {"shelf": "read", "comment": "泣いた"})
    assert "ごんぎつね" not in text_of(browser.get("/my/favourites/"))
    read = text_of(browser.get("/my/favourites/?shelf=read"))
    assert "泣いた" in read
    assert "すすめられた" not in read
    (row,) = Favourite.objects.all()
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM mypage_favourite")
        assert "泣いた".encode() not in bytes(cursor.fetchone()[0])
    browser.post(f"/my/favourites/{row.pk}/drop/")
    assert browser.post(f"/my/favourites/{row.pk}/drop/").status_code == 302
    assert not Favourite.objects.exists()


def test_a_list_is_its_readers_alone(reader, browser):
    other = make.patron()
    theirs = actions.keep(actor(other), other.pk, title("別の人の本"), "want", "ひみつ")
    browser.post(f"/my/favourites/{theirs.pk}/drop/")
    assert Favourite.objects.filter(pk=theirs.pk).exists()
    for stranger in (actor(reader), make.actor("admin")):
        with pytest.raises(PermissionDenied):
            actions.let_go(stranger, other.pk, theirs.pk)
    assert "ひみつ" not in text_of(browser.get("/my/favourites/"))
    assert "ひみつ" in text_of(signed_in(other).get("/my/favourites/"))


def test_a_title_that_left_the_catalogue_keeps_its_name_on_the_list(reader, browser):
    record = title("なくなる本")
    actions.keep(actor(reader), reader.pk, record, "read", "思い出")
    record.delete()
    page = text_of(browser.get("/my/favourites/?shelf=read&order=class"))
    assert "なくなる本" in page
    assert "思い出" in page


def test_odd_values_are_refused_and_a_full_list_says_so(reader, browser, monkeypatch):
    record = title("本")
    assert browser.post(f"/my/favourites/records/{record.pk}/", {"shelf": "eaten"}).status_code == 422
    assert (
        browser.post(f"/my/favourites/records/{record.pk}/", {"shelf": "want", "comment": "x" * 1001}).status_code
        == 422
    )
    assert browser.get("/my/favourites/records/999999999/").status_code == 404
    assert browser.get("/my/favourites/?shelf=x&order=%00").status_code == 200
    monkeypatch.setattr(kept, "MOST", 0)
    answer = browser.post(f"/my/favourites/records/{record.pk}/", {"shelf": "want", "comment": ""})
    assert answer.status_code == 422
    assert "いっぱい" in text_of(answer)
