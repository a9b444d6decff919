"""A register as a sheet: out as Excel or CSV, in again from Excel. The columns are the labels."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook

from app.exports import formats
from app.operations.actions import Unsuitable
from app.registers import rules
from app.registers.forms import EntryForm
from app.registers.queries import Desk, Seen
from app.registers.schema import Definition, FieldDef
from office import office

NUMBER, STAGE, APPROVAL, NOTES = "番号", "決裁", "決裁番号", "確認事項"
MOST_ROWS = 5000
WIDTHS = {"lines": 44, "text": 26, "links": 26, "choices": 26, "date": 13, "moment": 17, "flag": 8}


def columns(definition: Definition) -> list[str]:
    """The headings of a register's sheet."""
    approval = [STAGE, APPROVAL] if definition.approval else []
    return [NUMBER, *(f.label for f in definition.fields), *approval, NOTES]


def rows(definition: Definition, seen: Sequence[Seen]) -> list[list[Any]]:
    """The rows under those headings; figures stay figures."""
    found = []
    for one in seen:
        approval = [one.stage, one.entry.approval_number] if definition.approval else []
        notes = "、".join(f"{finding.word}：{finding.text}" for finding in one.findings)
        found.append([one.entry.number, *(_cell(f, one) for f in definition.fields), *approval, notes])
    return found


def _cell(field: FieldDef, seen: Seen) -> Any:
    value = seen.row.values.get(field.key)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else rules.shown(field, value)


def excel(definition: Definition, seen: Sequence[Seen], moment: datetime) -> bytes:
    """The register as an Excel workbook; the same rows give the same bytes."""
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = definition.title[:31]
    approval = [14, 22] if definition.approval else []
    widths = [15, *(WIDTHS.get(f.kind, 14) for f in definition.fields), *approval, 40]
    office.sheet_table(
        sheet, columns(definition), [[_harmless(v) for v in row] for row in rows(definition, seen)], widths
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sheet.xlsx"
        office.save_workbook(workbook, path, moment.astimezone(UTC))
        return path.read_bytes()


def _harmless(value: Any) -> Any:
    return formats.harmless(value) if isinstance(value, str) else value


def csv(definition: Definition, seen: Sequence[Seen]) -> bytes:
    """The register as CSV in UTF-8."""
    stream = io.BytesIO()
    formats.write("csv", stream, columns(definition), rows(definition, seen))
    return stream.getvalue()


def read(definition: Definition, on: Desk, content: bytes) -> list[tuple[str, dict[str, Any]]]:
    """The rows of a sheet, checked by the register's form. Unsuitable names the row, the column and the reason."""
    try:
        workbook = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except Exception as error:  # openpyxl raises whatever the broken file leads it to
        raise Unsuitable("Excelのファイル（.xlsx）として読めません。") from error
    table = [list(row) for row in workbook.worksheets[0].iter_rows(values_only=True, max_row=MOST_ROWS + 2)]
    if not table:
        raise Unsuitable("見出しの行がありません。")
    heads = [str(head or "").strip() for head in table[0]]
    known = {field.label: field for field in definition.typed}
    used = {at: known[head] for at, head in enumerate(heads) if head in known}
    strange = [h for h in heads if h and h not in columns(definition)]
    if strange or not used:
        raise Unsuitable(f"この台帳にない見出しです：{'、'.join(strange) or '（見出しなし）'}")
    if len(table) > MOST_ROWS + 1:
        raise Unsuitable(f"一度に取り込めるのは{MOST_ROWS}行までです。")
    at_number = heads.index(NUMBER) if NUMBER in heads else None
    form_of = _reader(definition, on, used)
    found = []
    for line, row in enumerate(table[1:], start=2):
        if not any(value not in (None, "") for value in row):
            continue
        number = str(row[at_number] or "").strip() if at_number is not None else ""
        found.append((number, form_of(line, row)))
    return found


def _reader(definition: Definition, on: Desk, used: dict[int, FieldDef]) -> Any:
    keys = {field.key for field in used.values()}
    form = EntryForm(definition, on, only=keys)

    def values(line: int, row: Sequence[Any]) -> dict[str, Any]:
        data = {field.key: _text(field, row[at] if at < len(row) else None) for at, field in used.items()}
        found = {}
        for key, value in data.items():
            try:
                cleaned = form.fields[key].clean(value)
            except Exception as error:
                reason = "、".join(getattr(error, "messages", [str(error)]))
                raise Unsuitable(f"{line}行目 {definition.field(key).label}：{reason}") from error
            found[key] = None if cleaned in ("", []) else cleaned
        return found

    return values


def _text(field: FieldDef, value: Any) -> Any:
    """A cell as the form would be given it."""
    if value is None:
        return [] if field.kind in ("choices", "links") else ""
    if isinstance(value, datetime):
        return value.date().isoformat() if field.kind == "date" else value.isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if field.kind == "flag":
        return value in (True, 1, "はい", "○", "1")
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
    if text[:1] == "'" and formats.FORMULA.match(text[1:]):
        text = text[1:]
    if field.kind in ("choices", "links"):
        return [part for part in text.split("、") if part]
    if field.kind in ("number", "money", "percent"):
        return text.replace("円", "").replace("%", "").strip()
    return text
