"""The dashboards in Grafana's form: whole, without overlap, and asking nothing that the definitions do not."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from monitoring import dashboards, grafana

ROOT = Path(__file__).parents[2]
BOARDS = {name: json.loads(text) for name, text in grafana.files().items()}
# Of Grafana's own list of units (packages/grafana-data, valueFormats/categories).
KNOWN_UNITS = {"none", "percent", "bytes", "Bps", "s", "cps", "d"}


@pytest.mark.parametrize("name", BOARDS)
def test_the_document_has_what_grafana_asks_of_a_dashboard(name):
    board = BOARDS[name]
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,40}", board["uid"])
    assert board["schemaVersion"] >= 36
    assert [variable["type"] for variable in board["templating"]["list"]] == ["datasource"]
    ids = [panel["id"] for panel in board["panels"]]
    assert len(set(ids)) == len(ids)
    for panel in board["panels"]:
        assert panel["type"] in ("row", "stat", "timeseries")
        assert panel["title"]
        if panel["type"] == "row":
            continue
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert panel["fieldConfig"]["defaults"]["unit"] in KNOWN_UNITS
        steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
        assert steps[0]["value"] is None
        values = [step["value"] for step in steps[1:]]
        assert values == sorted(values)
        references = [target["refId"] for target in panel["targets"]]
        assert len(set(references)) == len(references) > 0


@pytest.mark.parametrize("name", BOARDS)
def test_no_panel_lies_upon_another_or_outside(name):
    taken = set()
    for panel in BOARDS[name]["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert all(0 <= x < 24 for x, _ in cells)
        assert not cells & taken, panel["title"]
        taken |= cells


def test_every_panel_of_every_dashboard_is_there_with_its_queries():
    asked = [
        target["expr"] for board in BOARDS.values() for panel in board["panels"] for target in panel.get("targets", [])
    ]
    assert set(asked) == set(dashboards.expressions())
    shown = sum(len(board["panels"]) for board in BOARDS.values())
    assert shown == sum(len(board.rows) + sum(len(row.panels) for row in board.rows) for board in dashboards.load())


def test_the_names_of_series_are_told_in_grafanas_way():
    legends = [t["legendFormat"] for b in BOARDS.values() for p in b["panels"] for t in p.get("targets", [])]
    assert any("{{host}}" in legend for legend in legends)
    assert not [legend for legend in legends if re.search(r"(?<!\{)\{\w+\}(?!\})", legend)]


def test_the_command_writes_the_same_files_twice(tmp_path):
    for name in ("one", "two"):
        argv = [sys.executable, "-m", "monitoring.grafana", str(tmp_path / name)]
        subprocess.run(argv, cwd=ROOT, check=True, capture_output=True)
    written = {path.name: path.read_bytes() for path in (tmp_path / "one").iterdir()}
    assert written == {path.name: path.read_bytes() for path in (tmp_path / "two").iterdir()}
    assert set(written) == set(BOARDS)
