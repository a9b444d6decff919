"""The cataloguer's pages: make, copy, correct, protect, history, undo, merge, batches."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from app.branches import revisions
from app.branches.models import CodeEntry
from app.catalog import actions, rules
from app.catalog.models import BibliographicRecord, ChangeSet, Item, MergedRecord
from app.tests import make

from .factories import CATALOGUER, branch, item, record

pytestmark = pytest.mark.django_db


@pytest.fixture
def librarian():
    return make.client("librarian")


def form_of(browser, address, **changed):
    """What a browser would send from the edit page, with these values typed over it."""
    page = browser.get(address)
    form = page.context["form"]
    sent = {}
    for field in form:
        value = field.value()
        if field.name == "keep":
            sent["keep"] = list(value or ())
        else:
            sent[field.name] = "\n".join(value) if isinstance(value, list) else ("" if value is None else value)
    return sent | {"seen": page.context.get("seen", "")} | changed


MARC = {
    "national_number": "23900001",
    "origin": "marc",
    "title": "信州の山",
    "title_reading": "シンシュウ ノ ヤマ",
    "subjects": ["登山"],
    "publisher": "山の社",
    "marc": b"first",
    "marc_format": "marc21",
}


@pytest.mark.req("F-CAT-007")
def test_a_subject_corrected_here_stays_when_the_marc_is_corrected_and_items_stay_as_they_are(librarian):
    actions.import_records(CATALOGUER, [MARC])
    book = BibliographicRecord.objects.get()
    thing = item(book, location="郷土", call_number="L291/シ")
    address = f"/catalog/records/{book.pk}/edit/"
    sent = form_of(librarian, address, subjects="登山\n山岳信仰")
    assert librarian.post(address, sent).status_code == 302
    actions.import_records(
        CATALOGUER, [{**MARC, "subjects": ["登山 - 長野県"], "publisher": "新山社", "marc": b"second"}]
    )
    book.refresh_from_db()
    assert (book.subjects, book.publisher) == (["登山", "山岳信仰"], "新山社")
    again = Item.objects.get(pk=thing.pk)
    assert (again.location, again.call_number, again.record_id) == ("郷土", thing.call_number, book.pk)
    assert 'value="subjects" checked' in librarian.get(address).content.decode()
    # Switched off, the next correction comes through.
    sent = form_of(librarian, address)
    sent["keep"] = [name for name in sent["keep"] if name != "subjects"]
    assert librarian.post(address, sent).status_code == 302
    actions.import_records(
        CATALOGUER, [{**MARC, "subjects": ["登山 - 長野県"], "publisher": "新山社", "marc": b"third"}]
    )
    book.refresh_from_db()
    assert book.subjects == ["登山 - 長野県"]
    # Switched on without a change, it is protected from then on.
    sent = form_of(librarian, address)
    librarian.post(address, {**sent, "keep": ["publisher"]})
    actions.import_records(CATALOGUER, [{**MARC, "subjects": ["山"], "publisher": "別社", "marc": b"fourth"}])
    book.refresh_from_db()
    assert (book.publisher, book.subjects) == ("新山社", ["山"])


@pytest.mark.req("F-CAT-030")
def test_three_corrections_stand_in_the_history_newest_first_with_both_values_and_who(librarian):
    book = record("初めの題")
    thing = item(book, location="1階")
    address = f"/catalog/records/{book.pk}/edit/"
    for title in ("二番目の題", "三番目の題", "四番目の題"):
        librarian.post(address, form_of(librarian, address, title=title))
    actions.update_item(make.actor("librarian"), thing.pk, {"location": "2階"})
    page = librarian.get(f"/catalog/records/{book.pk}/history/")
    told = page.context["rows"]
    corrections = [
        (line.before, line.after) for row in told for line in row.lines if line.label == "書名" and row.what == "書誌"
    ]
    assert corrections == [
        ("三番目の題", "四番目の題"),
        ("二番目の題", "三番目の題"),
        ("初めの題", "二番目の題"),
    ]
    assert told[-1].change.act == "made"
    assert {row.change_set.by_name for row in told} >= {"窓口 一郎"}
    html = page.content.decode()
    assert html.index("四番目の題") < html.index("<del>二番目の題") < html.index("<del>初めの題")
    own = librarian.get(f"/catalog/items/{thing.pk}/history/").content.decode()
    assert "<del>1階</del>" in own
    assert "<ins>2階</ins>" in own
    record_page = librarian.get(f"/catalog/records/{book.pk}/").content.decode()
    assert "すべての履歴(6件)" in record_page


def test_a_copy_has_everything_but_its_own_numbers(librarian):
    source = record(
        "信州の山 1", creator="山田", creator_reading="ヤマダ", isbn13="9784003101018", volume="1", ndc="291.52"
    )
    page = librarian.get("/catalog/new/", {"copy": source.pk})
    form = page.context["form"]
    assert (form["title"].value(), form["creators"].value(), form["ndc"].value()) == ("信州の山 1", "山田", "291.52")
    assert (form["isbn13"].value(), form["volume"].value()) == ("", "")
    assert "を写しました" in page.content.decode()
    sent = form_of(librarian, f"/catalog/new/?copy={source.pk}", title="信州の川", volume="2")
    assert librarian.post("/catalog/new/", sent).status_code == 302
    assert BibliographicRecord.objects.get(volume="2").creators == ["山田"]


def test_a_record_that_seems_to_be_there_is_shown_before_a_second_one_is_made(librarian):
    there = record("信州の山", creator="山田太郎", creator_reading="ヤマダ タロウ", issued="2020")
    sent = {"title": "信州の山", "creators": "山田太郎", "issued": "2020", "material_type": "book"}
    asked = librarian.post("/catalog/new/", sent)
    assert asked.status_code == 200
    assert f"/catalog/records/{there.pk}/" in asked.content.decode()
    assert BibliographicRecord.objects.count() == 1
    librarian.post("/catalog/new/", sent | {"step": "save", "seen": asked.context["seen"]})
    assert BibliographicRecord.objects.count() == 2


def test_who_saves_second_is_told_and_loses_nothing(librarian):
    book = record("題")
    address = f"/catalog/records/{book.pk}/edit/"
    first, second = (form_of(librarian, address, title=title) for title in ("一人目", "二人目"))
    librarian.post(address, first)
    told = librarian.post(address, second)
    html = told.content.decode()
    assert told.status_code == 409
    assert "一人目" in html
    assert 'value="二人目"' in html


@pytest.mark.req("F-CAT-009")
def test_a_cataloguer_merges_two_records_on_one_page_and_takes_it_back(librarian):
    goes = record("信州の山", creator="山田太郎", creator_reading="ヤマダ タロウ", issued="2020", subjects=["登山"])
    stays = record("信州の山", creator="山田太郎", creator_reading="ヤマダ タロウ", issued="2020")
    thing = item(goes)
    listed = librarian.get(f"/catalog/records/{goes.pk}/duplicates/").content.decode()
    assert f"goes={goes.pk}&amp;stays={stays.pk}" in listed
    led = librarian.get(f"/catalog/records/{goes.pk}/duplicates/", {"other": str(stays.pk)})
    page = librarian.get(led["Location"])
    sent = {"goes": goes.pk, "stays": stays.pk, "take": ["subjects"], "seen": page.context["seen"]}
    assert 'value="subjects" aria-label="件名を取り込む" checked' in page.content.decode()
    actions.update_record(CATALOGUER, stays.pk, {"publisher": "山の社"})
    assert librarian.post("/catalog/merge/", sent).status_code == 409
    sent["seen"] = librarian.get(led["Location"]).context["seen"]
    done = librarian.post("/catalog/merge/", sent)
    assert done.status_code == 302
    thing.refresh_from_db()
    assert thing.record_id == stays.pk
    assert "統合されています" in librarian.get(f"/catalog/records/{goes.pk}/").content.decode()
    undone = librarian.post(f"{done['Location']}undo/", follow=True).content.decode()
    assert "元に戻しました" in undone
    thing.refresh_from_db()
    assert thing.record_id == goes.pk
    assert not MergedRecord.objects.exists()


def test_what_cannot_be_undone_says_what_stands_on_it(librarian):
    book = record("一")
    actions.update_record(CATALOGUER, book.pk, {"title": "二"})
    first = ChangeSet.objects.first()
    actions.update_record(CATALOGUER, book.pk, {"title": "三"})
    later = ChangeSet.objects.first()
    answer = librarian.post(f"/catalog/changes/{first.pk}/undo/")
    assert answer.status_code == 409
    assert f'href="/catalog/changes/{later.pk}/"' in answer.content.decode()
    assert make.client("counter").post(f"/catalog/changes/{first.pk}/undo/").status_code == 403


@pytest.mark.req("F-CAT-021", "F-CAT-022")
def test_a_batch_is_chosen_looked_at_carried_out_and_taken_back_on_the_screen(librarian):
    book = record("詩集")
    things = [item(book, location="1階") for _ in range(3)]
    numbers = "\n".join(f"A{thing.barcode}A" for thing in things)
    planned = librarian.post("/catalog/batch/", {"numbers": numbers, "to-location": "2階", "to-reference_only": "1"})
    assert planned.status_code == 422  # 2階 is no location of the library's table
    shelf = make_location("2階")
    planned = librarian.post("/catalog/batch/", {"numbers": numbers, "to-location": shelf, "to-reference_only": "1"})
    page = librarian.get(planned["Location"]).content.decode()
    assert "3件を変更する" in page
    assert "<del>1階</del>" in page
    assert set(Item.objects.values_list("location", flat=True)) == {"1階"}
    librarian.post(f"{planned['Location']}carry-out/")
    assert set(Item.objects.values_list("location", "reference_only")) == {("2階", True)}
    table = librarian.get(planned["Location"], {"as": "csv"})
    assert "1階" in b"".join(table).decode("utf-8-sig")
    librarian.post(f"{planned['Location']}undo/")
    assert set(Item.objects.values_list("location", "reference_only")) == {("1階", False)}
    file = SimpleUploadedFile("list.csv", f"資料番号\n{things[0].barcode}\n".encode("cp932"))
    by_file = librarian.post("/catalog/batch/", {"file": file, "to-location": shelf})
    assert ChangeSet.objects.first().size == 1
    librarian.post(f"{by_file['Location']}carry-out/", {"act": "drop"})
    assert librarian.get(by_file["Location"]).status_code == 404
    by_condition = librarian.post("/catalog/batch/", {"where-branch": branch().pk, "to-status": "repair"})
    assert ChangeSet.objects.first().size == 3
    assert by_condition.status_code == 302


def make_location(name):
    """A line of the table of locations; its code."""
    CodeEntry.objects.create(table="location", code=name, label=name, order=99)
    revisions.forget()
    return name


def test_a_batch_needs_one_way_of_choosing_and_something_to_change(librarian):
    thing = item(record("詩集"))
    for sent, sentence in (
        ({}, "番号か条件で指定"),
        ({"numbers": thing.barcode, "where-branch": branch().pk}, "どちらか一方"),
        ({"numbers": thing.barcode}, "変更する項目を選んで"),
        ({"numbers": "999"}, "対象がありません"),
    ):
        answer = librarian.post("/catalog/batch/", sent)
        assert answer.status_code == 422
        assert sentence in answer.content.decode()


def test_records_change_by_search_on_the_screen(librarian):
    one = record("コンピュータ入門", subjects=["コンピュータ"])
    record("別の本", subjects=["コンピュータ"])
    sent = {
        "where-text": "入門",
        "to-in_field": "subjects",
        "to-old": "コンピュータ",
        "to-new": "情報処理",
        "to-audience": "young",
    }
    planned = librarian.post("/catalog/batch/records/", sent)
    librarian.post(f"{planned['Location']}carry-out/")
    one.refresh_from_db()
    assert (one.subjects, one.audience) == (["情報処理"], "young")
    assert BibliographicRecord.objects.filter(subjects=["コンピュータ"]).count() == 1


def test_the_list_of_changes_narrows_by_kind_and_person(librarian):
    record("一")
    book = record("二")
    actions.update_record(make.actor("librarian"), book.pk, {"title": "三"})
    page = librarian.get("/catalog/changes/", {"kind": "edit", "by": "窓口"})
    assert [one.kind for one in page.context["page"]] == ["edit"]
    assert librarian.get("/catalog/changes/", {"kind": "nonsense", "page": "-1"}).status_code == 200


@pytest.mark.req("F-CAT-010")
def test_a_temporary_record_is_replaced_on_its_page(librarian):
    thing = actions.register_temporary(CATALOGUER, "村の昔話", rules.item_barcode(99_000_100), branch())
    real = record("村の昔話", ndc="388")
    assert "村の昔話" in librarian.get("/catalog/temporary/").content.decode()
    page = librarian.get(f"/catalog/records/{thing.record_id}/replace/").content.decode()
    assert f'name="record" value="{real.pk}"' in page
    assert librarian.post(f"/catalog/records/{thing.record_id}/replace/", {"record": "x"}).status_code == 422
    librarian.post(f"/catalog/records/{thing.record_id}/replace/", {"record": str(real.pk)})
    thing.refresh_from_db()
    assert thing.record_id == real.pk
    assert "仮書誌はありません" in librarian.get("/catalog/temporary/").content.decode()


ODD = ["\0", "\x1b[0m", "%", "'; --", "あ" * 5000, "\u202e", "٣٤٥", "-1", "99999999999999999999", '"', "<b>"]


@pytest.mark.parametrize("text", ODD)
def test_any_string_gets_a_page_or_a_sentence(librarian, text):
    book = record("題")
    for address, given in (
        ("/catalog/lookup/", {"code": text, "temporary": text}),
        ("/catalog/changes/", {"kind": text, "by": text, "page": text}),
        (f"/catalog/records/{book.pk}/duplicates/", {"other": text}),
        ("/catalog/merge/", {"goes": text, "stays": book.pk}),
        ("/catalog/new/", {"copy": text, "title": text, "isbn13": text}),
    ):
        assert librarian.get(address, given).status_code < 500
    for address, sent in (
        ("/catalog/batch/", {"numbers": text, "to-location": text, "where-text": text, "where-acquired_from": text}),
        ("/catalog/batch/records/", {"where-text": text, "to-in_field": "subjects", "to-old": text, "to-new": text}),
        ("/catalog/lookup/", {"fields": text}),
        ("/catalog/merge/", {"goes": book.pk, "stays": text, "take": text}),
        (f"/catalog/records/{book.pk}/replace/", {"record": text}),
        (f"/catalog/records/{book.pk}/edit/", {"title": text, "issued": text, "isbn13": text, "seen": text}),
        ("/catalog/new/", {"title": text, "material_type": text, "playing_minutes": text}),
    ):
        assert librarian.post(address, sent).status_code < 500
    upload = SimpleUploadedFile("list.csv", text.encode() + b"\xff\xfe")
    assert librarian.post("/catalog/batch/", {"file": upload, "to-status": "repair"}).status_code < 500
