"""All 33 real records of the national bibliography, and what damaged ones come to."""

from pathlib import Path

import pytest
from django.core.management import call_command

from app.access.actor import system
from app.catalog import actions as catalog
from app.catalog.models import BibliographicRecord, SearchDocument
from app.catalog.search import Query, search
from app.exchange import formats
from app.exchange.actions import import_marc
from app.exchange.records import MalformedRecord

FILE = Path(__file__).parent / "data" / "japan-marc-33.mrc"
IMPORTER = system("test")


@pytest.fixture(scope="module")
def content() -> bytes:
    return FILE.read_bytes()


@pytest.fixture(scope="module")
def rows(content: bytes) -> list[dict]:
    return [formats.interpret(raw).fields for raw in formats.split(content)]


def by_title(rows: list[dict], start: str) -> dict:
    return next(row for row in rows if row["title"].startswith(start))


def test_every_record_has_a_title_a_number_and_no_punctuation_of_the_card(rows: list[dict]) -> None:
    assert len(rows) == 33
    for row in rows:
        assert row["title"]
        assert row["control_number"].startswith("(JTNDL)")
        for text in (row["title"], row["title_reading"], row["publisher"], row["statement"], *row["creators"]):
            assert text == text.strip()
            assert not text.endswith((" /", " :", ";", ","))


def test_a_plain_record_maps_field_by_field(rows: list[dict]) -> None:
    row = by_title(rows, "これからの本")
    assert row["title"] == "これからの本の話をしよう"
    assert row["title_reading"] == "コレカラ ノ ホン ノ ハナシ オ シヨウ"
    assert row["creators"] == ["萩野正昭"]
    assert row["creator_readings"] == ["ハギノ マサアキ"]
    assert (row["publisher"], row["publisher_reading"], row["place"]) == ("晶文社", "ショウブンシャ", "東京")
    assert (row["issued"], row["year"]) == ("2019.2", 2019)
    assert row["isbn13"] == "9784794970756"
    assert (row["ndc"], row["ndc_edition"], row["other_classes"]) == ("023", 10, ["NDLC:UE13"])
    assert row["subjects"] == ["電子書籍", "電子出版"]
    assert row["national_number"] == "23173255"
    assert row["extent"] == "301p ; 19cm"


@pytest.mark.req("F-CAT-003")
def test_the_kana_reading_is_taken_whichever_of_the_two_880_fields_comes_first(rows: list[dict]) -> None:
    readings = [text for row in rows for text in (row["title_reading"], *row["creator_readings"]) if text]
    assert len(readings) > 50
    assert not [text for text in readings if text.isascii() and " no " in text]
    assert by_title(rows, "電子書籍の制作")["title_reading"].startswith(
        "デンシ ショセキ ノ セイサク ト ハンバイ : シュッパンシャ ワ"
    )


def test_volumes_parallel_titles_series_and_contents_are_kept(rows: list[dict]) -> None:
    cnn = by_title(rows, "CNNニュース")
    assert cnn["volume"] == "2016春夏"
    assert cnn["contents"] == ["テイラー・スイフト、「女子道」を語る"]
    report = by_title(rows, "電子書籍ビジネス調査報告書 = ")
    assert report["title"] == "電子書籍ビジネス調査報告書 = eBook marketing report"
    assert "eBook marketing report" in report["other_titles"]
    assert by_title(rows, "デジタル時代の知識創造")["series"][0].endswith("03")
    assert len(by_title(rows, "東アジア読書共同体")["contents"]) > 40


def test_a_record_without_isbn_or_ndc_has_none_and_ndlc_is_not_taken_for_ndc(rows: list[dict]) -> None:
    ipad = by_title(rows, "iPad & iPad mini")
    assert (ipad["ndc"], ipad["ndc_edition"], ipad["other_classes"]) == ("", None, ["NDLC:Y94"])
    assert by_title(rows, "電子書籍ビジネス調査報告書")["isbn13"] == ""
    assert all(not row["ndc"] or row["ndc"][0].isdigit() for row in rows)


def test_a_part_or_the_sign_of_a_publisher_on_sale_is_not_the_publisher(rows: list[dict]) -> None:
    assert by_title(rows, "東アジア読書共同体")["publisher"] == "沖縄時事出版"


