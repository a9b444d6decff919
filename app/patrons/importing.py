"""Reading a register from a CSV file. Pure: rows in, patrons' values or problems out."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.patrons import rules

REQUIRED = ("card_number", "name", "kana", "category", "branch")
OPTIONAL = ("birth_date", "postal_code", "address", "phone", "email", "registered_on", "valid_until")
LONGEST = {"name": 80, "kana": 80, "postal_code": 8, "address": 200, "phone": 20, "email": 254}


@dataclass(frozen=True)
class Problem:
    """One value that cannot be taken over, and what was expected."""

    line: int
    column: str
    value: str
    expected: str

    def __str__(self) -> str:
        return f"line {self.line}, {self.column}: {self.value!r}: expected {self.expected}"


class ImportRefused(Exception):
    """The file has problems; nothing of it was taken over."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


def read(lines: Iterable[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and stripped values of every row; ImportRefused for a missing or strange column."""
    reader = csv.DictReader(lines)
    header = [name.strip() for name in reader.fieldnames or []]
    wrong = [Problem(1, name, "", "this column") for name in REQUIRED if name not in header]
    wrong += [
        Problem(1, name, name, "one of " + ", ".join(REQUIRED + OPTIONAL))
        for name in header
        if name not in REQUIRED + OPTIONAL
    ]
    if wrong:
        raise ImportRefused(wrong)
    reader.fieldnames = header
    for row in reader:
        yield reader.line_num, {name: (row.get(name) or "").strip() for name in header}


def values_of(
    line: int, row: Mapping[str, str], categories: Mapping[str, int], branches: Mapping[str, int], today: date
) -> tuple[dict[str, Any], list[Problem]]:
    """The fields of a patron, and every problem of the row. A number of an earlier system needs no check digit."""
    problems: list[Problem] = []

    def bad(column: str, expected: str) -> None:
        problems.append(Problem(line, column, row.get(column, ""), expected))

    number = rules.plain_number(row["card_number"])
    if not rules.LEAST_DIGITS <= len(number) <= rules.MOST_DIGITS:
        bad("card_number", f"{rules.LEAST_DIGITS} to {rules.MOST_DIGITS} digits")
    kana = rules.katakana(row["kana"])
    if not rules.KANA.match(kana):
        bad("kana", "hiragana or katakana")
    if not row["name"]:
        bad("name", "a name")
    for column, table in (("category", categories), ("branch", branches)):
        if row[column] not in table:
            bad(column, "one of " + ", ".join(sorted(table)))
    days = {column: _day(row.get(column, "")) for column in ("birth_date", "registered_on", "valid_until")}
    for column, (_, good) in days.items():
        if not good:
            bad(column, "a date like 2026-11-22")
    for column, longest in LONGEST.items():
        if len(row.get(column, "")) > longest:
            bad(column, f"at most {longest} characters")
    values = {
        "card_number": number,
        "name": row["name"],
        "kana": kana,
        "category_id": categories.get(row["category"]),
        "branch_id": branches.get(row["branch"]),
        "phone": rules.plain_phone(row.get("phone", "")),
        **{column: row.get(column, "") for column in ("postal_code", "address", "email")},
        **{column: day for column, (day, _) in days.items()},
    }
    values["registered_on"] = values["registered_on"] or today
    return values, problems


def _day(text: str) -> tuple[date | None, bool]:
    if not text:
        return None, True
    try:
        return date.fromisoformat(text.replace("/", "-")), True
    except ValueError:
        return None, False
