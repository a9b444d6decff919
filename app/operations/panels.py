"""Dashboards as the console shows them: the definitions from the deployment, filled with Prometheus' answers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.safestring import SafeString

from app.operations import charts
from app.operations.rules import Level, judge, named, reading, runbook_path, worst
from app.operations.sources import Prometheus, Series, SourceDown

RANGES: dict[str, tuple[str, int]] = {
    "1h": ("1時間", 3600),
    "6h": ("6時間", 6 * 3600),
    "24h": ("1日", 86400),
    "7d": ("1週", 7 * 86400),
    "30d": ("30日", 30 * 86400),
    "90d": ("90日", 90 * 86400),
    "1y": ("1年", 365 * 86400),
    "6y": ("6年", 6 * 365 * 86400),
}
POINTS = 240
SHORTEST_STEP = 15


@dataclass(frozen=True)
class Reading:
    """One series of a state panel: its name, newest value in words, and what that means."""

    name: str
    text: str
    level: Level


@dataclass(frozen=True)
class Key:
    """One line of a chart's key."""

    number: int
    name: str
    last: str
    low: str
    high: str


@dataclass(frozen=True)
class Drawn:
    """One panel ready for the page: readings, or a chart with its axes and key."""

    id: str
    title: str
    runbook: str
    level: Level
    readings: tuple[Reading, ...] = ()
    chart: SafeString | None = None
    values: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    keys: tuple[Key, ...] = ()
    down: str = ""

    @property
    def runbook_path(self) -> str:
        """The runbook under the runbooks' page."""
        return runbook_path(self.runbook)


@dataclass(frozen=True)
class DrawnRow:
    """One row: its panels, and for a question its answer."""

    id: str
    title: str
    panels: tuple[Drawn, ...]
    level: Level
    answer: str


@lru_cache(maxsize=1)
def definitions() -> dict[str, Any]:
    """What the deployment wrote down: `dashboards` and `runbooks` (read once per process)."""
    document: dict[str, Any] = json.loads(Path(settings.MONITORING).read_text(encoding="utf-8"))
    return document


def dashboards() -> list[dict[str, Any]]:
    """Every dashboard in menu order."""
    boards: list[dict[str, Any]] = definitions()["dashboards"]
    return boards


def rows(board: dict[str, Any], source: Prometheus, end: float, seconds: int) -> list[DrawnRow]:
    """A dashboard filled with measurements up to `end` (seconds since the epoch) over `seconds`."""
    return [_row(row, source, end, seconds) for row in board["rows"]]


def _row(row: dict[str, Any], source: Prometheus, end: float, seconds: int) -> DrawnRow:
    panels = tuple(_panel(panel, source, end, seconds) for panel in row["panels"])
    level = worst(panel.level for panel in panels)
    question = row.get("question")
    return DrawnRow(row["id"], row["title"], panels, level, question[level] if question else "")


def _panel(panel: dict[str, Any], source: Prometheus, end: float, seconds: int) -> Drawn:
    try:
        return _state(panel, source) if panel["kind"] == "state" else _lines(panel, source, end, seconds)
    except SourceDown as error:
        return Drawn(panel["id"], panel["title"], panel.get("runbook") or "", "unknown", down=str(error))


def _state(panel: dict[str, Any], source: Prometheus) -> Drawn:
    found: list[Reading] = []
    for query in panel["queries"]:
        for series in sorted(source.now(query["expr"]), key=lambda series: sorted(series.labels.items())):
            level = judge(series.last, panel["thresholds"])
            found.append(Reading(_name(query, series), reading(series.last, panel["unit"]), level))
    level = worst(item.level for item in found)
    return Drawn(panel["id"], panel["title"], panel.get("runbook") or "", level, readings=tuple(found))


def _lines(panel: dict[str, Any], source: Prometheus, end: float, seconds: int) -> Drawn:
    step = max(SHORTEST_STEP, seconds // POINTS)
    lines = [
        charts.Line(_name(query, series), series.points)
        for query in panel["queries"]
        for series in source.range(query["expr"], end - seconds, end, step)
        if series.points
    ]
    lines.sort(key=lambda line: line.name)
    unit, limits = panel["unit"], panel["thresholds"]
    on = charts.scale(lines, end - seconds, end, unit)
    marks = [(name, limits[name]) for name in ("warn", "bad")] if limits else []
    return Drawn(
        panel["id"],
        panel["title"],
        panel.get("runbook") or "",
        worst(judge(line.points[-1][1], limits) for line in lines),
        chart=charts.draw(panel["title"], lines, on, step, marks) if lines else None,
        values=tuple(charts.value_axis(on, unit)),
        times=tuple(charts.time_axis(on, ZoneInfo(settings.TIME_ZONE))),
        keys=tuple(_key(number, line, unit) for number, line in enumerate(lines)),
    )


def _key(number: int, line: charts.Line, unit: str) -> Key:
    values = [value for _, value in line.points]
    texts = [reading(value, unit) for value in (values[-1], min(values), max(values))]
    return Key(number % charts.COLOURS, line.name, *texts)


def _name(query: dict[str, Any], series: Series) -> str:
    return named(query["legend"], series.labels) or "値"
