"""What papers of the console share: how moments are written, and documents as bytes for a download."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone
from openpyxl import Workbook

from app.operations.health import site
from office import office, paper
from office.document import Block, Table

NONE = "未記入"


def moment(at: datetime | None, empty: str = NONE) -> str:
    """令和8年11月23日 14時05分, in the library's time zone."""
    if at is None:
        return empty
    local = timezone.localtime(at)
    return f"{office.era(local.date())} {local:%H}時{local:%M}分"


def day(at: date | None, empty: str = NONE) -> str:
    """令和8年11月23日."""
    return office.era(at) if at else empty


def two_columns(title: str, rows: Mapping[str, str]) -> Table:
    """Names and what is said of them."""
    return Table(title, ("項目", "内容"), [(name, text or NONE) for name, text in rows.items()], (3, 13))


def word(
    title: str, number: str, on: datetime, facts: list[tuple[str, str]], blocks: list[Block], author: str = ""
) -> bytes:
    """A sheet from the vendor to the library, in Word. `on` is its day and the stamp of its bytes."""
    inventory = site(settings.INVENTORY)
    made = paper.Paper(
        title=title,
        number=f"{inventory.organisation.document_prefix}-{number}",
        date=day(timezone.localtime(on).date()),
        addressee=f"{inventory.organisation.name}　御中",
        author=author or inventory.organisation.vendor,
        facts=facts,
        blocks=blocks,
    )
    return as_bytes(lambda path: paper.write(path, made, on.astimezone(UTC)), ".docx")


def excel(workbook: Workbook, on: datetime) -> bytes:
    """A workbook; `on` is the stamp of its bytes."""
    return as_bytes(lambda path: office.save_workbook(workbook, path, on.astimezone(UTC)), ".xlsx")


def as_bytes(write: Callable[[Path], Any], ending: str) -> bytes:
    """What `write` puts into the file it is given."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"paper{ending}"
        write(path)
        return path.read_bytes()
