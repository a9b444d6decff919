"""Every register opens for every role; who may not write changes nothing; a row's life from application to history."""

import io
import sqlite3
from pathlib import Path

import pytest
from docx import Document

from app.registers.schema import definitions
from app.registers.tests.book import TODAY, Book, ago, ahead, operator

# Hundreds of rows, one for each requirement: their papers are looked at where they are proven.
WHOLE = ("acceptance", "specification")
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40


def borrowed(console, **more):
    given = {"item": "図面", "quantity": "1", "borrowed": ago(30), "keeper": "保科", "place": "書庫3", "due": ahead(30)}
    return Book(console, "borrowed").add(**{**given, **more})


@pytest.mark.parametrize("register", list(definitions()))
def test_a_register_opens_with_its_form_and_its_papers(alone, register):
    book = Book(alone, register)
    assert definitions()[register].title in book.page()
    assert "登録する" in book.page("new/")
    papers = [paper for paper in definitions()[register].papers if paper.scope == "register"]
    for paper in papers if register not in WHOLE else ():
        text = alone.load(book.path(f"papers/{paper.id}/"))
        assert any(paper.title in p.text for p in Document(io.BytesIO(text)).paragraphs)


def test_a_register_leaves_as_csv_and_as_excel_with_the_same_bytes(alone):
    book = Book(alone, "equipment")
    assert alone.load(book.path("sheet/csv/")).startswith(b"\xef\xbb\xbf")
    assert alone.load(book.path("sheet/xlsx/")) == alone.load(book.path("sheet/xlsx/"))


def test_the_index_says_what_needs_somebody(alone):
    number = borrowed(alone, due=ago(3))
    status, page = alone.get("/registers/")
    assert status == 200
    assert "?only=late" in page
    status, found = alone.get("/registers/search/?q=" + number)
    assert number in found
    assert "返却予定日を過ぎています" in found


@pytest.mark.req("S-ISM-014")
def test_the_auditor_sees_every_register_and_changes_nothing(alone):
    number = borrowed(alone)
    auditor = alone.signed_in("auditor")
    book = Book(auditor, "borrowed")
    for register in ("people", "grants", "equipment", "takeouts"):
        assert auditor.get(f"/registers/{register}/")[0] == 200
    assert "履歴" in book.page(f"{number}/")
    assert auditor.load(book.path("sheet/xlsx/")).startswith(b"PK")
    before = Book(alone, "borrowed").page(f"{number}/")
    token = {"csrfmiddlewaretoken": auditor.get("/sign-in/")[1].split('csrfmiddlewaretoken" value="')[1][:64]}
    for rest, fields in (
        ("new/", {"item": "不正"}),
        (f"{number}/edit/", {"item": "不正", "_version": "1"}),
        (f"{number}/act/", {"what": "void", "reason": "x"}),
        ("together/", {"what": "apply"}),
        ("take-in/", {}),
        (f"{number}/papers/receipt/", {}),
    ):
        assert auditor.post(book.path(rest), {**token, **fields})[0] == 403, rest
    after = Book(alone, "borrowed").page(f"{number}/")
    assert after.split("履歴")[1].count("<tr>") == before.split("履歴")[1].count("<tr>")
    assert "不正" not in Book(alone, "borrowed").page()


def test_a_stranger_is_sent_to_the_sign_in(alone):
    _, page = alone.stranger().get("/registers/borrowed/")
    assert 'name="password"' in page


def test_every_value_keeps_its_history_and_two_people_do_not_overwrite_each_other(alone):
    number = borrowed(alone, place="書庫3")
    book = Book(alone, "borrowed")
    stale = {"item": "図面", "quantity": "1", "borrowed": ago(30), "keeper": "保科", "place": "机", "due": ahead(30)}
    assert "変更しました" in book.edit(number, place="金庫", _reason="引越し")
    page = book.page(f"{number}/")
    assert "<s>書庫3</s> → 金庫" in page
    assert "引越し" in page
    status, text = book.form(f"{number}/edit/", f"{number}/edit/", {**stale, "_version": "1"})
    assert status == 200
    assert "別の人が変更しました" in text
    assert "金庫" in book.page(f"{number}/")


