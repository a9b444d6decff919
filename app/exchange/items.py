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
from app.catalog.codes import MaterialType, ShelfStatus
from app.patrons.importing import ImportRefused, Problem
from app.patrons.rules import card_problem, number_is_sound, plain_number

REQUIRED = ("barcode", "branch")
RECORD = ("record_id", "national_number", "isbn")
OPTIONAL = ("call_number", "material_type", "reference_only", "location", "status", "acquired_on", "price")
COLUMNS = REQUIRED + RECORD + OPTIONAL
LONGEST = {"national_number": 24, "call_number": 60, "location": 40}
# What spreadsheets and earlier systems write for yes and no.
YES_OR_NO = {"": False, "0": False, "no": False, "false": False, "1": True, "yes": True, "true": True}


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
        reader.fieldnames = header = [name.strip() for name in reader.fieldnames or []]
        _check_header(header)
        for row in reader:
            if None in row:
                raise ImportRefused([Problem(reader.line_num, "line", ",".join(row[None]), f"{len(header)} values")])
            yield reader.line_num, {name: (row.get(name) or "").strip() for name in header}
    except csv.Error as error:
        # Where the broken line begins; an open quote is noticed at the end of the file only.
        raise ImportRefused([Problem(reader.line_num + 1, "line", "", f"CSV ({error})")]) from error


def _check_header(header: list[str]) -> None:
    wrong = [Problem(1, name, "", "this column") for name in REQUIRED if name not in header]
    if not set(RECORD) & set(header):
        wrong.append(Problem(1, "record", "", "at least one of the columns " + ", ".join(RECORD)))
    wrong += [Problem(1, name, name, "one of " + ", ".join(COLUMNS)) for name in header if name not in COLUMNS]
    wrong += [Problem(1, name, name, "this column once") for name in sorted(set(header)) if header.count(name) > 1]
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


def row_of(line: int, row: Mapping[str, str], branches: Mapping[str, int]) -> tuple[Row, list[Problem]]:
    """The item that a line describes, and every problem of the line that shows without looking at the catalogue."""
    problems: list[Problem] = []

    def bad(column: str, expected: str) -> None:
        problems.append(Problem(line, column, row.get(column, ""), expected))

    def one_of(column: str, table: Mapping[str, Any], shown: Iterable[str]) -> Any:
        text = row.get(column, "")
        if text not in table:
            bad(column, "one of " + ", ".join(shown))
        return table.get(text)

    barcode = plain_number(row["barcode"])
    if expected := barcode_expected(barcode):
        bad("barcode", expected)
    for column, text in row.items():
        if any(unicodedata.category(character) == "Cc" for character in text):
            bad(column, "text without control characters and line breaks")
        elif len(text) > LONGEST.get(column, len(text)):
            bad(column, f"at most {LONGEST[column]} characters")
    values = {
        "barcode": barcode,
        "branch_id": one_of("branch", branches, sorted(branches)),
        "call_number": row.get("call_number", ""),
        "location": row.get("location", ""),
        "material_type": one_of("material_type", {"": ""} | _codes(MaterialType), MaterialType.values),
        "status": one_of("status", {"": ShelfStatus.IN_STOCK} | _codes(ShelfStatus), ShelfStatus.values),
        "reference_only": YES_OR_NO.get(row.get("reference_only", "").lower()),
        "acquired_on": _day(row.get("acquired_on", "")),
        "price": int(row["price"]) if re.fullmatch(r"[0-9]{1,9}", row.get("price", "")) else None,
    }
    if values["reference_only"] is None:
        bad("reference_only", "1 or 0 (empty is 0)")
    if row.get("acquired_on") and values["acquired_on"] is None:
        bad("acquired_on", "a date like 2026-11-22")
    if row.get("price") and values["price"] is None:
        bad("price", "yen in digits, without commas")
    return Row(line, _keys(row, bad), values), problems


def _keys(row: Mapping[str, str], bad: Any) -> dict[str, str | int]:
    keys: dict[str, str | int] = {}
    if text := row.get("record_id", ""):
        if re.fullmatch(r"[0-9]{1,18}", text):
            keys["record_id"] = int(text)
        else:
            bad("record_id", "the record's number in digits")
    if text := row.get("national_number", ""):
        keys["national_number"] = text
    if text := row.get("isbn", ""):
        if isbn := rules.isbn13(text):
            keys["isbn"] = isbn
        else:
            bad("isbn", "an ISBN of 10 or 13 digits whose check digit fits")
    if not any(row.get(column) for column in RECORD):
        bad(next(column for column in RECORD if column in row), "a value here, or in another of " + ", ".join(RECORD))
    return keys


def record_of(row: Row, known: Mapping[tuple[str, str | int], set[int]]) -> tuple[int | None, list[Problem]]:
    """The one record that all numbers of the line name. `known`: the records by column and number."""
    problems = [
        Problem(row.line, column, str(key), "the number of a record in the catalogue")
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
        return None, [
            Problem(row.line, last, str(shown), f"one record; {len(same)} have it, name a record_id: {numbers}")
        ]
    others = ", ".join(column for column in row.keys if column != last)
    return None, [Problem(row.line, last, str(shown), f"the record that {others} names")]


def _codes(choices: Any) -> dict[str, str]:
    """Codes and their Japanese names, both to the code."""
    return {value: value for value in choices.values} | {label: value for value, label in choices.choices}


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.replace("/", "-"))
    except ValueError:
        return None
