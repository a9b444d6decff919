"""Records to keep, close and search; and the console that shows them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.logs import closing
from app.logs.records import line
from app.operations.tests.running import alone, deployed, start_console  # noqa: F401

MIDNIGHT = datetime(2026, 11, 21, 15, tzinfo=UTC)  # the 22nd in Japan

Write = Callable[..., None]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty archive."""
    return tmp_path / "archive"


@pytest.fixture
def write(root: Path) -> Write:
    """Puts a record into the live files, as rsyslog does; `minute` is counted from the midnight of the day."""

    def put(
        text: str, *, day: str = "2026-11-22", minute: float = 0, host: str = "app1", kind: str = "os",
        service: str = "cron", severity: str = "info",
    ) -> None:  # fmt: skip
        at = MIDNIGHT + timedelta(days=int(day[-2:]) - 22, minutes=minute)
        path = root / "live" / day / host / f"{kind}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as stream:
            stream.write(line(at, host, service, severity, text))

    return put


@pytest.fixture
def week(root: Path, write: Write) -> Path:
    """Three closed days and one that is not."""
    for number in (20, 21, 22, 23):
        day = f"2026-11-{number}"
        for minute in range(0, 1440, 60):
            write(f"job {number} at {minute}", day=day, minute=minute)
        write("開けません open() failed", day=day, minute=600, kind="web", service="nginx", severity="err")
        write(
            "ERROR:  division by zero",
            day=day,
            minute=700,
            host="db1",
            kind="database",
            service="postgresql",
            severity="err",
        )
    assert closing.close(root, "2026-11-23") == ["2026/11/20", "2026/11/21", "2026/11/22"]
    return root
