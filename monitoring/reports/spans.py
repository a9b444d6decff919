"""Reports of a span of time from the records alone: the monthly summary, and how personal data were handled."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from inventory import Inventory
from monitoring.reports import console
from monitoring.reports.console import Console
from monitoring.reports.period import Quarter
from office import excel, office, pages, word
from office.document import Cell, Chapter, Cover, Table
from office.office import NO_DATA, era


@dataclass(frozen=True)
class Span:
    """A month (2026-07), a quarter (2026Q3), or the days from one to another (2026-07-01..2026-08-15)."""

    text: str
    first: date
    after: date  # the first day that is not in it

    @classmethod
    def parse(cls, text: str) -> Span:
        """ValueError with a sentence when the text is no span."""
        if match := re.fullmatch(r"(20[0-9]{2})-(0[1-9]|1[0-2])", text):
            year, month = int(match[1]), int(match[2])
            return cls(text, date(year, month, 1), date(year + month // 12, month % 12 + 1, 1))
        if re.fullmatch(r"20[0-9]{2}Q[1-4]", text):
            quarter = Quarter.parse(text, "Asia/Tokyo")
            return cls(text, quarter.first_day, quarter.end.date())
        try:
            first, last = (date.fromisoformat(part) for part in text.split(".."))
        except ValueError:
            raise ValueError(f"{text!r} is no span: write 2026-07, 2026Q3 or 2026-07-01..2026-08-15") from None
        if last < first:
            raise ValueError(f"{text!r} ends before it begins")
        return cls(text, first, date.fromordinal(last.toordinal() + 1))

    def bounds(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """The first instant, and the first after it."""
        return tuple(datetime(d.year, d.month, d.day, tzinfo=zone) for d in (self.first, self.after))  # type: ignore[return-value]

    @property
    def words(self) -> str:
        """令和8年7月1日から令和8年7月31日まで."""
        return f"{era(self.first)}から{era(date.fromordinal(self.after.toordinal() - 1))}まで"


Records = Mapping[str, Any] | None


def monthly(span: Span, view: Console, counts: Records) -> list[Chapter]:
    """月次概要."""
    return console.month(view, counts)


def privacy(span: Span, view: Console, counts: Records) -> list[Chapter]:
    """個人情報管理状況報告書: seen, written out, copied, taken out, returned and disposed of, and what went wrong."""
    found = (counts or {}).get("personal")
    exports = found["exports"] if found else []
    totals: list[list[Cell]] = [
        ["閲覧", found["views"] if found else None, "回", "業務画面で利用者の情報を開いた回数（監査記録）"],
        ["閲覧した職員", found["viewers"] if found else None, "人", "同上"],
        ["出力", sum(e["files"] for e in exports) if found else None, "件", "個人を含む一覧の書出し"],
        ["出力した人数", sum(e["persons"] for e in exports) if found else None, "人", "書き出した一覧の行数"],
        ["複製", _count(view, "copies", span, "made"), "件", "台帳「個人情報の複製台帳」の複製日"],
        ["持出し・複写", _count(view, "takeouts", span, "taken"), "件", "台帳「持出し・複写の台帳」の実施日"],
        ["廃棄（複製）", _count(view, "copies", span, "disposed"), "件", "台帳「個人情報の複製台帳」の廃棄日"],
        ["廃棄・返還", _count(view, "returns", span, "disposed", "returned"), "件", "台帳「個人情報の返還・廃棄」"],
        ["消去（書出しファイル）", found["erased_files"] if found else None, "件", "期限で消した書出しファイル"],
        ["退会", found["withdrawn"] if found else None, "人", "退会の処理をした利用者"],
        ["漏えい等の事故", _accidents(view), "件", "運用コンソールの障害の記録（漏えい等）"],
    ]
    views: list[list[Cell]] = [
        [row["purpose"] or "（目的の記録なし）", row["times"]] for row in (found or {}).get("views_by_purpose", [])
    ]
    lists: list[list[Cell]] = [[row["purpose"], row["files"], row["persons"]] for row in exports]
    nothing = NO_DATA if found is None else "該当なし"
    kept = [("copies", "複製"), ("takeouts", "持出し・複写"), ("returns", "返還・廃棄"), ("people", "従事者の誓約")]
    return [
        Chapter(
            "管理の状況",
            [
                f"{span.words}の個人情報の管理の状況を、監査記録、書出しの記録、台帳、障害の記録から集計した。"
                f"「{NO_DATA}」は、記録を読めなかったことを示す。",
                Table("件数", ("区分", "件数", "単位", "出どころ"), totals, (3, 1.6, 1, 5)),
                Table("目的ごとの閲覧", ("目的", "回数"), views, (5, 2), empty=nothing),
                Table("目的ごとの出力", ("目的", "件数", "人数"), lists, (5, 2, 2), empty=nothing),
            ],
        ),
        Chapter("台帳の未了", [_open(view, register, title) for register, title in kept], new_page=False),
    ]


def _rows(view: Console, register: str) -> Sequence[Mapping[str, Any]] | None:
    """A register's rows; None when the console did not answer or has no such register."""
    registers = (view.records or {}).get("registers", {})
    if register not in registers:
        return None
    rows: Sequence[Mapping[str, Any]] = registers[register]["rows"]
    return rows


