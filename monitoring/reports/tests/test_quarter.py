"""The quarterly report as an auditor receives it: Word, Excel and checksums."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from openpyxl import load_workbook

from inventory import load
from monitoring import evidence as store
from monitoring.reports import quarter
from monitoring.reports.facts import gather
from monitoring.reports.period import Quarter
from monitoring.reports.quarter_content import coverage
from monitoring.reports.tests.simulated import SERVERS, at, known_evidence, known_quarter
from office import pages

SITE = load("nagano")
Q3 = Quarter.parse("2026Q3", "Asia/Tokyo")


@dataclass(frozen=True)
class Report:
    word: Path
    excel: Path
    sums: Path

    def tables(self) -> dict[str, list[list[str]]]:
        """Title without its number → rows of the Word table that follows the caption."""
        found: dict[str, list[list[str]]] = {}
        document = Document(str(self.word))
        caption = ""
        for block in document.iter_inner_content():
            if hasattr(block, "rows"):
                if caption:
                    found[caption] = [[cell.text for cell in row.cells] for row in block.rows]
                    caption = ""
            elif block.style.name == "Caption":
                caption = re.sub(r"^表\d+ ", "", block.text)
        return found

    def text(self) -> str:
        return "\n".join(paragraph.text for paragraph in Document(str(self.word)).paragraphs)

    def sheet(self, end: str) -> list[list[Any]]:
        workbook = load_workbook(self.excel)
        name = next(name for name in workbook.sheetnames if name.endswith(end))
        return [list(row) for row in workbook[name].iter_rows(values_only=True)]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The report of the known quarter, with evidence that went through the store."""
    state, out = tmp_path_factory.mktemp("state"), tmp_path_factory.mktemp("out")
    for item in known_evidence():
        store.write(state, item)
    assert quarter.run(SITE, "2026Q3", out, known_quarter().query, state, now=at(10, 5)) == 0
    name = out / "四半期報告書_2026Q3"
    return Report(name.with_suffix(".docx"), out / f"{name.name}_データ.xlsx", out / f"{name.name}_SHA256.txt")


@pytest.mark.req("S-RPT-004")
def test_the_word_report_of_a_closed_quarter_has_every_chapter(report):
    headings = [p.text for p in Document(str(report.word)).paragraphs if p.style.name == "Heading 1"]
    assert headings == [
        "1　概要", "2　サーバの資源", "3　バックアップと復元訓練", "4　警報", "5　定期点検", "6　停電訓練",
        "7　その他の訓練", "8　電池と証明書の期限", "9　容量", "10　作業の記録", "11　障害と問合せ", "12　分析と処置",
        "13　更新・計画停止・点検の記録", "14　電子メールの到達",
    ]  # fmt: skip
    assert report.tables()["点検項目"][2][1:] == [
        "使われていない待受けポートがない",
        "bak1",
        "不合格",
        "小林 直樹",
        "bak1 の tcp/111",
    ]


def test_the_cover_has_number_edition_period_and_three_seals(report):
    document = Document(str(report.word))
    facts = {row.cells[0].text: row.cells[1].text for row in document.tables[0].rows}
    assert facts["文書番号"] == "NCL-RPT-2026Q3"
    assert facts["対象期間"] == "令和8年7月1日から令和8年9月30日まで"
    assert [cell.text for cell in document.tables[1].rows[0].cells] == ["承認", "確認", "作成"]


@pytest.mark.req("S-MON-003")
def test_the_report_has_mean_and_highest_use_of_every_server_and_month(report):
    rows = report.tables()["資源の使用率"]
    assert [tuple(row[:2]) for row in rows[1:]] == [(h, r) for h in SERVERS for r in ("CPU", "メモリ", "ディスク")]
    assert all(re.fullmatch(r"\d+\.\d", cell) for row in rows[1:] for cell in row[2:])
    memory = next(row for row in rows if row[:2] == ["db1", "メモリ"])
    assert memory[2:] == ["40.0"] * 6