def test_the_past_cannot_be_rewritten_even_in_the_database(alone):
    number = borrowed(alone)
    database = Path(alone.environment["KURA_CONFIG"]).parent / "console.sqlite3"
    with sqlite3.connect(database, timeout=30) as connection:
        for act in (
            "UPDATE registers_revision SET note = 'x'",
            "DELETE FROM registers_revision",
            f"DELETE FROM registers_entry WHERE number = '{number}'",
        ):
            with pytest.raises(sqlite3.IntegrityError):
                connection.execute(act)


def test_a_row_is_taken_back_with_a_reason_and_stays_readable(alone):
    number = borrowed(alone)
    book = Book(alone, "borrowed")
    assert "理由を入力" in book.act(number, "void", reason=" ")
    assert "取り消しました" in book.act(number, "void", reason="重複")
    assert number not in book.numbers()
    page = book.page(f"{number}/")
    assert "この行は取り消してあります" in page
    assert "重複" in page


def test_an_approval_takes_two_people_and_falls_when_what_was_approved_changes(alone):
    book = Book(alone, "disclosures")
    number = book.add(item="設計書", kind="開示", recipient="○○社", purpose="見積り")
    book.act(number, "apply")
    assert "申請した本人は決裁を記録できません" in book.act(number, "yes", person="宮下", on=TODAY.isoformat())
    book.act(number, "yes", person="", on="")
    other = book.add(item="手順書", kind="開示", recipient="○○社", purpose="見積り")
    Book(operator(alone), "disclosures").act(other, "apply")
    assert "先の日付" in book.act(other, "yes", person="宮下", on=ahead(2))
    book.act(other, "yes", person="長野市 宮下", on=TODAY.isoformat())
    page = book.page(f"{other}/")
    assert "承諾済" in page
    assert f"承諾-{TODAY:%Y}-KJ-" in page
    book.edit(other, done=TODAY.isoformat())
    assert "承諾済" in book.row(other)
    book.edit(other, recipient="別の社")
    assert "未承諾" in book.row(other)


def test_a_file_lies_beside_a_row_when_it_is_what_it_says(alone):
    number = borrowed(alone)
    book = Book(alone, "borrowed")
    _, text = book.upload(f"{number}/act/", f"{number}/", "写真.png", PNG, what="attach")
    assert "写真.pngを添付しました" in text
    _, text = book.upload(f"{number}/act/", f"{number}/", "写真.png", b"<script>", what="attach")
    assert "ファイルを選んでください" in text
    path = text.split(book.path(f"{number}/files/"))[1].split('"')[0]
    assert alone.load(book.path(f"{number}/files/{path}")) == PNG


def test_a_sheet_goes_out_is_corrected_and_comes_in_again_whole_or_not_at_all(alone):
    book = Book(alone, "risks")
    row = {"危険": "停電", "起こりやすさ": "2", "影響": "3", "備え": "UPS", "担当": "保科", "次の見直し": ahead(90)}
    status, text = book.take_in([row, {**row, "危険": "漏水"}])
    assert status == 200
    assert "新規2件" in text
    kept = [{k: v for k, v in r.items() if k not in ("確認事項",)} for r in book.sheet()]
    kept[0]["備え"] = "UPSと発電機"
    status, text = book.take_in(kept)
    assert "新規0件、変更1件" in text
    status, text = book.take_in([{**kept[1], "備え": "違う備え"}, {**kept[0], "影響": "9"}])
    assert status == 400
    assert "3行目 影響" in text
    assert {r["備え"] for r in book.sheet()} == {"UPSと発電機", "UPS"}
    status, text = book.take_in([{"知らない見出し": "1"}])
    assert status == 400
    assert book.upload("take-in/", "take-in/", "x.xlsx", b"no sheet")[0] == 400


def test_what_follows_from_the_inventory_is_brought_up_to_date_once(alone):
    assert alone.manage("seed_registers").stdout == ""
    assert len(Book(alone, "equipment").numbers()) > 50
    number = Book(alone, "schedule").numbers()[0]
    assert "取り消せません" in Book(alone, "schedule").act(number, "void", reason="x")


def test_a_formula_does_not_leave_in_a_sheet(alone):
    number = borrowed(alone, item="=1+1")
    shown = next(row for row in Book(alone, "borrowed").sheet() if row["番号"] == number)
    assert shown["品名"] == "'=1+1"
