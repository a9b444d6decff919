"""For audits and inspections by the city: every record, account and register in one workbook, or as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from openpyxl import Workbook

from app.operations import papers, queries, records
from office import office

SHEETS = {
    "incidents": "障害",
    "inquiries": "問合せ",
    "work": "作業",
    "inspections": "定期点検",
    "treatments": "分析と処置",
    "maintenance": "計画停止",
    "updates": "修正の適用",
    "levels": "サービス水準",
}
HEADINGS = {
    "number": "番号", "title": "件名", "kind": "種別", "source": "受付の方法", "severity": "重さ", "host": "機器",
    "place": "場所", "informant": "通報者", "received_at": "受付", "received_by": "受付者", "responded_at": "応答",
    "departed_at": "出発", "arrived_at": "到着", "recovered_at": "復旧", "closed_at": "完了", "assignee": "担当",
    "due": "期限", "impact": "影響", "cause_title": "原因の区分", "cause_text": "原因", "measure": "対策",
    "measure_state_title": "対策の状況", "affected_people": "影響人数", "cost_yen": "費用（円）", "late": "超過",
    "by": "実施者", "hosts": "対象", "started_at": "開始", "finished_at": "終了", "result_title": "結果",
    "reason": "理由", "name": "利用者名", "role": "役割", "active": "使用中", "last_login": "最後のサインイン",
}  # fmt: skip
MOST_LETTERS = 2000


def parts() -> list[tuple[str, int]]:
    """What there is, by name and number of records."""
    found = records.everything()
    rows = [(title, len(found.get(key, []))) for key, title in SHEETS.items()]
    rows += [(register["title"], len(register["rows"])) for register in found["registers"].values()]
    return [("利用者と役割", len(queries.account_rows())), *rows, ("操作の記録", queries.act_count())]


def workbook(on: datetime) -> bytes:
    """Accounts, every record, every register and the record of acts; a sheet each."""
    found = records.everything()
    book = Workbook()
    cover = book.active
    assert cover is not None
    cover.title = "表紙"
    counts = [(name, f"{count:,}件") for name, count in parts()]
    office.cover_sheet(cover, "監査・検査のための記録一式", [("作成日", papers.day(on.date())), *counts])
    _sheet(book, "利用者と役割", queries.account_rows())
    for key, title in SHEETS.items():
        _sheet(book, title, found.get(key, []))
    for register in found["registers"].values():
        _sheet(book, f"台帳 {register['title']}", register["rows"])
    acts = [
        {"日時": act.at.isoformat(), "操作者": act.actor, "操作": act.event, "対象": act.subject, "内容": act.detail}
        for act in queries.acts(limit=100_000)
    ]
    _sheet(book, "操作の記録", acts)
    return papers.excel(book, on)


def _sheet(book: Workbook, title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    keys = list(dict.fromkeys(key for row in rows for key in row)) or ["（記録なし）"]
    names = {sheet.title for sheet in book.worksheets}
    name = title.translate(str.maketrans("", "", r"[]:*?/\\"))[:28]
    sheet = book.create_sheet(name if name not in names else f"{name}{len(names)}")
    lines = [[_cell(row.get(key)) for key in keys] for row in rows]
    office.sheet_table(sheet, [HEADINGS.get(key, key) for key in keys], lines, [18.0] * len(keys))


def _cell(value: Any) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "はい" if value else "いいえ"
    if isinstance(value, int | float):
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    # A cell never becomes a formula, whatever somebody typed.
    return ("'" if text[:1] in "=+-@" else "") + text[:MOST_LETTERS]
