"""What the console's records say of a span of time: chapters that the quarterly and monthly reports share.

`records` is what `manage records` prints, or None when the console did not answer: then every table is データなし.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from office.document import Block, Cell, Chapter, Table
from office.office import NO_DATA

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Console:
    """The records of one span, [start, end)."""

    records: Mapping[str, Any] | None
    start: datetime
    end: datetime
    zone: ZoneInfo

    def of(self, kind: str, moment: str) -> list[Row]:
        """The rows of one kind whose time `moment` lies in the span, oldest first."""
        rows = (self.records or {}).get(kind, [])
        dated = [(row.get(moment), row) for row in rows if row.get(moment)]
        chosen = [(at, row) for at, row in dated if self.start <= self._aware(at) < self.end]
        return [row for _, row in sorted(chosen, key=lambda one: self._aware(one[0]))]

    def clock(self, text: str | None) -> str:
        """A time of the records as reports write it; empty when there is none."""
        return f"{self._aware(text):%Y-%m-%d %H:%M}" if text else ""

    @property
    def nothing(self) -> str:
        """What an empty table means: none happened, or nobody could be asked."""
        return NO_DATA if self.records is None else "該当なし"

    def _aware(self, text: str) -> datetime:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=self.zone)).astimezone(self.zone)


def incidents(console: Console) -> Chapter:
    """Incidents with their times against the promise, causes, and inquiries."""
    found = console.of("incidents", "received_at")
    rows: list[list[Cell]] = [
        [
            row["number"], console.clock(row["received_at"]), row["title"], row.get("host") or row.get("place") or "",
            console.clock(row.get("recovered_at")), row.get("minutes_to_arrival"), _arrival(row),
            row.get("cause_title") or "", row.get("measure") or "", "完了" if row.get("closed_at") else "対応中",
        ]
        for row in found
    ]  # fmt: skip
    causes = Counter(str(row.get("cause_title") or "未確定") for row in found)
    asked = console.of("inquiries", "received_at")
    questions: list[list[Cell]] = [
        [row["number"], console.clock(row["received_at"]), row["subject"], row.get("answered_by") or "",
         console.clock(row.get("solved_at")) or "対応中", "超過" if row.get("overdue") else ""]
        for row in asked
    ]  # fmt: skip
    heads = ("番号", "受付", "件名", "場所", "復旧", "到着（分）", "約束", "原因", "対策", "状態")
    return Chapter(
        "障害と問合せ",
        [
            "運用コンソールに登録した障害と問合せである。「約束」は、現地への到着の約束の時間との比較を示す。",
            Table("障害の一覧", heads, rows, (1.7, 2.1, 2.9, 1.5, 2.1, 1.5, 1.1, 1.5, 2, 1.2), empty=console.nothing),
            Table("障害の原因", ("原因", "件数"), [list(pair) for pair in causes.most_common()], (4, 2),
                  empty=console.nothing),
            Table("問合せの一覧", ("番号", "受付", "件名", "回答者", "解決", "期限"), questions,
                  (1.4, 2.2, 4, 2, 2.2, 1.2), empty=console.nothing),
        ],
    )  # fmt: skip


def _arrival(row: Row) -> str:
    if row.get("late"):
        return "超過"
    return "以内" if row.get("minutes_to_arrival") is not None else "－"


def treatments(console: Console) -> Chapter:
    """分析と処置: every treatment with one line of reason and one of effect, and every incident's measure."""
    rows: list[list[Cell]] = [
        [row["number"], console.clock(row.get("before_at")), row.get("host") or "", row.get("act") or "",
         row.get("reason") or row.get("analysis") or None, _effect(row), row.get("by") or ""]
        for row in console.of("treatments", "before_at")
    ]  # fmt: skip
    heads = ("番号", "実施", "サーバ", "処置", "理由（分析）", "効果", "実施者")
    return Chapter(
        "分析と処置",
        [
            "監視の結果を分析して行った処置を、理由と効果とともに示す。空きの増減は処置の前後の実測による。",
            Table("処置の一覧", heads, rows, (1.3, 2, 1.4, 3, 3.6, 3.4, 1.6), empty=console.nothing),
        ],
        new_page=False,
    )


def _effect(row: Row) -> str | None:
    said = str(row.get("effect") or "")
    gained = row.get("gained")
    measured = f"空き {gained / 1e9:+,.2f} GB" if isinstance(gained, int | float) else ""
    return " ".join(filter(None, (said, measured))) or None


