"""A dashboard over years is drawn from what the recorder kept by the hour."""

from __future__ import annotations

import json
import runpy
import time
from contextlib import closing
from pathlib import Path

import pytest

from app.operations import history
from app.operations.sources import Prometheus, SourceDown

HOUR = 3600
# The recorder itself, as the monitoring host runs it: by its file.
RECORDER = runpy.run_path(str(Path(__file__).parents[3] / "monitoring" / "history" / "record.py"))


def kept(path: Path, expr: str, start: int, hours: int) -> None:
    """A history as the recorder leaves it, in which the mean of hour N is N."""
    values = [(start + n * HOUR + 900 * part, n + part - 1.0) for n in range(hours) for part in range(3)]
    with closing(RECORDER["database"](path)) as store:
        RECORDER["_points"](store, expr, {"__name__": "load", "host": "app1"}, values)


def test_years_come_from_the_history_and_weeks_from_prometheus(tmp_path):
    path = tmp_path / "history.sqlite3"
    assert type(history.source("http://x", str(path), 90 * 86400)) is Prometheus
    start = 400_000 * 24 * HOUR // 24
    kept(path, "load", start, 240)
    source = history.source("http://x", str(path), 6 * 365 * 86400)
    (series,) = source.range("load", start, start + 240 * HOUR, 24 * HOUR)
    assert series.labels == {"host": "app1"}
    assert sum(value for _, value in series.points) / len(series.points) == pytest.approx(119.5, abs=15)
    assert all(
        after[0] - before[0] == 24 * HOUR for before, after in zip(series.points, series.points[1:], strict=False)
    )
    assert source.range("never kept", start, start + HOUR, HOUR) == []


def test_a_history_that_is_not_there_is_told_as_a_source_that_is_down(tmp_path):
    with pytest.raises(SourceDown, match="history"):
        history.source("http://x", str(tmp_path / "history.sqlite3"), 365 * 86400).range("x", 0, 1, 1)


def test_the_page_draws_six_years(alone, deployed):
    config = json.loads(Path(alone.environment["KURA_CONFIG"]).read_text())
    board, query = next(
        (board, panel["queries"][0])
        for board in deployed["monitoring"]["dashboards"][1:]
        for row in board["rows"]
        for panel in row["panels"]
        if panel["kind"] == "lines"
    )
    kept(Path(config["history"]), query["expr"], int(time.time()) // HOUR * HOUR - 300 * 24 * HOUR, 299 * 24)
    status, page = alone.get(f"/dashboards/{board['id']}/?range=6y")
    assert status == 200
    assert "<svg" in page
    assert 'aria-current="true">6年' in page or ">6年<" in page
