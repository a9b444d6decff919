"""Reading Japan Post's KEN_ALL file and a city's own list of districts. Pure: lines in, rows out.

Columns used of KEN_ALL (郵便番号データの説明): 1 municipality code, 3 postal code, 7 prefecture, 8 city, 9 town. A
town's name that is too long for one line goes on in the next lines of the same code until its bracket closes; what
stands in brackets says which lots are meant and is no part of an address.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

NOT_A_TOWN = re.compile(r"^以下に掲載がない場合$|の次に.*番地がくる場合$|^.*一円$")
BRACKET = re.compile(r"（.*）?$")


class BadFile(Exception):
    """A line that is not in the format; the text names the line and what was expected."""


@dataclass(frozen=True)
class Town:
    """One town of one postal code."""

    code: str
    city_code: str
    prefecture: str
    city: str
    town: str


@dataclass(frozen=True)
class DistrictTown:
    """A town, or the beginning of towns' names, that belongs to a district."""

    district: str
    name: str
    town: str


def towns(lines: Iterable[str]) -> Iterator[Town]:
    """Every town of the file, in its order. BadFile for a line with too few columns or a code that is none."""
    held: Town | None = None
    for number, row in enumerate(csv.reader(lines), start=1):
        if not row or row[0].startswith("#"):
            continue
        if len(row) < 9 or not re.fullmatch(r"\d{7}", row[2]) or not re.fullmatch(r"\d{5}", row[0]):
            raise BadFile(f"line {number}: expected KEN_ALL columns (code of 5 digits, …, postal code of 7 digits, …)")
        town = Town(row[2], row[0], row[6], row[7], row[8])
        if held is not None:
            town = replace(held, town=held.town + town.town)
        if "（" in town.town and "）" not in town.town:
            held = town
            continue
        held = None
        yield replace(town, town=_plain(town.town))
    if held is not None:
        raise BadFile("the last line's bracket is not closed: the file is cut")


def _plain(name: str) -> str:
    name = BRACKET.sub("", name)
    return "" if NOT_A_TOWN.search(name) else name


def districts(lines: Iterable[str]) -> list[DistrictTown]:
    """The city's districts: columns `district,name,town` with a header. BadFile when a column is missing."""
    reader = csv.DictReader(line for line in lines if not line.startswith("#"))
    if not {"district", "name", "town"} <= set(reader.fieldnames or []):
        raise BadFile("line 1: expected the columns district,name,town")
    return [DistrictTown(row["district"].strip(), row["name"].strip(), row["town"].strip()) for row in reader]


def district_of(town: Town, known: Sequence[DistrictTown]) -> str:
    """The district whose town is the longest beginning of this one's name; the municipality's code when none is."""
    fitting = [row for row in known if row.town and town.town.startswith(row.town)]
    return max(fitting, key=lambda row: len(row.town)).district if fitting else town.city_code
