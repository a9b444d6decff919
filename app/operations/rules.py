"""Pure decisions of the console: what a value means, how it reads, what a notification says. No I/O, no clock."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Level = Literal["ok", "watch", "bad", "unknown"]
# Worse means later here; `unknown` outranks `watch`: what is not measured may be bad.
ORDER: tuple[Level, ...] = ("ok", "watch", "unknown", "bad")
WORDS: dict[Level, str] = {"ok": "良好", "watch": "注意", "bad": "異常", "unknown": "不明"}


def judge(value: float | None, thresholds: Mapping[str, Any] | None) -> Level:
    """What a value means by its thresholds; no value is unknown, no thresholds is ok."""
    if value is None or math.isnan(value):
        return "unknown"
    if thresholds is None:
        return "ok"
    sign = 1 if thresholds["worse"] == "high" else -1
    if sign * value >= sign * thresholds["bad"]:
        return "bad"
    return "watch" if sign * value >= sign * thresholds["warn"] else "ok"


def worst(levels: Iterable[Level]) -> Level:
    """The worst of several; nothing at all is unknown."""
    return max(levels, key=ORDER.index, default="unknown")


def reading(value: float | None, unit: str) -> str:
    """A value as people read it, with its unit."""
    if value is None or math.isnan(value):
        return "測定値なし"
    if math.isinf(value):
        return "∞"
    if unit == "up":
        return "応答あり" if value >= 0.5 else "応答なし"
    if unit == "yes":
        return "はい" if value >= 0.5 else "いいえ"
    if unit in ("bytes", "bytes_per_second"):
        return _bytes(value) + ("/秒" if unit == "bytes_per_second" else "")
    if unit == "duration":
        return _duration(value)
    if unit == "seconds":
        return f"{value * 1000:.0f} ミリ秒" if abs(value) < 1 else f"{value:.1f} 秒"
    suffix = {"percent": " %", "days": " 日", "per_second": " 回/秒", "count": ""}[unit]
    if unit in ("count", "days"):
        return f"{value:,.0f}{suffix}"
    return f"{value:,.1f}{suffix}"


def _bytes(value: float) -> str:
    for name in ("B", "KiB", "MiB", "GiB"):
        if abs(value) < 1024:
            return f"{value:.0f} {name}" if name == "B" else f"{value:.1f} {name}"
        value /= 1024
    return f"{value:.1f} TiB"


def _duration(seconds: float) -> str:
    minutes = int(abs(seconds) // 60)
    sign = "-" if seconds < 0 else ""
    if minutes < 1:
        return f"{sign}{abs(seconds):.0f} 秒"
    if minutes < 120:
        return f"{sign}{minutes} 分"
    if minutes < 72 * 60:
        return f"{sign}{minutes // 60} 時間 {minutes % 60} 分"
    return f"{sign}{minutes // 1440} 日"


def named(legend: str, labels: Mapping[str, str]) -> str:
    """A series' name from its legend (`{host} {mountpoint}`); a label that is not there reads as empty."""
    text = legend
    for key, value in labels.items():
        text = text.replace("{" + key + "}", value)
    while "{" in text and "}" in text.split("{", 1)[1]:
        head, rest = text.split("{", 1)
        text = head + rest.split("}", 1)[1]
    return text.strip()


def runbook_path(runbook: str) -> str:
    """`node#HostDown` as a path below the runbooks' page: `node/#HostDown`."""
    name, _, heading = runbook.partition("#")
    return f"{name}/#{heading}" if heading else f"{name}/"


@dataclass(frozen=True)
class Notified:
    """One alert of a notification."""

    fingerprint: str
    starts_at: datetime
    ends_at: datetime | None
    name: str
    host: str
    severity: str
    summary: str
    impact: str = ""
    first_step: str = ""
    runbook: str = ""
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def runbook_path(self) -> str:
        """The runbook under the runbooks' page."""
        return runbook_path(self.runbook)


def alerts_of(payload: Any) -> list[Notified]:
    """The alerts of Alertmanager's webhook or of its `/api/v2/alerts`; ValueError when it is neither."""
    rows = payload.get("alerts") if isinstance(payload, dict) else payload
    if not isinstance(rows, list):
        raise ValueError("no list of alerts")
    try:
        return [_alert(row) for row in rows]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"an alert lacks {error}") from error


def _alert(row: dict[str, Any]) -> Notified:
    labels = {str(key): str(value) for key, value in row["labels"].items()}
    notes = row.get("annotations", {})
    starts = datetime.fromisoformat(row["startsAt"])
    ends = datetime.fromisoformat(row["endsAt"]) if row.get("status") == "resolved" else None
    return Notified(
        fingerprint=str(row["fingerprint"])[:64],
        starts_at=starts,
        ends_at=max(ends, starts) if ends else None,
        name=labels["alertname"][:100],
        host=labels.get("host", "")[:64],
        severity=labels.get("severity", "")[:20],
        summary=str(notes.get("summary", labels["alertname"])),
        impact=str(notes.get("impact", "")),
        first_step=str(notes.get("first_step", "")),
        runbook=str(notes.get("runbook", ""))[:100],
        labels=labels,
    )
