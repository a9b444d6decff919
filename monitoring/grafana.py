"""The dashboards as Grafana reads them: one JSON file a dashboard, for a site that has a Grafana of its own.

    python -m monitoring.grafana DIR        then import the files, or put them into Grafana's provisioning folder

Everything follows from `dashboards/*.yml`; the data source is chosen in Grafana (a variable of each dashboard).
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from monitoring import dashboards
from monitoring.dashboards import Dashboard, Panel, Query, Row, Thresholds

SCHEMA_VERSION = 39
COLUMNS, HEADING, HEIGHT, STATE_HEIGHT = 24, 1, 8, 5
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
# Grafana's names of our units; `up` and `yes` are told in words.
UNITS = {
    "up": "none",
    "yes": "none",
    "percent": "percent",
    "bytes": "bytes",
    "bytes_per_second": "Bps",
    "seconds": "s",
    "duration": "s",
    "count": "none",
    "per_second": "cps",
    "days": "d",
}
WORDS = {"up": ("応答なし", "応答あり"), "yes": ("いいえ", "はい")}
GOOD, WATCH, BAD, PLAIN = "green", "orange", "red", "blue"

Json = dict[str, Any]


def document(board: Dashboard) -> Json:
    """One dashboard; the same definition gives the same text."""
    panels: list[Json] = []
    top = 0
    for row in board.rows:
        top = _row(row, panels, top)
    return {
        "uid": f"kura-{board.id}",
        "title": board.title,
        "tags": ["kura"],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": False,
        "timezone": "Asia/Tokyo",
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "annotations": {"list": []},
        "links": [],
        "templating": {
            "list": [{"name": "datasource", "label": "データソース", "type": "datasource", "query": "prometheus"}]
        },
        "panels": panels,
    }


def files() -> dict[str, str]:
    """File name → text of every dashboard."""
    return {
        f"{board.id}.json": json.dumps(document(board), ensure_ascii=False, indent=2) + "\n"
        for board in dashboards.load()
    }


def _row(row: Row, panels: list[Json], top: int) -> int:
    """Add a row's heading and panels side by side; returns where the next row begins."""
    panels.append(
        {"id": len(panels) + 1, "type": "row", "title": row.title, "collapsed": False, "panels": [],
         "gridPos": {"x": 0, "y": top, "w": COLUMNS, "h": HEADING}}
    )  # fmt: skip
    top += HEADING
    height = HEIGHT if any(panel.kind == "lines" for panel in row.panels) else STATE_HEIGHT
    across = min(len(row.panels), 3)
    width = COLUMNS // across
    for number, panel in enumerate(row.panels):
        place = {"x": number % across * width, "y": top + number // across * height, "w": width, "h": height}
        panels.append(_panel(panel, len(panels) + 1, place))
    return top + -(-len(row.panels) // across) * height


def _panel(panel: Panel, number: int, place: dict[str, int]) -> Json:
    state = panel.kind == "state"
    return {
        "id": number,
        "type": "stat" if state else "timeseries",
        "title": panel.title,
        "description": panel.note or "",
        "datasource": SOURCE,
        "gridPos": place,
        "targets": [_target(query, chr(ord("A") + index), state) for index, query in enumerate(panel.queries)],
        "fieldConfig": {"defaults": _defaults(panel), "overrides": []},
        "options": _state_options() if state else _line_options(),
    }


def _target(query: Query, reference: str, state: bool) -> Json:
    return {
        "refId": reference,
        "datasource": SOURCE,
        "expr": query.expr,
        "legendFormat": re.sub(r"\{(\w+)\}", r"{{\1}}", query.legend),
        "instant": state,
        "range": not state,
    }


def _defaults(panel: Panel) -> Json:
    found: Json = {"unit": UNITS[panel.unit], "thresholds": {"mode": "absolute", "steps": _steps(panel.thresholds)}}
    if panel.unit == "percent":
        found |= {"min": 0, "max": 100}
    if panel.unit in WORDS:
        no, yes = WORDS[panel.unit]
        options = {"0": {"text": no, "index": 0}, "1": {"text": yes, "index": 1}}
        found["mappings"] = [{"type": "value", "options": options}]
    if panel.kind == "lines" and panel.thresholds:
        found["custom"] = {"thresholdsStyle": {"mode": "dashed"}}
    return found


def _steps(thresholds: Thresholds | None) -> list[Json]:
    """Colours from the lowest value up."""
    if thresholds is None:
        return [{"color": PLAIN, "value": None}]
    if thresholds.worse == "high":
        steps = [(GOOD, None), (WATCH, thresholds.warn), (BAD, thresholds.bad)]
    else:
        steps = [(BAD, None), (WATCH, thresholds.bad), (GOOD, thresholds.warn)]
    if thresholds.warn == thresholds.bad:
        del steps[1]
    return [{"color": color, "value": value} for color, value in steps]


def _state_options() -> Json:
    return {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "colorMode": "value",
        "graphMode": "none",
        "textMode": "value_and_name",
        "orientation": "auto",
    }


def _line_options() -> Json:
    return {
        "legend": {"displayMode": "table", "placement": "bottom", "showLegend": True, "calcs": ["last", "min", "max"]},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }


def main(folder: Path) -> int:
    """Write every dashboard into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files().items():
        (folder / name).write_text(text, encoding="utf-8")
        print(folder / name)
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m monitoring.grafana DIR")
    sys.exit(main(Path(sys.argv[1])))
