"""What the console's records say in the reports: what was put in, in its span, and データなし without records."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from openpyxl import load_workbook

from inventory import load
from monitoring.reports import console, quarter, spans
from monitoring.reports.console import Console
from monitoring.reports.facts import gather
from monitoring.reports.period import Quarter
from monitoring.reports.tests.simulated import TOKYO, at, known_quarter
from office import pages
from office.document import Chapter, Table

SITE = load("nagano")
INCIDENT = {
    "number": "I-7", "kind": "fault", "title": "返却ができない", "host": "app1",
    "received_at": "2026-07-14T01:00:00+00:00",
    "recovered_at": "2026-07-14T10:45:00+09:00", "closed_at": "2026-07-15T09:00:00+09:00", "minutes_to_arrival": 61,
    "late": True, "cause_title": "ソフトウェア", "measure": "再発防止の試験",
}  # fmt: skip
RECORDS: dict[str, Any] = {
    "incidents": [
        INCIDENT,
        {**INCIDENT, "number": "I-8", "kind": "privacy", "received_at": "2026-08-02T09:00:00+09:00", "late": False,
         "minutes_to_arrival": None, "closed_at": None},
        {**INCIDENT, "number": "I-1", "received_at": "2026-06-30T23:59:00+09:00"},
    ],
    "treatments": [
        {"number": "T-1", "host": "bak1", "act": "古い世代の削除", "analysis": "空きが20%を切る見込み",
         "reason": "空きが20%を切る見込み", "before_at": "2026-09-01T10:00:00+09:00", "gained": 5e9,
         "effect": "半年分の余裕", "by": "小林 直樹"},
    ],
    "updates": [
        {"number": "U-1", "title": "openssl の修正", "hosts": ["gw1", "app1"],
         "verified_at": "2026-07-02T10:00:00+09:00",
         "passed": True, "applied_at": "2026-07-03T20:00:00+09:00"},
    ],
    "maintenance": [], "inspections": [], "work": [], "inquiries": [],
    "registers": {
        "copies": {"rows": [
            {"number": "FS-1", "values": {"made": "2026-07-05", "disposed": "2026-08-30"}, "findings": []},
            {"number": "FS-2", "values": {"made": "2026-07-09", "disposed": None},
             "findings": [{"level": "late", "text": "廃棄の期限を過ぎています"}]},
            {"number": "FS-3", "values": {"made": "2026-06-09", "disposed": None}, "findings": []},
        ]},
        "takeouts": {"rows": [{"number": "MD-1", "values": {"taken": "2026-09-30"}, "findings": []}]},
        "returns": {"rows": [{"number": "HN-1", "values": {"returned": "2026-08-01"}, "findings": []}]},
    },
}  # fmt: skip
# What the library prints, as app/office/tests/test_counts.py proves of `manage report_counts`.
COUNTS = json.loads((Path(__file__).parent / "counts.json").read_text(encoding="utf-8"))


def third_quarter(records: dict[str, Any] | None) -> Console:
    """July to September 2026."""
    return Console(records, at(7, 1), at(10, 1), TOKYO)


def rows(chapters: list[Chapter], title: str) -> list[list[Any]]:
    """The rows of a table."""
    return [list(r) for c in chapters for b in c.blocks if isinstance(b, Table) and b.title == title for r in b.rows]


@pytest.mark.req("S-RPT-003")
def test_every_treatment_has_one_line_with_its_reason_and_its_effect() -> None:
    (line,) = rows([console.treatments(third_quarter(RECORDS))], "処置の一覧")
    assert line == ["T-1", "2026-09-01 10:00", "bak1", "古い世代の削除", "空きが20%を切る見込み",
                    "半年分の余裕 空き +5.00 GB", "小林 直樹"]  # fmt: skip


def test_incidents_of_the_span_stand_with_their_times_against_the_promise() -> None:
    found = rows([console.incidents(third_quarter(RECORDS))], "障害の一覧")
    assert [(r[0], r[1], r[5], r[6], r[9]) for r in found] == [
        ("I-7", "2026-07-14 10:00", 61, "超過", "完了"),
        ("I-8", "2026-08-02 09:00", None, "－", "対応中"),
    ]
    assert rows([console.upkeep(third_quarter(RECORDS))], "修正の適用") == [
        ["U-1", "openssl の修正", "gw1, app1", "2026-07-02 10:00", "合格", "2026-07-03 20:00"]
    ]
    assert rows([console.mail(COUNTS)], "電子メールの到達") == [["2026-07-06", 4, 1, 25.0], ["2026-07-13", 1, 1, 100.0]]


@pytest.mark.req("S-RPT-003")
def test_the_quarterly_report_carries_the_consoles_records_and_says_when_there_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quarter, "chapter_pages", lambda *_: {})
    facts = gather(SITE, Quarter.parse("2026Q3", "Asia/Tokyo"), known_quarter().query, [], at(10, 5))
    told = quarter.write(replace(facts, records=RECORDS, counts=COUNTS), tmp_path / "told")[0]
    cells = {c.text for t in Document(str(told)).tables for r in t.rows for c in r.cells}
    assert {"I-7", "空きが20%を切る見込み", "半年分の余裕 空き +5.00 GB", "U-1"} <= cells
    assert "I-1" not in cells
    alone = quarter.write(facts, tmp_path / "alone")[0]
    text = [p.text for p in Document(str(alone)).paragraphs]
    for title in ("障害の一覧", "処置の一覧", "修正の適用", "電子メールの到達"):
        assert (
            text[next(n for n, t in enumerate(text) if t.endswith(title) and t.startswith("表")) + 1] == "データなし。"
        )


@pytest.mark.req("S-PRV-009")
def test_the_report_on_personal_data_counts_what_the_records_hold(tmp_path: Path,
                                                                  monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr(pages, "chapter_pages", lambda *_: {})
    span = spans.Span.parse("2026Q3")
    report, data, sums = spans.run(SITE, "privacy", span, tmp_path, RECORDS, COUNTS, date(2026, 10, 3))
    book = load_workbook(data)
    counted = {row[0].value: row[1].value for row in book["1 件数"].iter_rows(min_row=2)}
    assert counted == {
        "閲覧": 1234, "閲覧した職員": 21, "出力": 3, "出力した人数": 60, "複製": 2, "持出し・複写": 1,
        "廃棄（複製）": 1, "廃棄・返還": 1, "消去（書出しファイル）": 2, "退会": 5, "漏えい等の事故": 1,
    }  # fmt: skip
    assert [cell.value for cell in book["2 複製の未了"][2]] == ["FS-2", "廃棄の期限を過ぎています"]
    assert "個人情報管理状況報告書" in [p.text for p in Document(str(report)).paragraphs]
    assert len(sums.read_text().splitlines()) == 2
    again = spans.run(SITE, "privacy", span, tmp_path / "2", RECORDS, COUNTS, date(2026, 10, 3))
    assert [p.read_bytes() for p in again] == [p.read_bytes() for p in (report, data, sums)]


def test_without_records_every_count_is_missing_and_none_is_nought() -> None:
    body = spans.privacy(spans.Span.parse("2026-07"), third_quarter(None), None)
    assert {row[1] for row in rows(body, "件数")} == {None}
    assert {row[1] for row in rows(spans.monthly(spans.Span.parse("2026-07"), third_quarter(None), None), "件数")} == {
        None
    }


def test_a_month_counts_what_lies_in_it() -> None:
    span = spans.Span.parse("2026-07")
    start, end = span.bounds(TOKYO)
    body = spans.monthly(span, Console(RECORDS, start, end, TOKYO), COUNTS)
    assert dict(map(tuple, rows(body, "件数"))) == {
        "障害": 1, "うち到着の約束の超過": 1, "問合せ": 0, "作業": 0, "処置": 0, "計画停止": 0, "修正の適用": 1,
    }  # fmt: skip


@pytest.mark.parametrize("text", ["2026-13", "yesterday", "2026-08-02..2026-08-01", "2026-08-01.."])
def test_what_is_no_span_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no span|before it begins"):
        spans.Span.parse(text)
