"""Items of an earlier system from CSV, on the real records of the national bibliography."""

from datetime import date
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command

from app.access.actions import NotPermitted
from app.access.actor import Actor, system
from app.audit.models import AuditEvent
from app.branches.models import CodeEntry
from app.catalog import actions as catalog
from app.catalog import rules
from app.catalog.actions import undoing
from app.catalog.models import BibliographicRecord, ChangeSet, Item, SearchDocument
from app.catalog.search import Query, search
from app.catalog.tests import factories as make
from app.catalog.tests.test_pages import signed_in
from app.exchange.actions import import_items, import_marc
from app.exchange.actions.items import BATCH, MOST_PROBLEMS
from app.exchange.tests.test_marc import FILE
from app.patrons.importing import ImportRefused

pytestmark = pytest.mark.django_db
IMPORTER = system("test")
HEADER = (
    "barcode,branch,record_id,national_number,isbn,call_number,material_type,reference_only,location,acquired_on,price"
)
CONVERSATION = "23173255"  # これからの本の話をしよう
SALES = "978-4-7808-0232-0"  # 電子書籍の制作と販売


@pytest.fixture
def library() -> None:
    """Two branches and the 33 records."""
    make.branch()
    make.branch("nanbu", 2, "南部図書館")
    import_marc(IMPORTER, FILE.read_bytes(), FILE.name)


@pytest.fixture
def good(library: None) -> list[str]:
    third = BibliographicRecord.objects.get(title__startswith="東アジア読書共同体")
    return [
        HEADER,
        f"{rules.item_barcode(500)},nagano,,{CONVERSATION},,023/ハ,参考図書,1,書庫2,2019/03/05,1700",
        f"00451,nanbu,,,{SALES},,,,一般,,",
        f"A00452A,nanbu,{third.pk},{third.national_number},,,local,0,,,",
    ]


def took(lines: list[str]) -> tuple[int, int]:
    """Import; how many were made and how many were there."""
    made, there = import_items(IMPORTER, lines)
    return made.created, there


def found(refused: pytest.ExceptionInfo[ImportRefused]) -> set[tuple[int, str]]:
    return {(problem.line, problem.column) for problem in refused.value.problems}


def test_items_come_to_the_records_that_their_lines_name_and_are_found(good: list[str]) -> None:
    assert search(Query(text="これからの本の話をしよう", scope="held")).total == 0
    assert took(good) == (3, 0)
    item = Item.objects.select_related("record", "branch").get(barcode=rules.item_barcode(500))
    assert item.record.national_number == CONVERSATION
    assert (item.branch.code, item.call_number, item.material_type, item.reference_only) == (
        "nagano",
        "023/ハ",
        "reference",
        True,
    )
    assert (item.location, str(item.acquired_on), item.price) == ("書庫2", "2019-03-05", 1700)
    by_isbn = Item.objects.select_related("record").get(barcode="00451")
    assert by_isbn.record.title.startswith("電子書籍の制作と販売")
    assert by_isbn.call_number == f"{by_isbn.record.ndc}/{by_isbn.record.creator_readings[0][0]}"
    assert by_isbn.material_type == by_isbn.record.material_type
    assert Item.objects.get(barcode="00452").record.title.startswith("東アジア読書共同体")
    assert search(Query(text="これからの本の話をしよう", scope="held")).total == 1
    assert AuditEvent.objects.get(operation="exchange.import", subject_type="item").detail["created"] == 3


def test_the_same_file_again_changes_nothing_and_a_longer_one_adds_what_is_new(good: list[str]) -> None:
    import_items(IMPORTER, good)
    shelved = Item.objects.get(barcode="00451")
    catalog.update_item(IMPORTER, shelved.pk, {"location": "児童"})
    before = list(Item.objects.order_by("pk").values())
    events = AuditEvent.objects.count()
    assert took(good) == (0, 3)
    assert list(Item.objects.order_by("pk").values()) == before
    assert AuditEvent.objects.count() == events
    assert took([*good, f"00453,nanbu,,{CONVERSATION},,,,,,,"]) == (1, 3)


def test_every_problem_is_named_by_line_and_column_and_nothing_is_imported(good: list[str]) -> None:
    lines = [
        *good,
        "2000000001,nowhere,,,,,小説,maybe,,2019-13-01,1.700",
        f"00451,nagano,,{CONVERSATION},,,,,,,",
        f"1000000016,nagano,,99999999,,{'9' * 61},,,,,",
        f"A-451,nagano,x1,,978-4-7808-0232-1,,,,{'棚' * 41},,",
        f"00455,nagano,,{CONVERSATION},{SALES},,,,,,",
    ]
    with pytest.raises(ImportRefused) as refused:
        import_items(IMPORTER, lines)
    assert found(refused) == {
        *((5, name) for name in ("barcode", "branch", "record_id", "material_type", "reference_only")),
        *((5, name) for name in ("acquired_on", "price")),
        (6, "barcode"),
        *((7, name) for name in ("barcode", "national_number", "call_number")),
        *((8, name) for name in ("barcode", "record_id", "isbn", "location")),
        (9, "isbn"),
    }
    texts = "\n".join(map(str, refused.value.problems))
    assert "line 5, branch: 'nowhere': expected one of nagano, nanbu" in texts
    assert "line 6, barcode: '00451': expected a number not used on line 3" in texts
    assert "line 7, national_number: '99999999': expected the number of a record in the catalogue" in texts
    assert not Item.objects.exists()
    assert not SearchDocument.objects.filter(held=0).exists()


