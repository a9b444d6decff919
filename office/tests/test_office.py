"""The toolkit alone: every block comes out, in Word and Excel, in the same bytes, and LibreOffice opens it."""

from __future__ import annotations

import io
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from docx import Document
from openpyxl import load_workbook
from PIL import Image

from office import excel, pages, paper, word
from office.document import Chapter, Chart, Cover, Heading, Listing, Picture, Table
from office.office import era

STAMP = datetime(2026, 7, 1, tzinfo=UTC)
COVER = Cover("設計書", "基盤", [("文書番号", "T-1")], "長野市立図書館　御中", "受託者")


def picture() -> bytes:
    """A small picture."""
    out = io.BytesIO()
    Image.new("RGB", (40, 20), "navy").save(out, "PNG")
    return out.getvalue()


def chapters() -> list[Chapter]:
    """One chapter with every kind of block."""
    return [
        Chapter(
            "全部",
            [
                "文。",
                Heading("節"),
                Listing(["一つ", "二つ"], numbered=True),
                Listing(["点"]),
                Table("表題", ("名", "値"), [["a", 1], ["b", None], ["c", 2.25]], (1, 1)),
                Chart("推移", "％", [date(2026, 7, 1), date(2026, 7, 2)], [("CPU", [10.0, None])]),
                Picture("図題", picture(), 60),
                Picture("無い図", None),
            ],
        )
    ]


def test_every_block_stands_in_the_word_document(tmp_path: Path) -> None:
    word.write(tmp_path / "a.docx", COVER, chapters(), STAMP)
    made = Document(str(tmp_path / "a.docx"))
    text = [paragraph.text for paragraph in made.paragraphs]
    for expected in (
        "1　全部",
        "文。",
        "節",
        "1.\t一つ",
        "2.\t二つ",
        "・\t点",
        "表1 表題",
        "図1 推移",
        "図2 図題",
        "図3 無い図",
    ):
        assert expected in text
    assert text[text.index("図3 無い図") + 1] == "データなし"
    assert [cell.text for cell in made.tables[-1].rows[2].cells] == ["b", "データなし"]


def test_the_same_chapters_stand_in_the_workbook(tmp_path: Path) -> None:
    excel.write(tmp_path / "a.xlsx", COVER, chapters(), STAMP)
    book = load_workbook(tmp_path / "a.xlsx")
    assert book.sheetnames == ["表紙", "1 表題", "1 推移"]
    assert [cell.value for cell in book["1 表題"][3]] == ["b", "データなし"]


def test_equal_input_gives_equal_bytes(tmp_path: Path) -> None:
    sheet = paper.Paper(
        "受領書", "T-2", era(date(2026, 7, 1)), "長野市　御中", "受託者", [("品名", "図面")], ["受領した。"]
    )
    for name in ("1", "2"):
        word.write(tmp_path / name / "a.docx", COVER, chapters(), STAMP)
        excel.write(tmp_path / name / "a.xlsx", COVER, chapters(), STAMP)
        paper.write(tmp_path / name / "b.docx", sheet, STAMP)
    for name in ("a.docx", "a.xlsx", "b.docx"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()


def test_a_paper_has_its_lines_and_its_seals(tmp_path: Path) -> None:
    sheet = paper.Paper("受領書", "T-2", "令和8年7月1日", "長野市", "受託者", [("品名", "図面")], seals=("受領者",))
    paper.write(tmp_path / "b.docx", sheet, STAMP)
    made = Document(str(tmp_path / "b.docx"))
    assert [paragraph.text for paragraph in made.paragraphs[:5]] == [
        "T-2",
        "令和8年7月1日",
        "長野市",
        "受託者",
        "受領書",
    ]
    assert [[cell.text for cell in row.cells] for row in made.tables[0].rows] == [["品名", "図面"]]
    assert made.tables[1].rows[0].cells[0].text == "受領者"


@pytest.mark.skipif(not (shutil.which("soffice") and shutil.which("pdftotext")), reason="LibreOffice is not installed")
def test_libreoffice_opens_it_and_knows_the_pages_of_the_contents(tmp_path: Path) -> None:
    word.write(tmp_path / "a.docx", COVER, chapters(), STAMP)
    assert pages.chapter_pages(tmp_path / "a.docx", chapters()) == {1: 3}
