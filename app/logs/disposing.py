"""Removing records whose years are over, by an approved application. May be interrupted anywhere and run again.

The chain says first what goes and who approved it; then the days go. What the chain does not say is never removed.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from app.logs import archive
from app.logs.closing import alone, append
from app.logs.records import instant
from app.logs.rules import affected


@dataclass(frozen=True)
class Gone:
    """What a disposal removed."""

    days: list[str]
    lines: int
    bytes: int


def dispose(root: Path, number: int, through: date, asked_by: str, approved_by: str, now: datetime) -> Gone:
    """Remove the closed days up to `through` for the approved application `number`."""
    with alone(root):
        said = list(archive.said(archive.statements(root)))
        before = next((row for row in said if row.get("disposal") == number), None)
        sealed = {str(row["day"]): row for row in said if "day" in row}
        if before is None:
            gone = {name for row in said if "disposal" in row for name in row["days"]}
            days = affected((name for name in sealed if name not in gone), through)
            if days:
                append(root, disposal=number, days=days, asked_by=asked_by, approved_by=approved_by, at=instant(now))
        else:
            days = list(before["days"])
        for name in days:
            shutil.rmtree(root / name, ignore_errors=True)
        return Gone(days, sum(sealed[name]["lines"] for name in days), sum(sealed[name]["bytes"] for name in days))