@pytest.mark.req("S-RPT-001")
def test_every_server_has_a_chart_of_three_months(report):
    with zipfile.ZipFile(report.word) as package:
        charts = [package.read(name).decode() for name in package.namelist() if name.startswith("word/charts/chart")]
        assert sum(name.startswith("word/embeddings/") for name in package.namelist()) == len(SERVERS)
    assert len(charts) == len(SERVERS)
    for chart in charts:
        counts = re.findall(r'<c:val>.*?<c:ptCount val="(\d+)"/>(.*?)</c:numCache>', chart)
        assert [(days, points.count("<c:pt ")) for days, points in counts] == [("92", 90)] * 3  # two blind days
    text = report.text()
    assert all(f"図{number} {name} " in text for number, name in enumerate(SERVERS, start=1))


@pytest.mark.req("S-RPT-002")
def test_the_report_has_the_daily_success_rate_and_the_restore_drill(report):
    rows = {row[0]: row for row in report.tables()["日次バックアップ"]}
    assert rows["db1"][2:5] == ["91", "89", "97.8"]
    assert rows["app1"][2:5] == ["91", "91", "100.0"]
    assert "成功の記録がない日：gw1（9月30日）、db1（8月20日〜8月21日）。" in report.text()
    drill = report.tables()["復元訓練"][1]
    assert drill == ["2026-07-20 09:00", "データベースの復元", "db1, bak1", "720.0", "合格", "小林 直樹"]
    assert [row[1:] for row in report.tables()["復元訓練の測定値"][1:]] == [
        ["照合した行", "1,190,000", "行"],
        ["データベースの復元", "512.5", "秒"],
    ]


def test_every_other_drill_is_in_the_report_also_one_that_came_to_no_end(report):
    tables = report.tables()
    rows = [(row[1], row[4]) for row in tables["その他の訓練"][1:]]
    assert rows == [("負荷中の障害と台帳の照合", "不合格"), ("ディスクの故障と交換", "不合格（中止）")]
    assert [row[1:] for row in tables["その他の訓練の測定値"][1:]] == [
        ["起こした障害", "2", "件"],
        ["サーバ間の通信断：最も長い無応答", "41.2", "秒"],
    ]
    assert [row[1:] for row in tables["その他の訓練の不合格項目"][1:]] == [
        ["app1 と db1 の間の通信断", "app1, db1", "cut"]
    ]
    assert ["その他の訓練", "2 回実施、合格 0 回"] in tables["結果の一覧"]


def test_exactly_the_injected_faults_stand_in_the_chapters_on_operations(report):
    """The failed power cut, the certificate that runs out, the disk that fills up, the work and the two bad points."""
    tables = report.tables()
    assert tables["停電訓練"][1:] == [
        ["2026-09-08 09:00", "停電と復電", ", ".join(SERVERS), "540.0", "不合格", "小林 直樹"]
    ]
    assert tables["停電訓練の測定値"][1:] == [["2026-09-08 09:00", "停電から全台の停止まで", "171", "秒"]]
    assert [row[1:] for row in tables["サーバ証明書"][1:]] == [
        ["https://opac.kura-nagano.example/health", "2026-10-20", "20", "要手配"]
    ]
    assert {row[-1] for row in tables["無停電電源装置の電池"][1:]} == {"良好"}
    grows = [row for row in tables["ディスク領域"][1:] if row[-1] != "増加の傾向なし"]
    assert grows == [["bak1", "/srv/borg", "66.00", "15.00", "2026-12-08"]]
    assert tables["作業の一覧"][1:] == [["2026-08-25 21:50", "月例更新の適用", "app1", "保科 理恵", "7", "完了"]]
    assert tables["点検の実施"][1:] == [["2026-09-15 09:00", "第2四半期 定期点検", "小林 直樹", "3", "1", "1", "1"]]
    assert [(row[3], row[5]) for row in tables["点検項目"][1:]] == [
        ("合格", ""), ("不合格", "bak1 の tcp/111"), ("未実施", "装置の交換待ち"),
    ]  # fmt: skip
    for title in ("目視・手作業の点検項目", "障害の一覧", "修正の適用", "計画停止", "電子メールの到達"):
        assert title not in tables  # the console and the library were not asked: データなし, no table


@pytest.mark.req("S-BKP-006")
def test_every_day_of_the_quarter_has_a_sign_for_success_or_failure(report):
    for rows in (report.tables()["日別の成否"], report.sheet("日別の成否")):
        for host, failed, unmeasured in (("db1", 2, 1), ("gw1", 1, 1), ("app1", 0, 1)):
            signs = "".join(str(cell) for row in rows if row[0] == host for cell in row[2:]).replace("　", "")
            assert (len(signs), signs.count("×"), signs.count("－")) == (92, failed, unmeasured)


