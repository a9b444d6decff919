"""A register as somebody at a browser uses it."""

from __future__ import annotations

import csv
import html
import io
import re
import secrets
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

from docx import Document
from openpyxl import Workbook, load_workbook

from app.operations.tests.running import Console

# The day as the console has it.
TODAY = datetime.now(ZoneInfo("Asia/Tokyo")).date()
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


def ago(days: int) -> str:
    """The day so many days ago, as typed."""
    return (TODAY - timedelta(days=days)).isoformat()


def ahead(days: int) -> str:
    """The day in so many days."""
    return ago(-days)


@lru_cache(maxsize=2)
def _operator(url: str) -> list[Console]:
    return []


def operator(console: Console) -> Console:
    """The operator at another browser, signed in once."""
    kept = _operator(console.url)
    if not kept:
        kept.append(console.signed_in("operator"))
    return kept[0]


def words(content: bytes) -> str:
    """All text of a Word document, its tables as well."""
    document = Document(io.BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([paragraph.text for paragraph in document.paragraphs] + cells)


class Shown(HTMLParser):
    """What the fields of a page's form hold, as a browser would send them back."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, Any] = {}
        self._select, self._area = "", ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, kind = given.get("name") or "", given.get("type") or "text"
        if tag == "input" and name and (kind not in ("checkbox", "submit") or "checked" in given):
            value = given.get("value") or ("on" if kind == "checkbox" else "")
            self.values[name] = [*self.values.get(name, []), value] if kind == "checkbox" else value
        elif tag == "select":
            self._select = name
        elif tag == "option" and "selected" in given and self._select:
            self.values.setdefault(self._select, []).append(given.get("value") or "")
        elif tag == "textarea":
            self._area, self.values[name] = name, ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.values[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.values[self._area] = self.values[self._area].removeprefix("\n").removeprefix("\r\n")
            self._area = ""
        elif tag == "select":
            self._select = ""


@dataclass
class Book:
    """One register through its pages."""

    console: Console
    register: str

    def path(self, rest: str = "") -> str:
        return f"/registers/{self.register}/{rest}"

    def page(self, rest: str = "") -> str:
        status, text = self.console.get(self.path(rest))
        assert status == 200, (rest, status, text[-800:])
        return html.unescape(text)

    def form(self, rest: str, at: str, fields: Mapping[str, Any]) -> tuple[int, str]:
        """Send a form with the token of the page `at`."""
        token = TOKEN.search(self.console.get(self.path(at))[1])
        assert token, at
        body = urllib.parse.urlencode({**fields, "csrfmiddlewaretoken": token[1]}, doseq=True).encode()
        request = urllib.request.Request(self.console.url + self.path(rest), data=body)
        status, text, _ = self.console._exchange(request)
        return status, html.unescape(text.decode())

    def refused(self, **fields: Any) -> str:
        """Try to register; the page that says why not."""
        before = len(self.numbers())
        status, text = self.form("new/", "new/", fields)
        assert status == 200
        assert len(self.numbers()) == before
        return text

    def add(self, **fields: Any) -> str:
        """Register a row; its number."""
        status, text = self.form("new/", "new/", fields)
        found = re.search(r'<h1><span class="number">([A-Z]+-\d{4}-\d+)</span>', text)
        errors = re.findall(r'class="error">([^<]+)|class="notice error"[^>]*>([^<]+)', text)
        assert status == 200, (status, text[-500:])
        assert found, errors
        return found[1]

    def edit(self, number: str, **fields: Any) -> str:
        """Change some fields of a row; the page that follows."""
        shown = Shown()
        shown.feed(self.console.get(self.path(f"{number}/edit/"))[1])
        assert "_version" in shown.values, f"{number} cannot be edited"
        status, text = self.form(f"{number}/edit/", f"{number}/edit/", {**shown.values, **fields})
        assert status == 200, text[-500:]
        return text

    def act(self, number: str, what: str, **fields: Any) -> str:
        status, text = self.form(f"{number}/act/", f"{number}/", {"what": what, **fields})
        assert status == 200, text[-500:]
        return text

    def approve(self, number: str, person: str = "長野市 宮下") -> str:
        """An operator asks, the administrator records every step; the page that follows."""
        Book(operator(self.console), self.register).act(number, "apply")
        text = ""
        while "次の決裁" in self.page(f"{number}/"):
            text = self.act(number, "yes", person=person, on=TODAY.isoformat())
        return text

    def issue(self, number: str, paper: str) -> bytes:
        """Hand out a paper that keeps a copy; the copy."""
        token = TOKEN.search(self.console.get(self.path(f"{number}/"))[1])
        assert token
        body = urllib.parse.urlencode({"csrfmiddlewaretoken": token[1]}).encode()
        request = urllib.request.Request(self.console.url + self.path(f"{number}/papers/{paper}/"), data=body)
        status, content, _ = self.console._exchange(request)
        assert status == 200, status
        return content

    def sheet(self) -> list[dict[str, Any]]:
        """The register's Excel sheet."""
        table = list(load_workbook(io.BytesIO(self.console.load(self.path("sheet/xlsx/")))).active.values)
        return [dict(zip(table[0], row, strict=True)) for row in table[1:]]

    def take_in(self, rows: list[dict[str, Any]]) -> tuple[int, str]:
        """Send an Excel sheet with these rows."""
        workbook = Workbook()
        heads = list(dict.fromkeys(key for row in rows for key in row))
        workbook.active.append(heads)
        for row in rows:
            workbook.active.append([row.get(head) for head in heads])
        content = io.BytesIO()
        workbook.save(content)
        return self.upload("take-in/", "take-in/", "list.xlsx", content.getvalue())

    def upload(self, rest: str, at: str, name: str, content: bytes, **fields: str) -> tuple[int, str]:
        token = TOKEN.search(self.console.get(self.path(at))[1])
        assert token
        mark = secrets.token_hex(12)
        parts = {"csrfmiddlewaretoken": token[1], **fields}
        body = b"".join(
            f'--{mark}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
            for key, value in parts.items()
        )
        body += f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
        body += content + f"\r\n--{mark}--\r\n".encode()
        request = urllib.request.Request(self.console.url + self.path(rest), data=body)
        request.add_header("Content-Type", f"multipart/form-data; boundary={mark}")
        status, text, _ = self.console._exchange(request)
        return status, html.unescape(text.decode())

    def row(self, number: str) -> str:
        """The list's line of that row, its tags without markup."""
        page = self.page(f"?q={number}")
        line = re.search(rf"<tr class=\"(\w+)\">\s*<td[^>]*><a [^>]*>{number}</a>.*?</tr>", page, re.DOTALL)
        assert line, number
        return f"[{line[1]}] " + re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", line[0]))

    def numbers(self) -> list[str]:
        content = self.console.load(self.path("sheet/csv/")).decode("utf-8-sig")
        return [row["番号"] for row in csv.DictReader(io.StringIO(content))]

    def lacks(self, text: str) -> int:
        """How many things the register's own check of that text finds wanting."""
        found = re.search(rf">{re.escape(text)}：(\d+)件", self.page())
        assert found, text
        return int(found[1])
