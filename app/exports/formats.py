"""A table as a file: CSV in UTF-8 or Shift_JIS, or an Excel workbook. No database, no clock; rows stream through.

Text stays text: a number with leading zeros is a text cell in the workbook. A CSV file says what was given; whoever
opens it in Excel by a double click sees Excel's own guess, which is why the workbook is the first choice offered.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

# The mark that Japanese typesetters put where a character is missing.
MISSING = "〓"
# The same sign under another code point: Shift_JIS as Windows has it knows only the second of each pair.
SAME_SIGN = str.maketrans(
    "\u301c\u2212\u2016\u2014\u00a2\u00a3\u00ac\u00a5", "\uff5e\uff0d\u2225\u2015\uffe0\uffe1\uffe2\uffe5"
)
# A cell that a spreadsheet program would run as a formula. Phone numbers and amounts with a sign are not.
FORMULA = re.compile(r"[=@\t\r]|[+-](?![\d\s().,-]*$)")
XLSX_ROWS = 1_048_576 - 1
WIDEST = 60


@dataclass(frozen=True)
class Format:
    """One kind of file. `code` is what `?as=` says."""

    code: str
    title: str
    suffix: str
    content_type: str


FORMATS = {
    format.code: format
    for format in (
        Format("xlsx", "Excel", ".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        Format("csv", "CSV（UTF-8）", ".csv", "text/csv; charset=utf-8"),
        Format("sjis", "CSV（Shift_JIS）", ".csv", "text/csv; charset=Shift_JIS"),
    )
}


@dataclass
class Written:
    """What went into a file: its rows, and how many characters Shift_JIS does not have."""

    rows: int = 0
    replaced: int = 0


class TooManyRows(Exception):
    """An Excel sheet ends at 1,048,576 rows; the text is for the screen."""

    def __init__(self) -> None:
        super().__init__(f"Excelの1枚に入るのは{XLSX_ROWS:,}行までです。CSVで書き出すか、条件で絞ってください。")


def write(code: str, stream: IO[bytes], titles: Sequence[str], rows: Iterable[Sequence[Any]]) -> Written:
    """Write a table to a binary stream, row by row. `code` is a key of FORMATS (else KeyError)."""
    return _workbook(stream, titles, rows) if FORMATS[code].code == "xlsx" else _csv(code, stream, titles, rows)


def text_of(value: Any) -> str:
    """A value as people read it: dates as 2026-11-23, times to the minute, a truth as 1, nothing as empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return "、".join(text_of(one) for one in value)
    return str(value)


def harmless(text: str) -> str:
    """The text; with an apostrophe in front when a spreadsheet program would run it."""
    return f"'{text}" if FORMULA.match(text) else text


def shift_jis(text: str) -> tuple[bytes, int]:
    """The text in Windows' Shift_JIS, and how many characters it lacks (written as 〓)."""
    try:
        return text.encode("cp932"), 0
    except UnicodeEncodeError:
        made, replaced = [], 0
        for sign in unicodedata.normalize("NFC", text).translate(SAME_SIGN):
            try:
                made.append(sign.encode("cp932"))
            except UnicodeEncodeError:
                made.append(MISSING.encode("cp932"))
                replaced += 1
        return b"".join(made), replaced


def _csv(code: str, stream: IO[bytes], titles: Sequence[str], rows: Iterable[Sequence[Any]]) -> Written:
    done = Written(rows=-1)  # the heading is no row
    line = io.StringIO()
    writer = csv.writer(line, lineterminator="\r\n")
    if code == "csv":
        stream.write(b"\xef\xbb\xbf")  # without it, Excel takes UTF-8 for Shift_JIS
    for row in _with_titles(titles, rows):
        writer.writerow([harmless(text_of(value)) for value in row])
        if code == "csv":
            stream.write(line.getvalue().encode("utf-8"))
        else:
            made, replaced = shift_jis(line.getvalue())
            stream.write(made)
            done.replaced += replaced
        line.seek(0)
        line.truncate()
        done.rows += 1
    return done


def _with_titles(titles: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterable[Sequence[Any]]:
    yield titles
    yield from rows


def _workbook(stream: IO[bytes], titles: Sequence[str], rows: Iterable[Sequence[Any]]) -> Written:
    done = Written()
    book = Workbook(write_only=True)
    sheet = book.create_sheet("一覧")
    sheet.freeze_panes = "A2"
    for number, title in enumerate(titles, 1):
        # A write-only sheet takes widths before its rows: Japanese titles are two columns a character.
        sheet.column_dimensions[get_column_letter(number)].width = min(max(12, 2 * len(title) + 4), WIDEST)
    heading = []
    for title in titles:
        cell = WriteOnlyCell(sheet, title)
        cell.font = Font(bold=True)
        heading.append(cell)
    sheet.append(heading)
    for row in rows:
        if done.rows == XLSX_ROWS:
            raise TooManyRows
        sheet.append([_cell(sheet, value) for value in row])
        done.rows += 1
    book.save(stream)
    return done


def _cell(sheet: Any, value: Any) -> Any:
    """Numbers, dates and times as such; everything else as text that is never a formula."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | date):
        text = ILLEGAL_CHARACTERS_RE.sub("", text_of(value))
        cell = WriteOnlyCell(sheet, text)
        cell.data_type = "s"
        if text[:1].isdigit() or text[:1] in "=+-@":
            cell.number_format = "@"
        return cell
    if isinstance(value, datetime):
        cell = WriteOnlyCell(sheet, value.replace(tzinfo=None))
        cell.number_format = "yyyy-mm-dd hh:mm"
        return cell
    return value