def test_word_and_excel_say_the_same(report):
    tables = report.tables()
    for title in ("停止の一覧", "警報の一覧", "点検項目", "日次バックアップ", "サービスの稼働率"):
        sheet = report.sheet(title)
        assert len(sheet) == len(tables[title])
        assert [str(cell) for cell in sheet[0]] == tables[title][0]
    assert report.sheet("停止の一覧")[1][-1] == pytest.approx(45)
    assert tables["停止の一覧"][1][-1] == "45.0"


def test_the_report_says_which_days_were_not_measured(report):
    assert "計測のない日は2日（8月1日〜8月2日）" in report.text()
    console = next(row for row in report.tables()["サービスの稼働率"] if row[0] == "運用コンソール")
    assert console[1:] == ["データなし"] * 4 + ["判定不能"]


def test_the_same_quarter_gives_the_same_bytes(report, tmp_path):
    """As delivered, with the page numbers of the contents, and from other copies of the same sources."""
    facts = gather(SITE, Q3, known_quarter().query, known_evidence(), at(10, 5))
    again = quarter.write(facts, tmp_path)
    assert [path.read_bytes() for path in again] == [
        path.read_bytes() for path in (report.word, report.excel, report.sums)
    ]


def test_the_checksums_are_those_of_the_files(report):
    lines = dict(reversed(line.split("  ")) for line in report.sums.read_text().splitlines())
    assert set(lines) == {report.word.name, report.excel.name}
    for path in (report.word, report.excel):
        assert lines[path.name] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_without_measurements_the_report_says_so_and_shows_no_number(tmp_path):
    facts = gather(SITE, Q3, lambda *question: [], [], at(10, 5))
    found = Report(*quarter.write(facts, tmp_path))
    assert "この期間の計測はデータなしである。" in found.text()
    tables = found.tables()
    for title in ("サービスの稼働率", "資源の使用率", "日次バックアップ", "監視への応答率"):
        cells = [cell for row in tables[title][1:] for cell in row]
        assert "データなし" in cells
        assert not any(re.fullmatch(r"[\d,.]+", cell) for cell in cells)
    assert [row[1] for row in tables["結果の一覧"][1:]] == ["データなし"] * 8


def test_a_quarter_that_is_not_over_is_marked_provisional(tmp_path):
    facts = gather(SITE, Q3, known_quarter().query, [], at(7, 20, 12))
    head = quarter.cover(facts, None, "第1版")
    assert ("集計の締め", "令和8年7月20日まで（期間の途中）") in head.facts
    assert head.subtitle == "令和8年度 第2四半期（暫定）"
    said = coverage(facts)
    assert "計測がある日は20日（7月1日〜7月20日）" in said
    assert "残る72日（7月21日〜9月30日）は、まだ到来していない。" in said
    assert "計測のない日" not in said


@pytest.mark.parametrize(
    ("text", "reason"), [("2026Q5", "is no quarter"), ("第3四半期", "is no quarter"), ("2027Q1", "not begun")]
)
def test_what_is_no_quarter_or_lies_ahead_is_refused_in_a_sentence(tmp_path, text, reason):
    with pytest.raises(ValueError, match=reason):
        quarter.run(SITE, text, tmp_path, known_quarter().query, tmp_path, now=at(10, 5))
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not (shutil.which("soffice") and shutil.which("pdftotext")), reason="LibreOffice is not installed")
def test_the_report_opens_in_libreoffice_and_its_contents_name_the_right_pages(report, tmp_path):
    pdf = pages.to_pdf(report.word, tmp_path)
    text = subprocess.run(["pdftotext", "-layout", pdf, "-"], check=True, capture_output=True, text=True).stdout.split(
        "\f"
    )
    contents = re.findall(r"^\s*(\d+)\s+(\S+?)\.{5,}\s*(\d+)\s*$", text[1], re.MULTILINE)
    assert len(contents) == 14
    for number, title, page in contents:
        assert re.search(rf"^\s*{number}\s+{title}\s*$", text[int(page) - 1], re.MULTILINE)
    with zipfile.ZipFile(report.word) as package:
        written = re.findall(
            r"PAGEREF chapter\d+ .*?<w:t>(\d+)</w:t>", package.read("word/document.xml").decode(), re.DOTALL
        )
    assert written == [page for _, _, page in contents]
