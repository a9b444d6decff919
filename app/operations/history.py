"""The long history: what monitoring/history/record.py kept of every panel, hour by hour, for years.

Asked like Prometheus, so that a dashboard draws six years as it draws six hours. Of each step the mean is drawn; the
lowest and highest value of the hours are kept beside it and tell the extremes that a mean hides.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from app.operations.sources import Prometheus, Series, SourceDown

HOUR = 3600
# Beyond this many seconds Prometheus is not asked.
LONG = 100 * 86400


class LongHistory(Prometheus):
    """Prometheus for what is now, the kept hours for what was."""

    def __init__(self, url: str, path: Path) -> None:
        super().__init__(url)
        self._path = path

    def range(self, expr: str, start: float, end: float, step: float) -> list[Series]:
        """The means of every series in steps of whole hours; SourceDown when the history cannot be read."""
        width = max(int(step) // HOUR, 1) * HOUR
        try:
            with closing(sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as store:
                return [
                    Series(json.loads(labels), tuple(store.execute(POINTS, [width, width, number, start, end])))
                    for number, labels in store.execute("SELECT id, labels FROM series WHERE expr = ?", [expr])
                ]
        except (sqlite3.Error, ValueError) as error:
            raise SourceDown(f"{self._path.name}: {error}") from error


POINTS = """
SELECT hour / ? * ? AS at, avg(mean) FROM points WHERE series = ? AND hour BETWEEN ? AND ? GROUP BY at ORDER BY at
"""


def source(url: str, path: str, seconds: int) -> Prometheus:
    """Whom a dashboard asks that looks so many seconds back."""
    return LongHistory(url, Path(path)) if seconds > LONG else Prometheus(url)