def _count(view: Console, register: str, span: Span, *fields: str) -> int | None:
    """How many dates of these fields of a register lie in the span."""
    rows = _rows(view, register)
    if rows is None:
        return None
    dates = [str(row["values"].get(name) or "")[:10] for row in rows for name in fields]
    return len([day for day in dates if span.first.isoformat() <= day < span.after.isoformat()])


def _accidents(view: Console) -> int | None:
    if view.records is None:
        return None
    return len([row for row in view.of("incidents", "received_at") if row.get("kind") == "privacy"])


def _open(view: Console, register: str, title: str) -> Table:
    """Rows of a register with something to do, with what."""
    rows = _rows(view, register)
    found: list[list[Cell]] = [
        [str(row.get("number") or ""), "、".join(finding["text"] for finding in row.get("findings", []))]
        for row in rows or ()
        if row.get("findings")
    ]
    return Table(
        f"{title}の未了", ("番号", "残っていること"), found, (2, 8), empty=NO_DATA if rows is None else "該当なし"
    )


Build = Callable[[Span, Console, Records], list[Chapter]]
KINDS: dict[str, tuple[str, str, Build]] = {
    "month": ("運用月次概要", "MON", monthly),
    "privacy": ("個人情報管理状況報告書", "PRV", privacy),
}


def run(
    site: Inventory, kind: str, span: Span, out: Path, records: Records, counts: Records, issued: date
) -> list[Path]:
    """Write the Word document, its data in Excel and their checksums. Equal input gives equal bytes."""
    title, short, build = KINDS[kind]
    zone = ZoneInfo(site.organisation.timezone)
    start, end = span.bounds(zone)
    body = build(span, Console(records, start, end, zone), counts)
    head = Cover(
        title=title,
        subtitle=span.words,
        facts=[
            ("文書番号", f"{site.organisation.document_prefix}-{short}-{span.text}"),
            ("版", "第1版"),
            ("対象期間", span.words),
            ("作成日", era(issued)),
        ],
        addressee=f"{site.organisation.city}　御中",
        author=site.organisation.vendor,
    )
    stamp = datetime(issued.year, issued.month, issued.day, tzinfo=UTC)
    report, data = out / f"{title}_{span.text}.docx", out / f"{title}_{span.text}_データ.xlsx"
    word.write(report, head, body, stamp)
    if numbers := pages.chapter_pages(report, body):
        word.write(report, head, body, stamp, numbers)
    excel.write(data, head, body, stamp)
    sums = out / f"{title}_{span.text}_SHA256.txt"
    sums.write_text("".join(f"{office.sha256(path)}  {path.name}\n" for path in (report, data)), encoding="utf-8")
    return [report, data, sums]
