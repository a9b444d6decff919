"""Reading items (所蔵) of an earlier system from a CSV file. Pure: lines in, values or problems out.

A line names its record by the record's number here, by the number of the national bibliography, or by ISBN.
"""

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.catalog import rules
from app.catalog.codes import Restriction, ShelfStatus, Visibility
from app.patrons.importing import ImportRefused, Problem
from app.patrons.rules import card_problem, number_is_sound, plain_number

# The columns of the file and what a sheet of the library may call them.
LABELS = {
    "barcode": "資料番号", "branch": "所蔵館", "record_id": "書誌番号", "national_number": "全国書誌番号",
    "isbn": "ISBN", "call_number": "請求記号", "shelf_mark": "別置記号", "material_type": "資料区分",
    "reference_only": "禁帯出", "restriction": "館内利用の別", "visibility": "公開区分", "location": "所在",
    "status": "状態", "attachments": "付属物", "attachment_count": "付属物の点数", "acquired_on": "受入日",
    "acquisition": "受入区分", "acquired_from": "受入先", "price": "価格", "loans_before": "移行前の貸出回数",
    "note": "所蔵注記",
}  # fmt: skip
REQUIRED = ("barcode", "branch")
RECORD = ("record_id", "national_number", "isbn")
OPTIONAL = tuple(name for name in LABELS if name not in (*REQUIRED, *RECORD))
COLUMNS = REQUIRED + RECORD + OPTIONAL
LONGEST = {
    "national_number": 24, "call_number": 60, "shelf_mark": 10, "location": 40, "attachments": 200,
    "acquired_from": 60, "note": 200,
}  # fmt: skip
_NAMED = {label: name for name, label in LABELS.items()}
# What spreadsheets and earlier systems write for yes and no.
YES_OR_NO = {
    "": False,
    "0": False,
    "no": False,
    "false": False,
    "1": True,
    "yes": True,
    "true": True,
    "有": True,
    "無": False,
}


@dataclass(frozen=True)
class Wrong(Problem):
    """A problem of a line; `sentence` says to staff what `expected` says to engineers."""

    sentence: str = ""

    @property
    def told(self) -> str:
        """Column, value and what is wrong, for the screen."""
        label = LABELS.get(self.column, "行")
        return f"{label}「{self.value}」: {self.sentence}" if self.value else f"{label}: {self.sentence}"


@dataclass(frozen=True)
class Tables:
    """What the columns with codes may say: code and name, both to the code; branches to their id."""

    branches: Mapping[str, int]
    materials: Mapping[str, str]
    statuses: Mapping[str, str]
    acquisitions: Mapping[str, str]


