"""Where the backups are kept: how full it is, and for how many days there is room."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from monitoring import dashboards, rules
from monitoring.tests.promtool import promtool


@pytest.mark.req("S-BKP-003")
def test_a_store_that_is_fuller_than_four_fifths_is_told_and_one_that_is_not_is_silent(tmp_path: Path) -> None:
    used = {"bak79": 79, "bak80": 80, "bak81": 81}
    series = [
        row
        for host, percent in used.items()
        for row in (
            {"series": f'kura_backup_store_free_bytes{{host="{host}"}}', "values": f"{100 - percent}e10x10"},
            {"series": f'kura_backup_store_size_bytes{{host="{host}"}}', "values": "100e10x10"},
        )
    ]
    alert = next(one for one in rules.load() if one.name == "BackupStoreFilling")
    texts = {"summary": alert.summary, "impact": alert.impact, "first_step": alert.first_step, "runbook": alert.runbook}
    told = {
        key: text.replace("{{ $value | humanizePercentage }}", "81%").replace("{{ $labels.host }}", "bak81")
        for key, text in texts.items()
    }
    expected = [{"exp_labels": {"severity": "warning", "host": "bak81"}, "exp_annotations": told}]
    case = {
        "rule_files": [str(rules.FOLDER / "data.yml")],
        "evaluation_interval": "5m",
        "tests": [
            {
                "interval": "5m",
                "input_series": series,
                "alert_rule_test": [
                    {"alertname": "BackupStoreFilling", "eval_time": "40m", "exp_alerts": expected},
                ],
            }
        ],
    }
    (tmp_path / "test.yml").write_text(yaml.safe_dump(case, allow_unicode=True), encoding="utf-8")
    done = promtool("test", "rules", "test.yml", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.req("S-BKP-003")
def test_the_console_shows_how_full_the_store_is_and_the_days_that_are_left() -> None:
    panels = {panel.id: panel for board in dashboards.load() for row in board.rows for panel in row.panels}
    assert panels["store-used"].unit == "percent"
    assert panels["store-days"].unit == "days"
    assert "kura_backup_store_free_bytes" in panels["store-days"].queries[0].expr