def test_a_fault_behind_the_first_batch_takes_the_whole_file_back(good: list[str]) -> None:
    lines = [HEADER, *(f"{7_000_000 + n},nagano,,{CONVERSATION},,,,,,," for n in range(BATCH + 3))]
    with pytest.raises(ImportRefused) as refused:
        import_items(IMPORTER, [*lines, "12,nagano,,,,,,,,,"])
    assert found(refused) == {(BATCH + 5, "barcode"), (BATCH + 5, "record_id")}
    assert not Item.objects.exists()
    assert not AuditEvent.objects.filter(subject_type="item").exists()
    with pytest.raises(ImportRefused) as refused:
        import_items(IMPORTER, [*lines, f"7000000,nagano,,{CONVERSATION},,,,,,,"])
    assert found(refused) == {(BATCH + 5, "barcode")}
    assert took(lines) == (BATCH + 3, 0)


def test_a_number_on_another_record_and_an_isbn_of_two_records_are_refused(good: list[str]) -> None:
    import_items(IMPORTER, good)
    twin = make.record("同じISBNの本", isbn13=rules.isbn13(SALES))
    lines = [HEADER, f"00451,nanbu,,{CONVERSATION},,,,,,,", f"00460,nanbu,,,{SALES},,,,,,"]
    with pytest.raises(ImportRefused) as refused:
        import_items(IMPORTER, lines)
    assert found(refused) == {(2, "barcode"), (3, "isbn")}
    assert str(twin.pk) in str(refused.value)
    assert took([HEADER, f"00460,nanbu,{twin.pk},,{SALES},,,,,,"]) == (1, 0)
    assert Item.objects.get(barcode="00460").record == twin


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["barcode,branch,colour", "1"], "line 1, record"),
        (["barcode,isbn,branch,colour"], "line 1, colour"),
        (["isbn,location"], "line 1, barcode"),
        (["barcode,branch,isbn,isbn"], "line 1, isbn"),
        ([], "line 1, barcode"),
        (["barcode,branch,isbn", "00451,nagano,,too,much"], "line 2, line: 'too,much'"),
        (["barcode,branch,isbn", '00451,nagano,"x'], "line 2, line"),
        (["barcode,branch,isbn", "00451,nagano,4-\x0000"], "line 2, isbn"),
    ],
)
def test_what_is_no_such_file_is_refused_with_the_place(library: None, lines: list[str], expected: str) -> None:
    with pytest.raises(ImportRefused, match=expected):
        import_items(IMPORTER, [f"{line}\n" for line in lines])


def test_a_file_full_of_faults_names_the_first_hundred(library: None) -> None:
    with pytest.raises(ImportRefused) as refused:
        import_items(IMPORTER, ["barcode,branch,isbn", *("x,y,z" for _ in range(3 * BATCH))])
    assert len(refused.value.problems) == MOST_PROBLEMS


def test_who_may_not_import_imports_no_items(good: list[str]) -> None:
    counter = Actor("staff", "counter", operations=frozenset({"catalog.view"}))
    with pytest.raises(NotPermitted):
        import_items(counter, good)
    with pytest.raises(NotPermitted):
        catalog.add_items(counter, [])
    assert not Item.objects.exists()


