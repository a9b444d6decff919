"""The yearly work with the mains off, on the real form (the procedure itself: ups/tests/test_attended.py)."""

import pytest

from app.registers.tests.book import Book, ago, words


@pytest.mark.req("S-SEC-004")
def test_a_year_without_a_work_is_missed_and_its_record_names_who_stood_by_and_what_was_looked_at(alone):
    book, missing = Book(alone, "power_works"), "この1年に行っていない停電作業"
    given = {
        "kind": "停電作業", "attended": "小林 直樹", "procedure": "電源",
        "stopped": "app1 10:02\ndb1 10:03\ngw1 10:05", "returned": "gw1 10:20\ndb1 10:21\napp1 10:22",
        "checks": "検索・貸出 良好、整合の検査 誤り0件",
    }  # fmt: skip
    assert "立会者を入力してください" in book.refused(**{**given, "attended": "", "held": ago(30), "result": "良好"})
    before = book.lacks(missing)
    book.add(**given, held=ago(400), result="良好", city="宮下")
    assert (before, book.lacks(missing)) == (1, 1)
    number = book.add(**given, held=ago(30), result="要処置")
    assert book.lacks(missing) == 0
    assert "要処置の内容への処置がありません" in book.row(number)
    assert "図書館側の確認がありません" in book.row(number)
    book.edit(number, action="UPSの電池を交換した", city="宮下")
    assert "不備" not in book.row(number)
    paper = words(alone.load(book.path(f"{number}/papers/record/")))
    assert "小林 直樹" in paper
    assert "gw1 10:05" in paper
