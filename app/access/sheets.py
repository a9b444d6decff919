"""Spreadsheets in and out: xlsx and CSV (UTF-8 or Shift_JIS), headings in the first row."""

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from openpyxl import Workbook, load_workbook
from openpyxl.utils.exceptions import InvalidFileException

LARGEST = 2 * 1024 * 1024
MOST_ROWS, MOST_COLUMNS = 5000, 40
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class Unreadable(Exception):
    """The file is not a table that we can read; the text says what to do."""


def read(name: str, data: bytes) -> list[dict[str, str]]:
    """The rows below the headings as text, empty rows left out. Unreadable for anything else than xlsx or CSV."""
    if len(data) > LARGEST:
        raise Unreadable("ファイルが大きすぎます。2MBまでにしてください。")
    rows = _from_xlsx(data) if data[:4] == b"PK\x03\x04" else _from_csv(name, data)
    if not rows:
        return []
    headings = [cell.strip() for cell in rows[0]]
    found = []
    for row in rows[1:]:
        if any(cell.strip() for cell in row):
            found.append({key: value for key, value in zip(headings, row, strict=False) if key})
    return found


def _from_xlsx(data: bytes) -> list[list[str]]:
    try:
        sheet = load_workbook(io.BytesIO(data), read_only=True, data_only=True).worksheets[0]
        rows = sheet.iter_rows(max_row=MOST_ROWS, max_col=MOST_COLUMNS, values_only=True)
        return [[_text(cell) for cell in row] for row in rows]
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, IndexError) as error:
        raise Unreadable("Excelのファイルとして読めません。xlsx形式で保存し直してください。") from error


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime | date):
        return f"{cell:%Y-%m-%d}"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def _from_csv(name: str, data: bytes) -> list[list[str]]:
    for encoding in ("utf-8-sig", "cp932"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        try:
            return list(csv.reader(io.StringIO(text, newline="")))[:MOST_ROWS]
        except csv.Error as error:
            raise Unreadable("CSVとして読めません。") from error
    raise Unreadable(f"「{name}」は表として読めません。xlsxかCSV(UTF-8またはシフトJIS)にしてください。")


def write_xlsx(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """One sheet with frozen headings. Every cell is text: none can begin a formula."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "A2"
    sheet.append(list(columns))
    for row in rows:
        sheet.append([_inert(cell) for cell in row])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """UTF-8 with a byte order mark, so that a spreadsheet opens it as Japanese."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(columns)
    writer.writerows([_inert(cell) for cell in row] for row in rows)
    return buffer.getvalue().encode("utf-8-sig")


def _inert(cell: str) -> str:
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