def upkeep(console: Console) -> Chapter:
    """Security updates with their verification, planned stops, and the inspections that the console keeps."""
    updates: list[list[Cell]] = [
        [row["number"], row.get("title") or "", _joined(row.get("hosts")), console.clock(row.get("verified_at")),
         _verdict(row.get("passed")), console.clock(row.get("applied_at")) or "未適用"]
        for row in [*console.of("updates", "applied_at"),
                    *(r for r in console.of("updates", "verified_at") if not r.get("applied_at"))]
    ]  # fmt: skip
    stops: list[list[Cell]] = [
        [row["number"], console.clock(row["starts_at"]), console.clock(row["ends_at"]), row.get("title") or "",
         row.get("result_text") or row.get("state_title") or ""]
        for row in console.of("maintenance", "starts_at")
    ]  # fmt: skip
    checked: list[list[Cell]] = [
        [
            row["number"],
            console.clock(row.get("finished_at")) or "実施中",
            row.get("total"),
            row.get("bad"),
            row.get("undone"),
        ]
        for row in console.of("inspections", "begun_at")
    ]
    return Chapter(
        "更新・計画停止・点検の記録",
        [
            Table("修正の適用", ("番号", "修正", "対象", "検証", "検証の結果", "適用"), updates,
                  (1.4, 4, 2.6, 2, 1.5, 2), empty=console.nothing),
            Table("計画停止", ("番号", "開始", "終了", "内容", "結果"), stops,
                  (1.4, 2.2, 2.2, 4, 4), empty=console.nothing),
            Table("点検の記録", ("番号", "完了", "項目", "不良", "未実施"), checked, (2, 2.4, 1.4, 1.4, 1.4),
                  empty=console.nothing),
        ],
        new_page=False,
    )  # fmt: skip


# The results of a point that a person looks at (app/upkeep): empty means not done.
POINTS = {"good": "良", "bad": "否", "": "未実施"}


def looked_at(console: Console) -> list[Block]:
    """What people looked at in the span's inspections: every point with its result, who, when and what was found."""
    rows: list[list[Cell]] = [
        [
            row["number"], item["title"], POINTS.get(item["result"], item["result"]), console.clock(item.get("at")),
            item["by"], item["note"],
        ]
        for row in console.of("inspections", "begun_at")
        for item in row["items"]
        if item["kind"] == "person"
    ]  # fmt: skip
    heads = ("点検", "項目", "結果", "実施日時", "実施者", "所見")
    table = Table("目視・手作業の点検項目", heads, rows, (1.6, 4.4, 1.2, 2.2, 1.9, 2.6), empty=console.nothing)
    return ["表示灯、配線、温度など、人が現地で確かめた項目を次に示す。", table]


def _verdict(passed: bool | None) -> str:
    return {True: "合格", False: "不合格", None: "未実施"}[passed]


# States of a notice (app/notices) that mean that the mail did not arrive.
RETURNED = ("bounced", "failed")


def mail(counts: Mapping[str, Any] | None) -> Chapter:
    """電子メールの到達: by week how many went out and how many came back."""
    found = (counts or {}).get("mail", {})
    rows: list[list[Cell]] = []
    for week in found.get("weeks", []):
        states = week["states"]
        total, back = sum(states.values()), sum(states.get(name, 0) for name in RETURNED)
        rows.append([week["week"], total, back, 100 * back / total])
    said = "通知の電子メールの引渡しと不達の件数である。"
    if found.get("first"):
        said += f"通知の記録は保存の日数を過ぎると消えるため、{found['first'][:10]}より前は含まない。"
    heads = ("週（月曜日）", "引渡し（通）", "不達（通）", "不達率（％）")
    table = Table("電子メールの到達", heads, rows, (3, 2, 2, 2), empty=NO_DATA if counts is None else "該当なし")
    return Chapter("電子メールの到達", [said, table], new_page=False)


def summary(console: Console) -> Table:
    """The counts of a span at a glance; None where the console was not asked."""

    def count(kind: str, moment: str) -> int | None:
        return None if console.records is None else len(console.of(kind, moment))

    stops = [row for row in console.of("maintenance", "starts_at") if row.get("state") not in ("refused", "cancelled")]
    late = None if console.records is None else sum(bool(r.get("late")) for r in console.of("incidents", "received_at"))
    rows: list[list[Cell]] = [
        ["障害", count("incidents", "received_at")],
        ["うち到着の約束の超過", late],
        ["問合せ", count("inquiries", "received_at")],
        ["作業", count("work", "started_at")],
        ["処置", count("treatments", "before_at")],
        ["計画停止", None if console.records is None else len(stops)],
        ["修正の適用", count("updates", "applied_at")],
    ]
    return Table("件数", ("項目", "件数"), rows, (6, 2))


def work(console: Console) -> Table:
    """Every piece of work that the console keeps."""
    rows: list[list[Cell]] = [
        [row["number"], console.clock(row["started_at"]), row.get("title") or "", _joined(row.get("hosts")),
         row.get("by") or "", row.get("result_title") or row.get("result") or ""]
        for row in console.of("work", "started_at")
    ]  # fmt: skip
    heads = ("番号", "開始", "作業", "対象", "実施者", "結果")
    return Table("作業の記録", heads, rows, (1.4, 2.2, 4, 3, 2, 1.4), empty=console.nothing)


def _joined(hosts: str | Sequence[str] | None) -> str:
    return hosts if isinstance(hosts, str) else ", ".join(hosts or ())


def chapters(console: Console, counts: Mapping[str, Any] | None) -> list[Chapter]:
    """What the quarterly report adds from the console and the library."""
    return [incidents(console), treatments(console), upkeep(console), mail(counts)]


def month(console: Console, counts: Mapping[str, Any] | None) -> list[Chapter]:
    """The monthly summary."""
    blocks: list[Block] = [summary(console), work(console)]
    return [Chapter("件数と作業", blocks), *chapters(console, counts)]
