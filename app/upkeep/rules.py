"""Pure decisions about work on the appliance. No I/O, no clock."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

SOURCES = [("measured", "監視の測定値"), ("entered", "手入力")]
# The terminals' main tasks (主要10業務): an update for them is proved only when each was tried.
TERMINAL_TASKS = (
    "サインインと第二要素",
    "貸出",
    "返却",
    "予約の受付と割当",
    "利用者の登録・変更",
    "資料の検索・所蔵確認",
    "資料の登録・装備（バーコード）",
    "レシート・帳票の印刷",
    "蔵書検索（館内OPAC）",
    "オフライン貸出と復旧後の送信",
)
# Points that only a person can inspect; the machine's own points come from `./kura inspect`.
MANUAL_POINTS = (
    ("サーバの表示灯・異音・発熱", "ラックの前面と背面を目で見て、警告灯と異音がないことを確かめる"),
    ("吸気・排気とほこり", "吸気口と排気口をふさぐものがないか見て、ほこりを除く"),
    ("配線と固定", "電源・LANケーブルの緩みと荷重、ラベルの読みやすさを確かめる"),
    ("UPSの外観と表示", "電池の膨らみ・液漏れがなく、表示が正常であることを確かめる"),
    ("設置室の温度・湿度・漏水", "温度計・湿度計を読み、床と天井に水の跡がないことを確かめる"),
    ("入退室と施錠", "ラックと室の施錠、入退室の記録に抜けがないことを確かめる"),
    ("予備品と媒体の数", "予備の部品・媒体を数え、台帳と一致することを確かめる"),
    ("連絡網と手引きの現物", "連絡先と停電・障害の手引きの紙が最新版であることを確かめる"),
    ("館内機器（端末・ルータ・プリンタ）", "各館の担当に状態を聞き、申告を記す"),
)


def quarter_bounds(quarter: str) -> tuple[date, date]:
    """First and last day of a quarter such as 2026Q4; ValueError for anything else."""
    year, _, number = quarter.partition("Q")
    if not (year.isdigit() and len(year) == 4 and number in ("1", "2", "3", "4")):
        raise ValueError(f"not a quarter: {quarter!r}")
    first, last = int(number) * 3 - 2, int(number) * 3
    return date(int(year), first, 1), date(int(year), last, calendar.monthrange(int(year), last)[1])


def month_bounds(month: str) -> tuple[date, date]:
    """First and last day of a month such as 2026-11; ValueError for anything else."""
    first = date.fromisoformat(f"{month}-01")
    return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])


def months_back(day: date, count: int) -> list[str]:
    """The month of a day and those before, newest first: 2026-11, 2026-10 …"""
    total = day.year * 12 + day.month - 1
    return [f"{(total - n) // 12}-{(total - n) % 12 + 1:02d}" for n in range(count)]


# The clock measures a month until people have entered what happened in it; and no longer than the measurements that it
# comes from are certain to be there.
SETTLED_AFTER, MONTHS_MEASURED = timedelta(days=5), 3


def months_due(now: datetime, since: date, measured: Mapping[str, datetime]) -> list[str]:
    """The months whose service levels the clock measures now, oldest first: the running one every night, one that is
    over until it was measured after it had settled. `since`: the day the service began; `measured`: when last."""
    found = []
    for month in reversed(months_back(now.date(), MONTHS_MEASURED + 1)):
        last = month_bounds(month)[1]
        before = measured.get(month)
        settled = before is not None and before.astimezone(now.tzinfo).date() > last + SETTLED_AFTER
        if last >= since and not settled:
            found.append(month)
    return found


@dataclass(frozen=True)
class Run:
    """A playbook's run as its record says."""

    run: str
    title: str
    reason: str
    started_at: datetime
    finished_at: datetime
    by: str
    hosts: tuple[str, ...]
    passed: bool
    check_only: bool
    changes: tuple[Mapping[str, str], ...]
    figures: Mapping[str, float]
    failures: tuple[str, ...] = field(default=())


def run_of(name: str, record: Any) -> Run:
    """A run from its evidence (`kind` work); ValueError when it is none."""
    try:
        if record["kind"] != "work":
            raise ValueError(f"{name}: of kind {record['kind']!r}, not work")
        details = record["details"]
        return Run(
            run=name[:120],
            title=str(details.get("title") or record["name"])[:200],
            reason=str(details.get("reason", "")),
            started_at=_moment(record["started"]),
            finished_at=_moment(record["finished"]),
            by=str(details.get("by", ""))[:64] or "不明",
            hosts=tuple(str(host) for host in record["hosts"]),
            passed=bool(record["passed"]),
            check_only=bool(details.get("check", False)),
            changes=tuple(
                {key: str(row.get(key, "")) for key in ("host", "task", "diff")} for row in details.get("changes", [])
            ),
            figures={str(key): float(value) for key, value in record.get("figures", {}).items()},
            failures=tuple(str(line) for line in details.get("failures", [])),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{name}: not the record of a run: {error!r}") from error


@dataclass(frozen=True)
class Point:
    """One automatic point of an inspection."""

    title: str
    passed: bool | None
    note: str


def points_of(name: str, record: Any) -> tuple[datetime, str, list[Point]]:
    """When, by whom and what the machine's inspection found, from its evidence; ValueError when it is none."""
    try:
        if record["kind"] != "inspection":
            raise ValueError(f"{name}: of kind {record['kind']!r}, not inspection")
        rows = record["details"]["items"]
        points = [Point(str(row["title"])[:200], row["passed"], str(row.get("note", ""))) for row in rows]
        return _moment(record["finished"]), str(record["details"].get("by", ""))[:64] or "（自動）", points
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{name}: not the record of an inspection: {error!r}") from error


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"a time without its zone: {text}")
    return moment


def verdict(checks: Mapping[str, Sequence[Any]]) -> bool | None:
    """Whether a terminal's update passed: every main task tried and good; None while one was not tried."""
    results = [checks.get(task, [None])[0] for task in TERMINAL_TASKS]
    if None in results:
        return None
    return all(results)


def gone_by(quarters: Iterable[str], first: str, last: str) -> list[str]:
    """Quarters from `first` to `last` that are not among those inspected."""
    there, found = set(quarters), []
    year, number = int(first[:4]), int(first[5])
    while f"{year}Q{number}" <= last:
        if f"{year}Q{number}" not in there:
            found.append(f"{year}Q{number}")
        year, number = (year, number + 1) if number < 4 else (year + 1, 1)
    return found
