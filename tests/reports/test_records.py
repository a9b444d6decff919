"""What the console's own code printed of a known quarter stands in the reports: all of it, and nothing else."""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from docx import Document

from cli import report
from cli.context import Context
from lab.twin import Twin
from monitoring.reports import console, spans
from monitoring.reports.console import Console
from monitoring.reports.tests import test_console
from office import pages
from office.document import Chapter, Table
from tests.reports.known_console import TOKYO, at

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The records of the known console, as `./kura report` receives them."""
    argv = [sys.executable, "-m", "tests.reports.known_console", str(tmp_path_factory.mktemp("console"))]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def quarter(records: dict[str, Any]) -> Console:
    return Console(records, at(7, 1), at(10, 1), TOKYO)


def rows(chapters: list[Chapter], title: str) -> list[list[Any]]:
    """The rows of the one table of that title."""
    (found,) = [b for c in chapters for b in c.blocks if isinstance(b, Table) and b.title == title]
    return [list(row) for row in found.rows]


@pytest.mark.req("S-RPT-003")
def test_exactly_what_happened_stands_in_the_chapters_of_the_quarter(quarter: Console) -> None:
    body = console.chapters(quarter, None)
    assert rows(body, "障害の一覧") == [
        ["I2026-0001", "2026-07-14 10:02", "app1が応答しません", "app1", "2026-07-14 10:46", 73, "超過", "機器の故障",
         "電源の交換", "対応中"],
        ["I2026-0002", "2026-08-02 09:00", "返却ができない", "南部図書館", "", None, "－", "", "", "対応中"],
    ]  # fmt: skip
    assert rows(body, "障害の原因") == [["機器の故障", 1], ["未確定", 1]]
    assert rows(body, "問合せの一覧") == [
        ["Q2026-0001", "2026-09-02 10:00", "統計の見方", "小林 直樹", "2026-09-02 11:30", ""]
    ]
    assert rows(body, "処置の一覧") == [
        ["T2026-0001", "2026-09-01 10:00", "bak1", "古い世代の削除", "空きが2割を切る見込み",
         "半年分の余裕 空き +5.00 GB", "小林 直樹"],
    ]  # fmt: skip
    assert rows(body, "修正の適用") == [
        ["U2026-0001", "openssl の修正", "gw1, app1", "2026-07-02 10:00", "合格", "2026-07-03 20:00"]
    ]
    assert [(row[3], row[4]) for row in rows(body, "計画停止")] == [
        ("月例更新の適用", "予定どおり終了"),
        ("配線の入替え", "却下"),
    ]
    assert rows(body, "点検の記録") == [["P2026Q3", "2026-09-15 16:00", 10, 1, 0]]
    assert rows([Chapter("", [console.work(quarter)])], "作業の記録") == [
        ["W2026-0001", "2026-07-08 09:00", "予備品の確認", "bak1", "小林 直樹", "正常終了"]
    ]
    counted = dict(map(tuple, rows([Chapter("", [console.summary(quarter)])], "件数")))
    assert counted == {
        "障害": 2, "うち到着の約束の超過": 1, "問合せ": 1, "作業": 1, "処置": 1, "計画停止": 1, "修正の適用": 1,
    }  # fmt: skip


@pytest.mark.req("S-RPT-004")
def test_every_point_that_people_looked_at_has_its_result_time_person_and_finding(quarter: Console) -> None:
    found = rows([Chapter("", console.looked_at(quarter))], "目視・手作業の点検項目")
    assert len(found) == 9
    assert {row[0] for row in found} == {"P2026Q3"}
    assert [row[1:] for row in found[3:5]] == [
        ["UPSの外観と表示", "否", "2026-09-15 14:03", "小林 直樹", "電池の膨らみ"],
        ["設置室の温度・湿度・漏水", "良", "2026-09-15 14:04", "保科 理恵", ""],
    ]
    assert [row[2] for row in found] == ["良"] * 3 + ["否"] + ["良"] * 5
    assert "時刻が合っている" not in {row[1] for row in found}  # the machine's own points have their own table
    empty = Console(None, quarter.start, quarter.end, quarter.zone)
    (table,) = [block for block in console.looked_at(empty) if isinstance(block, Table)]
    assert (list(table.rows), table.empty) == ([], "データなし")


def test_the_hand_made_records_of_other_tests_have_no_key_that_the_console_does_not_print(
    records: dict[str, Any],
) -> None:
    for kind, made in test_console.RECORDS.items():
        for row in made if kind != "registers" else ():
            assert set(row) <= set(records[kind][0]), kind


def test_the_registers_that_the_reports_count_have_those_dates(records: dict[str, Any]) -> None:
    view = Console(records, at(7, 1), at(10, 1), TOKYO)
    counted = {row[0]: row[1] for row in rows(spans.privacy(spans.Span.parse("2026Q3"), view, None), "件数")}
    assert [counted[name] for name in ("複製", "持出し・複写", "廃棄（複製）", "廃棄・返還")] == [0, 0, 0, 0]
    for register, fields in {"copies": {"made", "disposed"}, "takeouts": {"taken"}, "returns": {"disposed", "returned"},
                             "people": set()}.items():  # fmt: skip
        assert fields <= {field["key"] for field in records["registers"][register]["fields"]}, register
    definitions = {
        yaml.safe_load(path.read_text())["id"] for path in (ROOT / "app/registers/definitions").glob("*.yml")
    }
    assert set(records["registers"]) == definitions


@pytest.mark.parametrize(
    ("kind", "period", "title", "numbers"),
    [
        ("month", "2026-07", "運用月次概要", {"I2026-0001", "U2026-0001", "W2026-0001"}),
        ("privacy", "2026Q3", "個人情報管理状況報告書", {"1,234", "督促"}),
    ],
)
def test_the_verb_writes_word_data_and_checksums_from_what_the_hosts_print(
    records: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, period: str, title: str,
    numbers: set[str],
) -> None:  # fmt: skip
    """Whole, but for the wire to the hosts: what their commands print comes from the console's and library's code."""
    asked = []

    def shell(_: Twin, host: str, command: str, **__: Any) -> tuple[int, str]:
        asked.append((host, command))
        printed = records if command.endswith("app.manage records") else test_console.COUNTS
        return 0, "a line that sudo said\n" + json.dumps(printed)

    monkeypatch.setattr(Twin, "is_running", lambda *_: True)
    monkeypatch.setattr(Twin, "shell", shell)
    monkeypatch.setattr(pages, "chapter_pages", lambda *_: {})
    out, took = tmp_path / "out", tmp_path / "took.json"
    arguments = argparse.Namespace(inventory="nagano", kind=kind, period=period, out=out, json=str(took))
    assert report.main(Context(arguments)) == 0
    assert [host for host, _ in asked] == ["mon1", "app1"]
    assert re.search(r"--since 2026-07-01T00:00:00\+09:00 --until 2026-(08|10)-01T00:00:00\+09:00$", asked[1][1])
    name = f"{title}_{period}"
    assert {path.name for path in out.iterdir()} == {f"{name}.docx", f"{name}_データ.xlsx", f"{name}_SHA256.txt"}
    done = subprocess.run(["sha256sum", "--check", "--quiet", f"{name}_SHA256.txt"], cwd=out, check=False)
    assert done.returncode == 0
    cells = {
        cell.text for grid in Document(str(out / f"{name}.docx")).tables for row in grid.rows for cell in row.cells
    }
    assert numbers <= cells
    figures = json.loads(took.read_text())["figures"]
    assert list(figures) == [f"report_{kind}_seconds"]
    assert figures[f"report_{kind}_seconds"]["value"] > 0
