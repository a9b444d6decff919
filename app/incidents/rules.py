"""Pure decisions about incidents and inquiries: stages, the hour, what was missed, what the past suggests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

STAGES = {
    1: "受付",
    2: "一次切分け",
    3: "手配",
    4: "修理",
    5: "回復試験",
    6: "報告",
    7: "履歴",
    8: "再発防止",
}
CAUSES = {
    "hardware": "機器の故障",
    "power": "電源・空調",
    "network": "回線・ネットワーク",
    "software": "ソフトウェアの不具合",
    "setting": "設定の誤り",
    "capacity": "容量・性能の不足",
    "operation": "操作の誤り",
    "attack": "不正アクセス・不正プログラム",
    "outside": "外部のサービス",
    "unknown": "不明・調査中",
}
RESPONSIBILITIES = {
    "vendor": "受託者",
    "customer": "発注者",
    "third": "第三者",
    "none": "いずれでもない",
    "open": "調査中",
}
# What is proposed when a cause comes back; a person decides.
PROPOSALS = {
    "hardware": "部品または機器の予防交換を検討し、予備品の有無を確認する。",
    "power": "UPSの電池試験と給電の二重化、空調の点検を行う。",
    "network": "回線の冗長化と切替試験を検討し、通信事業者に記録を求める。",
    "software": "修正版の適用を検証環境で確かめ、回帰試験に今回の手順を加える。",
    "setting": "設定を台帳（inventory）と再配備で統一し、変更前の差分確認を手順に加える。",
    "capacity": "増設または不要データの処置を計画し、警報のしきい値を見直す。",
    "operation": "手順書と画面の案内を見直し、操作研修に今回の事例を加える。",
    "attack": "侵入経路を塞ぎ、権限と修正の適用状況を全台で確認する。",
    "outside": "代替手段と連絡先を手引きに加え、提供者に再発防止を求める。",
    "unknown": "採取する記録を増やし、次の発生に備えて切分け手順を定める。",
}
UNCLASSIFIED = "（未記入）"
AGAIN = 2


def missing_stages(done: Iterable[int]) -> list[int]:
    """Stages that are not recorded yet, in order."""
    return sorted(set(STAGES) - set(done))


def minutes_between(begin: datetime, end: datetime | None) -> int | None:
    """Whole minutes that had begun, as a promise of an hour counts them; None while there is no end."""
    if end is None:
        return None
    return -int(-(end - begin).total_seconds() // 60)


def is_late(received: datetime, arrived: datetime | None, promised: int, now: datetime) -> bool:
    """Whether somebody arrived after the promised minutes, or has not arrived and they are over."""
    taken = minutes_between(received, arrived or now)
    return taken is not None and taken > promised


def next_number(letter: str, year: int, last: str | None) -> str:
    """The number after the last one of that year: I2026-0007 follows I2026-0006."""
    count = int(last.rpartition("-")[2]) if last else 0
    return f"{letter}{year}-{count + 1:04d}"


def quarter_of(day: date) -> str:
    """The quarter of the calendar: 2026Q4."""
    return f"{day.year}Q{(day.month + 2) // 3}"


class Told(Protocol):
    """What a trend needs of an incident."""

    cause: str
    host: str
    measure_state: str


@dataclass(frozen=True)
class Proposal:
    """What came back, and what is proposed."""

    cause: str
    host: str
    count: int
    text: str


def by_cause(incidents: Iterable[Told]) -> dict[str, int]:
    """How many of each cause, in the order of the causes; those without one last."""
    counts = Counter(incident.cause for incident in incidents)
    named = {title: counts[cause] for cause, title in CAUSES.items() if counts[cause]}
    return {**named, **({UNCLASSIFIED: counts[""]} if counts[""] else {})}


def by_host(incidents: Iterable[Told]) -> dict[str, int]:
    """How many of each device, most first."""
    counts = Counter(incident.host or UNCLASSIFIED for incident in incidents)
    return dict(sorted(counts.items(), key=lambda row: (-row[1], row[0])))


def by_state(incidents: Iterable[Told], states: Mapping[str, str]) -> dict[str, int]:
    """How far the measures are."""
    counts = Counter(incident.measure_state for incident in incidents)
    return {title: counts[state] for state, title in states.items()}


def proposals(incidents: Iterable[Told]) -> list[Proposal]:
    """What to do about causes that came back on the same device within the period, most frequent first."""
    counts = Counter((incident.cause, incident.host) for incident in incidents if incident.cause)
    again = [(cause, host, count) for (cause, host), count in counts.items() if count >= AGAIN]
    again.sort(key=lambda row: (-row[2], row[0], row[1]))
    return [Proposal(CAUSES[cause], host or UNCLASSIFIED, count, PROPOSALS[cause]) for cause, host, count in again]
