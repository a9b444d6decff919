"""What tests of records share: moments as forms take them, the record of a number, papers as text."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from docx import Document

from app.operations.tests.running import Console

TOKYO = ZoneInfo("Asia/Tokyo")


def local(text: str) -> datetime:
    """2026-03-02T10:00 as a moment of the library."""
    return datetime.fromisoformat(text).replace(tzinfo=TOKYO)


def ago(**parts: float) -> str:
    """A moment before now, as a form takes it."""
    return f"{datetime.now(UTC).astimezone(TOKYO) - timedelta(**parts):%Y-%m-%dT%H:%M}"


def number_of(page: str, letter: str) -> str:
    """The number of the record that a page is about."""
    found = re.search(rf"<h1>({letter}\d{{4}}-\d{{4}}) ", page)
    assert found, page
    return found[1]


def path_of(console: Console, page_url: str, number: str) -> str:
    """Where the list at `page_url` leads for this number."""
    status, page = console.get(page_url)
    assert status == 200
    found = re.search(rf'<a href="([^"]+)">\s*{re.escape(number)}', page)
    assert found, page
    return found[1]


def record(console: Console, kind: str, number: str) -> dict[str, Any]:
    """What the reports are told of a record."""
    return next(row for row in console.records()[kind] if row["number"] == number)


def words_of(docx: bytes) -> str:
    """All the text of a Word file, in paragraphs and tables; it must open."""
    document = Document(io.BytesIO(docx))
    parts = [paragraph.text for paragraph in document.paragraphs]
    parts += [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    assert zipfile.ZipFile(io.BytesIO(docx)).testzip() is None
    return "\n".join(parts)
