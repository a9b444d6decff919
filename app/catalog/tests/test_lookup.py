"""A code is read: our own MARC answers, else the national library's service (a real one on the loopback)."""

import pytest

from app.catalog import dcndl, lookup, rules
from app.catalog.models import BibliographicRecord, ChangeSet
from app.tests import make

from . import sru_standin
from .factories import item, record

pytestmark = pytest.mark.django_db
ISBN = "9784003101018"


@pytest.fixture
def library(settings):
    """The national library's stand-in, set as the service to ask."""
    with sru_standin.running() as stand:
        settings.NATIONAL_LIBRARY_SRU = stand.address
        yield stand


@pytest.mark.parametrize(
    ("text", "kind", "number", "issue"),
    [
        ("978-4-00-310101-8", "isbn", ISBN, ""),
        ("４００３１０１０１４", "isbn", ISBN, ""),
        ("07293-09", "magazine", "07293", "9月号"),
        ("0028-0836", "issn", "0028-0836", ""),
        ("9770028083002", "issn", "0028-0836", ""),
        ("9784003101019", "", "9784003101019", ""),
        ("", "", "", ""),
        ("'; DROP TABLE", "", "';DROPTABLE", ""),
    ],
)
def test_codes_are_known_by_their_digits(text, kind, number, issue):
    code = lookup.read(text)
    assert (code.kind, code.number, code.issue) == (kind, number, issue)


def test_the_barcode_of_a_magazine_says_title_and_month():
    body = "491007293096"
    code = lookup.read(f"{body}{rules.ean_check_digit(body)}00700")
    assert (code.kind, code.number, code.issue) == ("magazine", "07293", "9月号")


@pytest.mark.req("F-CAT-005")
def test_our_own_marc_comes_first_and_nobody_else_is_asked(library):
    ours = record("吾輩は猫である", isbn13=ISBN)
    assert [one.pk for one in lookup.candidates("4003101014").own] == [ours.pk]
    other = record("漱石全集", isbn13="9784101010014", other_isbns=["9784101010021"])
    assert [one.pk for one in lookup.candidates("9784101010021").own] == [other.pk]
    magazine = record("月刊信州", issn="07293")
    assert [one.pk for one in lookup.candidates("07293-09").own] == [magazine.pk]
    assert library.asked == []


@pytest.mark.req("F-CAT-005")
@pytest.mark.parametrize("mood", ["well", "packed"])
def test_what_we_have_not_comes_from_the_national_library(library, mood):
    library.mood = mood
    found = lookup.candidates(ISBN)
    assert (found.own, found.problem, len(found.theirs)) == ([], "", 1)
    assert library.asked[0]["query"] == f'isbn="{ISBN}"'
    assert library.asked[0]["recordSchema"] == "dcndl"
    fields = found.theirs[0]
    expected = {
        "title": "吾輩は猫である",
        "title_reading": "ワガハイ ワ ネコ デ アル",
        "volume": "上",
        "creators": ["夏目 漱石"],
        "creator_readings": ["ナツメ ソウセキ"],
        "statement": "夏目漱石 著",
        "publisher": "岩波書店",
        "place": "東京",
        "year": 1990,
        "isbn13": ISBN,
        "national_number": "90022345",
        "ndc": "913.6",
        "ndc_edition": 10,
        "subjects": ["日本小説"],
        "series": ["岩波文庫"],
        "language": "jpn",
    }
    assert {name: fields[name] for name in expected} == expected


@pytest.mark.req("F-CAT-005")
@pytest.mark.parametrize("mood", ["silent", "broken", "busy", "huge"])
def test_a_service_that_is_slow_or_broken_holds_nobody_up(library, mood, monkeypatch):
    monkeypatch.setattr(lookup, "STEP_SECONDS", 0.2)
    library.mood = mood
    found = lookup.candidates(ISBN)
    assert found.theirs == []
    assert "国立国会図書館" in found.problem


def test_the_steps_of_asking_end_before_the_ten_seconds_are_over():
    assert lookup.WHOLE_SECONDS + lookup.STEP_SECONDS < 10


def test_without_an_address_nobody_is_asked_and_the_page_says_so(settings):
    settings.NATIONAL_LIBRARY_SRU = ""
    assert "設定されていません" in lookup.candidates(ISBN).problem
    page = make.client("librarian").get("/catalog/lookup/", {"code": ISBN}).content.decode()
    assert "設定されていません" in page


@pytest.mark.parametrize(
    "content",
    [b"", b"<a/>", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", b"\xff\xfe", sru_standin.envelope(["<not-closed>"])],
)
def test_what_is_no_answer_is_refused(content):
    with pytest.raises(dcndl.NotAnAnswer):
        dcndl.records_of(content)


@pytest.mark.req("F-CAT-005")
def test_a_candidate_becomes_a_record_that_waits_for_its_item(library):
    browser = make.client("librarian")
    page = browser.get("/catalog/lookup/", {"code": ISBN})
    packed = page.context["theirs"][0][1]
    done = browser.post("/catalog/lookup/", {"fields": packed})
    made = BibliographicRecord.objects.get(national_number="90022345")
    assert done["Location"] == f"/catalog/records/{made.pk}/#add"
    assert (made.title, made.origin, made.marc_format) == ("吾輩は猫である", "marc", "dcndl")
    assert ChangeSet.objects.first().kind == "import"
    browser.post("/catalog/lookup/", {"fields": packed})  # twice is once
    assert BibliographicRecord.objects.count() == 1
    again = browser.get("/catalog/lookup/", {"code": ISBN})
    assert again["Location"] == f"/catalog/records/{made.pk}/#add"
    forged = browser.post("/catalog/lookup/", {"fields": packed[:-2] + "xx"}, follow=True)
    assert "もう一度読み取って" in forged.content.decode()


@pytest.mark.req("F-CAT-010")
def test_a_temporary_record_is_replaced_by_what_the_national_library_says(library):
    waiting = record("猫", isbn13="")
    BibliographicRecord.objects.filter(pk=waiting.pk).update(origin="temp")
    thing = item(waiting)
    browser = make.client("librarian")
    assert "猫" in browser.get("/catalog/temporary/").content.decode()
    page = browser.get("/catalog/lookup/", {"code": ISBN, "temporary": waiting.pk})
    browser.post("/catalog/lookup/", {"fields": page.context["theirs"][0][1], "temporary": waiting.pk})
    thing.refresh_from_db()
    assert thing.record.title == "吾輩は猫である"
