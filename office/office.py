"""What every generated Word and Excel document shares: dates as an office writes them, styles, stable bytes."""

from __future__ import annotations

import hashlib
import io
import re
import unicodedata
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

FONT = "Yu Gothic"
NO_DATA = "データなし"
HEAD_FILL = PatternFill("solid", fgColor="1F3864")
LINE = Border(*(Side(style="thin", color="A6A6A6"),) * 4)
_EARLIEST = (1980, 1, 1, 0, 0, 0)
_MODIFIED = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:)")


def era(day: date) -> str:
    """A date in the era of Reiwa: 令和8年7月1日. ValueError before 2019-05-01."""
    return f"{era_year(day)}{day.month}月{day.day}日"


def era_year(day: date) -> str:
    """A year in the era of Reiwa: 令和8年; the first is 令和元年."""
    if day < date(2019, 5, 1):
        raise ValueError(f"{day} lies before the era of Reiwa")
    year = day.year - 2018
    return f"令和{'元' if year == 1 else year}年"


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def stable_zip(data: bytes, stamp: datetime) -> bytes:
    """The same Office file with every date in it set to `stamp` (UTC), so that equal content is equal bytes."""
    out = io.BytesIO()
    text = stamp.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            content = old.read(name)
            if name == "docProps/core.xml":
                content = _MODIFIED.sub(rb"\g<1>" + text + rb"\g<3>", content)
            entry = zipfile.ZipInfo(name, _EARLIEST)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            new.writestr(entry, content)
    return out.getvalue()


def save_workbook(workbook: Workbook, path: Path, stamp: datetime) -> None:
    """Write a workbook whose bytes depend on nothing but its content and `stamp`."""
    workbook.properties.creator = "Kura"
    buffer = io.BytesIO()
    workbook.save(buffer)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(stable_zip(buffer.getvalue(), stamp))


def sheet_table(
    sheet: Any, headings: Sequence[str], rows: Sequence[Sequence[object]], widths: Sequence[float], top: int = 1
) -> None:
    """A table as an office expects it: dark heading that stays in view, filters, thin lines, wrapped text."""
    for column, (heading, width) in enumerate(zip(headings, widths, strict=True), start=1):
        cell = sheet.cell(top, column, heading)
        cell.font = Font(name=FONT, size=10, bold=True, color="FFFFFF")
        cell.fill = HEAD_FILL
        cell.border = LINE
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        sheet.column_dimensions[get_column_letter(column)].width = width
    for number, row in enumerate(rows, start=top + 1):
        for column, value in enumerate(row, start=1):
            cell = sheet.cell(number, column, value)  # type: ignore[arg-type,unused-ignore]
            cell.font = Font(name=FONT, size=10)
            cell.border = LINE
            figure = isinstance(value, int | float)
            cell.alignment = Alignment(horizontal="right" if figure else "left", vertical="top", wrap_text=not figure)
            if isinstance(value, float):
                cell.number_format = "#,##0.00"
        lines = max((_lines(v, w) for v, w in zip(row, widths, strict=True) if isinstance(v, str)), default=1)
        sheet.row_dimensions[number].height = 4 + 13.5 * lines  # Excel does not fit heights of files it did not write
    sheet.freeze_panes = sheet.cell(top + 1, 1)
    last = max(top + 1, top + len(rows))
    sheet.auto_filter.ref = f"A{top}:{get_column_letter(len(headings))}{last}"
    print_on_a4(sheet, heading_row=top)


def _lines(text: str, width: float) -> int:
    """Lines a text takes in a column of that width; Chinese characters and kana are two wide."""
    columns = (sum(1 + (unicodedata.east_asian_width(sign) in "WFA") for sign in line) for line in text.split("\n"))
    return sum(max(1, -(-count // max(1, int(width - 1)))) for count in columns)


def print_on_a4(sheet: Any, heading_row: int | None = None, landscape: bool = True) -> None:
    """A4, one page wide, page numbers at the foot, the heading repeated on each page."""
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.orientation = "landscape" if landscape else "portrait"
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.oddFooter.center.text = "&P / &N"
    sheet.oddHeader.right.text = "&A"
    if heading_row:
        sheet.print_title_rows = f"{heading_row}:{heading_row}"


def cover_sheet(sheet: Any, title: str, facts: Sequence[tuple[str, str]]) -> None:
    """The first sheet: title, then facts (文書番号, 版, …), then boxes for three seals."""
    sheet.sheet_view.showGridLines = False
    sheet.column_dimensions["A"].width = 4
    sheet.column_dimensions["B"].width = 22
    for letter in "CDE":
        sheet.column_dimensions[letter].width = 18
    sheet["B4"] = title
    sheet["B4"].font = Font(name=FONT, size=20, bold=True)
    for row, (name, value) in enumerate(facts, start=7):
        sheet.cell(row, 2, name).font = Font(name=FONT, size=11, bold=True)
        sheet.cell(row, 3, value).font = Font(name=FONT, size=11)
        sheet.merge_cells(start_row=row, start_column=3, end_row=row, end_column=5)
        for column in range(2, 6):
            sheet.cell(row, column).border = LINE
            sheet.cell(row, column).alignment = Alignment(vertical="center", wrap_text=True)
        sheet.row_dimensions[row].height = 24
    top = 9 + len(facts)
    for column, name in enumerate(("承認", "確認", "作成"), start=3):
        sheet.cell(top, column, name).font = Font(name=FONT, size=10)
        sheet.cell(top, column).alignment = Alignment(horizontal="center")
        sheet.cell(top, column).border = LINE
        sheet.cell(top + 1, column).border = LINE
    sheet.row_dimensions[top + 1].height = 60
    print_on_a4(sheet, landscape=False)
