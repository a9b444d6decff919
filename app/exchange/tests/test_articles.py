"""The index of articles, from a spreadsheet (F-CAT-032)."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from app.access.actor import system
from app.access.sheets import write_csv, write_xlsx
from app.catalog.actions import CatalogError
from app.catalog.codes import Level
from app.catalog.models import BibliographicRecord, DigitalLink
from app.catalog.search import Query, search
from app.catalog.tests import factories as make
from app.catalog.tests.test_pages import signed_in
from app.exchange.actions import import_articles
from app.exchange.articles import OPTIONAL, REQUIRED, parts

pytestmark = pytest.mark.django_db
ME = system("test")
COLUMNS = (*REQUIRED, *OPTIONAL)


def lines(count: int, url: str = "") -> list[list[str]]:
    """So many articles; the words of the seventh stand in no other."""
    rows = []
    for number in range(1, count + 1):
        word = "雷鳥保護" if number == 7 else "市政"
        rows.append(
            [f"{word}をめぐる記事その{number}", "信濃日報", "", "記者太郎", f"1998.{number % 12 + 1}.{number % 28 + 1}",
             f"{number}面", f"{word}、環境", "旧戸隠村" if number == 7 else "", "", "要約の文。", url]
        )  # fmt: skip
    return rows


@pytest.mark.req("F-CAT-032")
def test_a_hundred_articles_come_from_a_spreadsheet_and_are_found_by_a_word_of_the_headline() -> None:
    paper = make.record("信濃日報", level="serial", material_type="magazine")
    librarian = signed_in("librarian")
    data = write_xlsx("記事", COLUMNS, lines(100, "https://news.example.jp/1"))
    for said in ("新規100件", "変更なし100件"):
        upload = {"file": SimpleUploadedFile("articles.xlsx", data)}
        assert said in librarian.post("/exchange/articles/", upload, follow=True).content.decode()
    assert BibliographicRecord.objects.filter(level=Level.ARTICLE, parent=paper).count() == 100
    assert DigitalLink.objects.count() == 100
    for text in ("雷鳥保護", "旧戸隠村"):
        found = search(Query(text=text)).hits
        assert [BibliographicRecord.objects.get(pk=hit.record_id).title for hit in found] == [
            "雷鳥保護をめぐる記事その7"
        ]
    record = BibliographicRecord.objects.get(pk=found[0].record_id)
    assert (record.series, record.issued, record.year, record.extent) == (["信濃日報"], "1998.8.8", 1998, "7面")
    assert (record.creators, record.subjects) == (["記者太郎"], ["雷鳥保護", "環境"])
    assert search(Query(text="市政 記者太郎")).total == 99


def test_a_sheet_with_a_wrong_line_is_refused_whole_with_the_line() -> None:
    rows = lines(3)
    rows[1][0] = " "
    rows[2][10] = "javascript:alert(1)"
    with pytest.raises(CatalogError, match="3行目: 「見出し」がありません、4行目: 「アドレス」"):
        import_articles(ME, "a.csv", write_csv(COLUMNS, rows))
    assert not BibliographicRecord.objects.exists()


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 no workbook", "見出し,掲載紙誌".encode(), b"\xff\x00"])
def test_what_is_no_such_sheet_is_said_in_words(data: bytes) -> None:
    librarian = signed_in("librarian")
    answer = librarian.post("/exchange/articles/", {"file": SimpleUploadedFile("a.csv", data or b"\n")})
    assert answer.status_code == 422
    assert not BibliographicRecord.objects.exists()


def test_a_corrected_line_corrects_its_article_and_cells_hold_several_words() -> None:
    import_articles(ME, "a.csv", write_csv(COLUMNS, lines(2)))
    again = lines(2)
    again[0][9] = "直した要約。"
    outcome = import_articles(ME, "a.csv", write_csv(COLUMNS, again))
    assert (outcome.created, outcome.updated, outcome.unchanged) == (0, 1, 1)
    assert parts("山、川; 海\n空") == ["山", "川", "海", "空"]


def test_the_counter_may_not_import_articles() -> None:
    assert signed_in("counter").get("/exchange/articles/").status_code == 403
