"""The yearly work with the mains off (停電作業): its procedure from the inventory, its records, and years without one.

Requirement S-SEC-004. A record is evidence of a power drill that names who stood by (`./kura drill power --by NAME`).
Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from inventory import Inventory
from ups import plan, topology

FISCAL_MONTH = 4


class Kept(Protocol):
    """A record of the evidence store, as far as it is needed here."""

    @property
    def started(self) -> datetime:
        """When the work began."""

    @property
    def passed(self) -> bool:
        """Whether everything was as it must be."""

    @property
    def by(self) -> str:
        """Who stood by; empty for a drill that nobody attended."""


@dataclass(frozen=True)
class Year:
    """A fiscal year of the service, and the attended works in it: day, who stood by, whether all was well."""

    year: int
    works: tuple[tuple[date, str, bool], ...]

    @property
    def done(self) -> bool:
        """Whether the year has its record."""
        return bool(self.works)


def fiscal_year(day: date) -> int:
    """The Japanese fiscal year of a day: it begins in April."""
    return day.year if day.month >= FISCAL_MONTH else day.year - 1


def years(site: Inventory, kept: Iterable[Kept], today: date) -> tuple[Year, ...]:
    """Every fiscal year from the beginning of the service until today, with its attended works."""
    works = [(row.started.astimezone().date(), row.by, row.passed) for row in kept if row.by]
    first, last = fiscal_year(site.contract.service_from), fiscal_year(min(today, site.contract.service_until))
    return tuple(
        Year(year, tuple(work for work in works if fiscal_year(work[0]) == year)) for year in range(first, last + 1)
    )


def procedure(site: Inventory) -> tuple[str, ...]:
    """The steps of the work, in Japanese, with the site's own hosts, times and units."""
    readers = "、".join(sorted(plan.readers(site)))
    units = "、".join(unit.id for unit in site.power.units)
    lines = [
        "作業の7日前までに、図書館担当と作業日時を決め、利用者への案内を掲示する。閉館日または開館前に行う。",
        f"当日、{units} が商用電源で動き、充電が90％以上で、電池の自己診断に合格していることを確かめる。",
        "当日のバックアップが成功していることと、ほかの作業がないことを確かめる。",
        "窓口の処理を終えたことを図書館担当に確かめ、開始時刻と立会者を記録する。",
        "データセンターに、商用電源の切断を依頼する。",
    ]
    for step in plan.steps(site):
        within = f"蓄電池の限界から{step.ends}秒以内に止まったことを確かめ、時刻を記録する。"
        lines.append(f"{'、'.join(step.hosts)} が停止する。{within}")
    lines += [
        f"最後に {readers} が止まり、UPSの出力が切れたことを確かめる。予定の合計は{plan.total_seconds(site)}秒である。",
        "データセンターに、商用電源の復旧を依頼する。",
    ]
    for wave in plan.return_waves(site):
        lines.append(f"{'、'.join(wave)} が自動で起動し、サービスが応答することを確かめ、時刻を記録する。")
    lines += [
        f"{site.power.wake_after_minutes}分たっても起動しない機器は、{readers} が自動で電源を入れる。",
        "それでも起動しない機器は、手で電源を入れ、障害として記録する。",
        "蔵書検索と、窓口の貸出・返却ができること、データの整合の検査に誤りがないことを確かめる。",
        "終了時刻と結果を記録し、図書館担当の確認を受ける。",
    ]
    return tuple(f"{number}. {line}" for number, line in enumerate(lines, 1))


# What must be, where a figure's own goal is what is aimed at.
REQUIRED = {"power_to_library_seconds": plan.RETURN_REQUIRED_SECONDS}
POINTS = {
    "power_all_off_seconds": "全台が予定の時間内に停止した",
    "power_hosts_left_on": "停止しなかった機器がない",
    "power_hosts_out_of_order": "定めた順序で停止した",
    "power_stops_over_budget": "各機器が台帳の停止時間内に停止した",
    "power_unclean_databases": "データベースが正常に停止した",
    "power_to_library_seconds": "復電後に図書館のサービスが再開した",
    "power_acts_lost": "処理中の貸出・返却に欠落がない",
    "power_acts_doubled": "処理中の貸出・返却に二重計上がない",
    "power_acts_half_done": "途中で終わった処理がない",
    "power_integrity_errors": "データの整合の検査に誤りがない",
}


def record(
    site: Inventory, result: Mapping[str, Any], by: str, started: datetime, finished: datetime
) -> dict[str, Any]:
    """The details that make a drill's evidence the record of an attended work: who stood by, and each point checked."""
    figures = result["figures"]
    items = [
        {
            "title": title,
            "passed": _passed(key, figures[key]) if key in figures else None,
            "note": f"{figures[key]['value']:g} {figures[key]['unit']}" if key in figures else "今回は確認していない",
        }
        for key, title in POINTS.items()
    ]
    return {
        "title": "停電作業の立会",
        "by": by,
        "items": items,
        "procedure": list(procedure(site)),
        "began": started.isoformat(),
        "ended": finished.isoformat(),
    }


def _passed(key: str, row: Mapping[str, Any]) -> bool | None:
    met: bool | None = row["met"]
    return bool(row["value"] <= REQUIRED[key]) if key in REQUIRED else met


def text(site: Inventory, kept: Iterable[Kept], today: date) -> str:
    """The procedure and the years' records, in Japanese, for the terminal and the documents."""
    lines = ["停電作業の手順", *(f"  {line}" for line in procedure(site)), "停電作業の実施記録"]
    for year in years(site, kept, today):
        said = [f"{day:%Y-%m-%d} 立会 {by} 結果 {'良好' if passed else '要処置'}" for day, by, passed in year.works]
        lines.append(f"  {year.year}年度: {' / '.join(said) or '実施記録なし'}")
    return "\n".join(lines) + "\n"


def overview(site: Inventory, kept: Iterable[Kept], today: date) -> str:
    """Feeds, batteries, procedure and records: what `./kura drill power --show` prints."""
    return "\n".join((topology.text(site), topology.batteries(site), text(site, kept, today)))
