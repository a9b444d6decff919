"""Dashboards are well formed, ask only what Prometheus can parse, and link to runbooks that exist."""

from __future__ import annotations

import pytest
import yaml
from pydantic import ValidationError

from monitoring import dashboards, runbooks
from monitoring.tests.promtool import promtool

BOARDS = dashboards.load()


def _panels():
    return [panel for board in BOARDS for row in board.rows for panel in row.panels]


def test_the_overview_comes_first_and_asks_three_questions():
    assert BOARDS[0].id == "overview"
    assert [row.title for row in BOARDS[0].rows if row.question] == [
        "図書館は開いているか",
        "データは無事か",
        "次に足りなくなるもの",
    ]


def test_dashboard_ids_and_orders_differ():
    assert len({board.id for board in BOARDS}) == len({board.order for board in BOARDS}) == len(BOARDS)


def test_every_expression_is_promql(tmp_path):
    recorded = [{"record": f"panel:{number}", "expr": expr} for number, expr in enumerate(dashboards.expressions())]
    path = tmp_path / "panels.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": recorded}]}), encoding="utf-8")
    result = promtool("check", "rules", str(path))
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_panel_links_to_a_runbook_heading_that_exists():
    for panel in _panels():
        if panel.runbook:
            name, _, heading = panel.runbook.partition("#")
            assert runbooks.headings(name)
            assert not heading or heading in runbooks.headings(name), panel.id


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"surprise": 1}, "Extra inputs"),
        ({"unit": "furlongs"}, "Input should be"),
        ({"thresholds": {"worse": "high", "warn": 5, "bad": 1}}, "warn must come before bad"),
        ({"thresholds": None}, "state with thresholds"),
        ({"queries": []}, "at least 1"),
    ],
)
def test_a_malformed_panel_is_refused(change, message):
    raw = yaml.safe_load((dashboards.FOLDER / "overview.yml").read_text("utf-8"))
    raw["rows"][0]["panels"][0].update(change)
    with pytest.raises(ValidationError, match=message):
        dashboards.Dashboard.model_validate(raw)