def table(choices: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Codes and their names, both to the code; a code goes before a name."""
    lines = list(choices)
    return {label: code for code, label in lines} | {code: code for code, _ in lines}


@dataclass(frozen=True)
class Row:
    """One line of the file: the numbers that name its record, by column, and the values of its item."""

    line: int
    keys: dict[str, str | int]
    values: dict[str, Any]

    @property
    def barcode(self) -> str:
        """The number on the item's label."""
        return str(self.values["barcode"])


def read(lines: Iterable[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and stripped values of every line; ImportRefused for a wrong header or what is not CSV."""
    reader = csv.DictReader(lines, strict=True)
    try:
        names = [name.strip() for name in reader.fieldnames or []]
        reader.fieldnames = header = [_NAMED.get(name, name) for name in names]
        _check_header(header)
        for row in reader:
            if None in row:
                many, said = f"{len(header)} values", f"値は{len(header)}個までです"
                raise ImportRefused([Wrong(reader.line_num, "line", ",".join(row[None]), many, said)])
            yield reader.line_num, {name: (row.get(name) or "").strip() for name in header}
    except csv.Error as error:
        # Where the broken line begins; an open quote is noticed at the end of the file only.
        wrong = Wrong(reader.line_num + 1, "line", "", f"CSV ({error})", "CSVとして読めません")
        raise ImportRefused([wrong]) from error


def _check_header(header: list[str]) -> None:
    wrong = [
        Wrong(1, name, "", "this column", "1行目にこの項目名がありません") for name in REQUIRED if name not in header
    ]
    if not set(RECORD) & set(header):
        told = "1行目に「書誌番号」「全国書誌番号」「ISBN」のどれかが要ります"
        wrong.append(Wrong(1, "record", "", "at least one of the columns " + ", ".join(RECORD), told))
    known = "one of " + ", ".join(COLUMNS)
    wrong += [Wrong(1, name, name, known, "知らない項目名です") for name in header if name not in COLUMNS]
    twice = sorted({name for name in header if header.count(name) > 1})
    wrong += [Wrong(1, name, name, "this column once", "同じ項目名が2つあります") for name in twice]
    if wrong:
        raise ImportRefused(wrong)


def barcode_expected(number: str) -> str:
    """What is expected instead of this number, "" when it may stand on an item.

    Labels of an earlier system stay on the books, so any 4 to 14 digits will do; but in our own band the check digit
    must fit, and what the counter would take for a card is no item.
    """
    if not re.fullmatch(r"[0-9]{4,14}", number):
        return "4 to 14 digits"
    if len(number) == rules.BARCODE_LENGTH and number.startswith(rules.ITEM_PREFIX) and not number_is_sound(number):
        return f"a check digit that fits, as in {rules.item_barcode(int(number[1:-1]) or 1)}"
    return "" if card_problem(number) else "an item's number (this is one of a library card)"


def row_of(line: int, row: Mapping[str, str], tables: Tables) -> tuple[Row, list[Problem]]:
    """The item that a line describes, and every problem of the line that shows without looking at the catalogue."""
    problems: list[Problem] = []

    def bad(column: str, expected: str, sentence: str) -> None:
        problems.append(Wrong(line, column, row.get(column, ""), expected, sentence))

    def one_of(column: str, known: Mapping[str, Any]) -> Any:
        text = row.get(column, "")
        if text not in known:
            shown = sorted({str(name) for name in known} - {""})
            names = [name for name in shown if not name.isascii()] or shown  # staff know names, not codes
            bad(column, "one of " + ", ".join(shown), f"「{'」「'.join(names[:12])}」のどれかにしてください")
        return known.get(text)

    def number(column: str, most: int) -> int | None:
        text = row.get(column, "")
        if not text:
            return None
        if re.fullmatch(f"[0-9]{{1,{most}}}", text):
            return int(text)
        bad(
            column,
            "digits, without commas" if column != "price" else "yen in digits, without commas",
            "数字だけで書いてください",
        )
        return None

    barcode = plain_number(row["barcode"])
    if expected := barcode_expected(barcode):
        bad("barcode", expected, "資料番号として使えない番号です")
    for column, text in row.items():
        if any(unicodedata.category(character) == "Cc" for character in text):
            bad(column, "text without control characters and line breaks", "改行や制御文字は使えません")
        elif len(text) > LONGEST.get(column, len(text)):
            bad(column, f"at most {LONGEST[column]} characters", f"{LONGEST[column]}字までです")
    values = {name: row.get(name, "") for name in LONGEST if name != "national_number"} | {
        "barcode": barcode,
        "branch_id": one_of("branch", tables.branches),
        "material_type": one_of("material_type", {"": "", **tables.materials}),
        "status": one_of("status", {"": ShelfStatus.IN_STOCK.value, **tables.statuses}),
        "restriction": one_of("restriction", table(Restriction.choices) | {"": ""}),
        "visibility": one_of("visibility", table(Visibility.choices) | {"": Visibility.PUBLIC.value}),
        "acquisition": one_of("acquisition", {"": "", **tables.acquisitions}),
        "reference_only": YES_OR_NO.get(row.get("reference_only", "").lower()),
        "acquired_on": _day(row.get("acquired_on", "")),
        "price": number("price", 9),
        "loans_before": number("loans_before", 6) or 0,
        "attachment_count": number("attachment_count", 3) or 0,
    }
    if bool(values["attachments"]) != bool(values["attachment_count"]):
        bad("attachments", "attachments together with attachment_count", "付属物は、内容と点数の両方を書いてください")
    if values["reference_only"] is None:
        bad("reference_only", "1 or 0 (empty is 0)", "1か0で書いてください(空欄は0)")
    if row.get("acquired_on") and values["acquired_on"] is None:
        bad("acquired_on", "a date like 2026-11-22", "2026-11-22 のように書いてください")
    return Row(line, _keys(row, bad), values), problems


def _keys(row: Mapping[str, str], bad: Any) -> dict[str, str | int]:
    keys: dict[str, str | int] = {}
    if text := row.get("record_id", ""):
        if re.fullmatch(r"[0-9]{1,18}", text):
            keys["record_id"] = int(text)
        else:
            bad("record_id", "the record's number in digits", "数字だけで書いてください")
    if text := row.get("national_number", ""):
        keys["national_number"] = text
    if text := row.get("isbn", ""):
        if isbn := rules.isbn13(text):
            keys["isbn"] = isbn
        else:
            bad("isbn", "an ISBN of 10 or 13 digits whose check digit fits", "ISBNとして正しくありません")
    if not any(row.get(column) for column in RECORD):
        where = next(column for column in RECORD if column in row)
        bad(where, "a value here, or in another of " + ", ".join(RECORD), "書誌を示す番号がありません")
    return keys


def record_of(row: Row, known: Mapping[tuple[str, str | int], set[int]]) -> tuple[int | None, list[Problem]]:
    """The one record that all numbers of the line name. `known`: the records by column and number."""
    problems: list[Problem] = [
        Wrong(row.line, column, str(key), "the number of a record in the catalogue", "この番号の書誌がありません")
        for column, key in row.keys.items()
        if not known.get((column, key))
    ]
    if problems or not row.keys:
        return None, problems
    last, shown = list(row.keys.items())[-1]
    same = set.intersection(*(known[key] for key in row.keys.items()))
    if len(same) == 1:
        return same.pop(), []
    if same:
        numbers = ", ".join(map(str, sorted(same)[:5]))
        expected = f"one record; {len(same)} have it, name a record_id: {numbers}"
        told = f"{len(same)}件の書誌に当てはまります。書誌番号で示してください({numbers})"
        return None, [Wrong(row.line, last, str(shown), expected, told)]
    others = ", ".join(column for column in row.keys if column != last)
    told = "ほかの番号と別の書誌を示しています"
    return None, [Wrong(row.line, last, str(shown), f"the record that {others} names", told)]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.replace("/", "-"))
    except ValueError:
        return None