@pytest.mark.django_db
def test_all_records_load_and_the_same_file_again_changes_nothing(content: bytes) -> None:
    first = import_marc(IMPORTER, content, FILE.name)
    assert (first.created, first.updated, first.unchanged, first.set_aside) == (33, 0, 0, 0)
    before = list(BibliographicRecord.objects.order_by("pk").values_list("pk", "updated_at"))
    again = import_marc(IMPORTER, content, FILE.name)
    assert (again.created, again.updated, again.unchanged, again.set_aside) == (0, 0, 33, 0)
    assert list(BibliographicRecord.objects.order_by("pk").values_list("pk", "updated_at")) == before
    assert SearchDocument.objects.count() == 33


@pytest.mark.django_db
def test_the_original_bytes_come_back_unchanged(content: bytes) -> None:
    import_marc(IMPORTER, content, FILE.name)
    kept = BibliographicRecord.objects.order_by("pk").values_list("marc", flat=True)
    assert b"".join(bytes(data) for data in kept) == content


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text", ["でんししょせきのせいさく", "電子書籍の制作", "沢辺均", "サワベ キン", "9784780802320", "ポット出版 制作"]
)
def test_an_imported_record_is_found(content: bytes, text: str) -> None:
    import_marc(IMPORTER, content, FILE.name)
    hit = search(Query(text=text)).hits[0]
    assert BibliographicRecord.objects.get(pk=hit.record_id).title.startswith("電子書籍の制作と販売")


def damaged(content: bytes) -> tuple[bytes, list[int]]:
    """The file with four kinds of damage; the positions (from 1) of the records that must be set aside."""
    records = [raw.data for raw in formats.split(content)]
    records[2] = b"99999" + records[2][5:]
    records[5] = b"xxxxx" + records[5][5:]
    broken = bytearray(records[9])
    broken[-40:-30] = b"\xff\xfe\xff\xfe\xff\xfe\xff\xfe\xff\xfe"
    records[9] = bytes(broken)
    records[20] = records[20].replace(b"245", b"945", 1)
    return b"".join(records) + records[0][:200], [3, 6, 10, 21, 34]


@pytest.mark.django_db
def test_damaged_records_are_set_aside_with_their_position_and_the_rest_loads(content: bytes) -> None:
    data, positions = damaged(content)
    run = import_marc(IMPORTER, data, "damaged.mrc")
    assert (run.created, run.set_aside) == (29, 5)
    aside = list(run.set_aside_records.all())
    assert [record.position for record in aside] == positions
    for record in aside:
        assert data[record.offset :].startswith(bytes(record.data))
        assert record.reason
    assert aside[0].reason.startswith("レコード長が合いません")
    assert "245" in aside[3].reason
    assert "途中で終わっています" in aside[4].reason


@pytest.mark.django_db
def test_a_record_that_the_database_refuses_does_not_take_its_batch_along(content: bytes) -> None:
    records = [raw.data for raw in formats.split(content)]
    records[4] = records[4].replace("朝日出版社".encode(), "朝日出版\x00\x00\x00".encode(), 1)
    run = import_marc(IMPORTER, b"".join(records), "nul.mrc")
    assert (run.created, run.set_aside) == (32, 1)
    assert run.set_aside_records.get().position == 5


@pytest.mark.django_db
@pytest.mark.req("F-CAT-007")
def test_what_staff_corrected_survives_a_correction_from_the_bibliography(content: bytes) -> None:
    import_marc(IMPORTER, content, FILE.name)
    record = BibliographicRecord.objects.get(national_number="23173255")
    catalog.update_record(IMPORTER, record.pk, {"subjects": ["出版", "電子書籍"]})
    newer = content.replace("晶文社".encode(), "晶文館".encode())
    run = import_marc(IMPORTER, newer, "newer.mrc")
    assert (run.created, run.updated) == (0, 1)
    record.refresh_from_db()
    assert record.publisher == "晶文館"
    assert record.subjects == ["出版", "電子書籍"]
    assert search(Query(text="晶文館")).total == 1


@pytest.mark.django_db
def test_the_command_says_what_it_did(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("import_marc", str(FILE))
    assert "created=33 updated=0 deleted=0 unchanged=0 set_aside=0" in capsys.readouterr().out


def test_any_bytes_are_split_without_an_error() -> None:
    for data in (
        b"",
        b"\x1d",
        b"\x1d" * 5,
        b"0" * 100,
        b"00024" + b"\x1d" * 30,
        b"\n\r\x1a",
        b"00025" + b"a" * 19 + b"\x1d",
    ):
        for raw in formats.split(data):
            if not raw.damage:
                with pytest.raises(MalformedRecord):
                    formats.interpret(raw)
