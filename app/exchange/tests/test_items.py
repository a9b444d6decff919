"""Items of an earlier system from CSV, on the real records of the national bibliography."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from app.access.actions import NotPermitted
from app.access.actor import Actor, system
from app.audit.models import AuditEvent
from app.catalog import actions as catalog
from app.catalog import rules
from app.catalog.models import BibliographicRecord, Item, SearchDocument
from app.catalog.search import Query, search
from app.catalog.tests import factories as make
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


def found(refused: pytest.ExceptionInfo[ImportRefused]) -> set[tuple[int, str]]:
    return {(problem.line, problem.column) for problem in refused.value.problems}


def test_items_come_to_the_records_that_their_lines_name_and_are_found(good: list[str]) -> None:
    assert search(Query(text="これからの本の話をしよう", scope="held")).total == 0
    assert import_items(IMPORTER, good) == (3, 0)
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
    assert AuditEvent.objects.get(operation="exchange.import", subject_type="item").detail == {"created": 3}


def test_the_same_file_again_changes_nothing_and_a_longer_one_adds_what_is_new(good: list[str]) -> None:
    import_items(IMPORTER, good)
    shelved = Item.objects.get(barcode="00451")
    catalog.update_item(IMPORTER, shelved.pk, {"location": "児童"})
    before = list(Item.objects.order_by("pk").values())
    events = AuditEvent.objects.count()
    assert import_items(IMPORTER, good) == (0, 3)
    assert list(Item.objects.order_by("pk").values()) == before
    assert AuditEvent.objects.count() == events
    assert import_items(IMPORTER, [*good, f"00453,nanbu,,{CONVERSATION},,,,,,,"]) == (1, 3)


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
    assert import_items(IMPORTER, lines) == (BATCH + 3, 0)


def test_a_number_on_another_record_and_an_isbn_of_two_records_are_refused(good: list[str]) -> None:
    import_items(IMPORTER, good)
    twin = make.record("同じISBNの本", isbn13=rules.isbn13(SALES))
    lines = [HEADER, f"00451,nanbu,,{CONVERSATION},,,,,,,", f"00460,nanbu,,,{SALES},,,,,,"]
    with pytest.raises(ImportRefused) as refused:
        import_items(IMPORTER, lines)
    assert found(refused) == {(2, "barcode"), (3, "isbn")}
    assert str(twin.pk) in str(refused.value)
    assert import_items(IMPORTER, [HEADER, f"00460,nanbu,{twin.pk},,{SALES},,,,,,"]) == (1, 0)
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
    assert catalog.add_items(IMPORTER, [row]) == 1
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
