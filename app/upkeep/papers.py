"""The paper of one piece of work (作業報告書), from its record alone."""

from __future__ import annotations

from datetime import datetime

from app.operations import papers
from app.operations.papers import NONE, moment
from app.upkeep.models import Work
from office.document import Block, Table

MOST_CHANGES = 200
LONGEST_DIFF = 600


def work_report(work: Work, on: datetime) -> bytes:
    """The work report: who, when, on what, why, what was done and changed, and the result."""
    facts = [
        ("番号", work.number),
        ("作業名", work.title),
        ("作業者", work.by),
        ("開始", moment(work.started_at)),
        ("終了", moment(work.finished_at)),
        ("対象", "、".join(work.hosts) or NONE),
        ("目的・理由", work.reason or NONE),
        ("結果", work.get_result_display() + ("（確認のみ、変更なし）" if work.check_only else "")),
    ]
    blocks: list[Block] = []
    if work.text:
        blocks.append(papers.two_columns("作業内容", {"内容": work.text}))
    if work.run:
        rows = [(change["host"], change["task"], _short(change["diff"])) for change in work.changes[:MOST_CHANGES]]
        empty = "変更した箇所はない"
        blocks.append(Table("変更した箇所", ("サーバ", "内容", "差分"), rows, (2, 6, 8), empty=empty))
        left = len(work.changes) - len(rows)
        if left > 0:
            blocks.append(f"ほか{left}件の変更は運用コンソールの{work.number}に記録している。")
        names = {"ok": "実行", "changed": "変更", "failed": "失敗", "unreachable": "接続不可"}
        counts = [(names[key], round(value)) for key, value in work.figures.items() if key in names]
        blocks.append(Table("実行の件数", ("区分", "件数"), counts, (4, 2)))
    blocks.append(papers.two_columns("結果", {"結果": work.get_result_display(), "説明": work.result_text}))
    return papers.word("作業報告書", work.number, on, facts, blocks)


def _short(diff: str) -> str:
    return diff if len(diff) <= LONGEST_DIFF else diff[:LONGEST_DIFF] + "…（以下略）"