def test_a_number_taken_between_the_look_up_and_the_import_is_a_sentence(good: list[str]) -> None:
    record = BibliographicRecord.objects.get(national_number=CONVERSATION)
    row = {"record_id": record.pk, "branch_id": make.branch().pk, "barcode": "00451"}
    assert catalog.add_items(IMPORTER, [row]).created == 1
    with pytest.raises(catalog.CatalogError, match="もう一度取り込んでください"):
        catalog.add_items(IMPORTER, [row])


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_the_command_reads_a_file_and_fails_with_the_place(
    good: list[str], mark: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "items.csv"
    path.write_text(mark + "\r\n".join(good), encoding="utf-8")
    call_command("import_items", str(path))
    assert "items: new=3 already there=0" in capsys.readouterr().out
    path.write_text(mark + "\r\n".join([*good, "00461,moon,,,,,,,,,"]), encoding="utf-8")
    with pytest.raises(CommandError, match=r"items\.csv: line 5, branch: 'moon': expected one of nagano, nanbu"):
        call_command("import_items", str(path))
    path.write_text("\n".join(good), encoding="shift_jis")
    with pytest.raises(CommandError, match="not UTF-8"):
        call_command("import_items", str(path))
    with pytest.raises(CommandError, match=r"nowhere\.csv: cannot be read"):
        call_command("import_items", str(tmp_path / "nowhere.csv"))
    assert Item.objects.count() == 3


def csv_of(lines: list[str]) -> SimpleUploadedFile:
    return SimpleUploadedFile("items.csv", "\n".join(lines).encode("utf-8-sig"))


def test_a_file_of_several_batches_is_one_change_set_and_goes_back_as_one(library: None) -> None:
    lines = [HEADER, *(f"{7_000_000 + n},nagano,,{CONVERSATION},,,,,,," for n in range(2 * BATCH + 3))]
    made, _ = import_items(IMPORTER, lines, "items.csv")
    one = ChangeSet.objects.get(title__startswith="所蔵の取込み")
    assert (one.pk, one.size, one.title) == (made.change_set, 2 * BATCH + 3, "所蔵の取込み items.csv")
    lent = Item.objects.get(barcode="7000700")
    catalog.note_condition(IMPORTER, lent, "水ぬれ", date(2026, 11, 1))
    with pytest.raises(undoing.UndoRefused) as refused:
        undoing.undo(IMPORTER, one.pk)
    assert [(obstacle.label, obstacle.why) for obstacle in refused.value.obstacles] == [
        ("7000700", "汚破損メモがその後に変わりました")
    ]
    assert Item.objects.count() == 2 * BATCH + 3
    catalog.note_condition(IMPORTER, lent, "", date(2026, 11, 2))
    undoing.undo(IMPORTER, one.pk)
    assert not Item.objects.exists()
    assert search(Query(text="これからの本の話をしよう", scope="held")).total == 0


def test_a_file_is_looked_at_line_by_line_on_the_screen_taken_in_and_undone(good: list[str]) -> None:
    librarian = signed_in("librarian")
    page = librarian.post("/exchange/items/", {"file": csv_of(good), "preview": "1"}).content.decode()
    assert "新しく登録する資料 3点" in page
    assert "<ins>書庫2</ins>" in page
    assert not Item.objects.exists()
    assert not ChangeSet.objects.filter(title__startswith="所蔵").exists()
    assert not AuditEvent.objects.filter(subject_type="item").exists()
    wrong = [*good, "00461,moon,,99999999,,,小説,,,,"]
    for act, status in (({"preview": "1"}, 200), ({}, 422)):
        answer = librarian.post("/exchange/items/", {"file": csv_of(wrong), **act})
        assert answer.status_code == status
        text = answer.content.decode()
        for sentence in ("5行目 所蔵館「moon」: ", "5行目 資料区分「小説」: ", "この番号の書誌がありません"):
            assert sentence in text
    assert not Item.objects.exists()
    done = librarian.post("/exchange/items/", {"file": csv_of(good)}, follow=True)
    assert "所蔵3点を登録しました" in done.content.decode()
    one = ChangeSet.objects.get(title="所蔵の取込み items.csv")
    assert f"/catalog/changes/{one.pk}/" in librarian.get("/exchange/items/").content.decode()
    assert (
        "登録済みのため変えない資料 3点"
        in librarian.post("/exchange/items/", {"file": csv_of(good), "preview": "1"}).content.decode()
    )
    librarian.post(f"/catalog/changes/{one.pk}/undo/")
    assert not Item.objects.exists()
    assert signed_in("counter").get("/exchange/items/").status_code == 403


def test_a_sheet_of_the_library_has_its_own_names_states_and_every_column(library: None) -> None:
    CodeEntry.objects.create(table="shelf_status", code="display", label="展示中", order=90)
    CodeEntry.objects.create(table="acquisition", code="gift9", label="篤志寄贈", order=90)
    lines = [
        "資料番号,所蔵館,全国書誌番号,状態,別置記号,館内利用の別,公開区分,付属物,付属物の点数,受入区分,受入先,移行前の貸出回数,所蔵注記",
        f"00470,南部図書館,{CONVERSATION},展示中,R,館内のみ,業務のみ,地図,2,篤志寄贈,山田書店,12,函入り",
    ]
    assert took(lines) == (1, 0)
    item = Item.objects.select_related("branch").get(barcode="00470")
    assert (item.branch.code, item.status, item.shelf_mark) == ("nanbu", "display", "R")
    assert (item.restriction, item.visibility, item.attachments, item.attachment_count) == (
        "in_library", "staff", "地図", 2,
    )  # fmt: skip
    assert (item.acquisition, item.acquired_from, item.loans_before, item.note) == ("gift9", "山田書店", 12, "函入り")
    lone = [lines[0], f"00471,nanbu,{CONVERSATION},展示中,R,,,地図,,,,x,"]
    with pytest.raises(ImportRefused) as refused:
        import_items(IMPORTER, lone)
    assert found(refused) == {(2, "attachments"), (2, "loans_before")}
