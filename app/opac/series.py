"""The parts of a series in their order (F-OPA-009). The rules are pure; the list is read through the search service."""

import re
import unicodedata
from dataclasses import replace

from app.catalog.asking import Row, where_of
from app.catalog.models import BibliographicRecord
from app.catalog.search import Query, search
from app.catalog.search.fold import folded

# A series is shown whole up to so many parts; longer ones are lists like any other.
MOST_PARTS = 500
_NUMBERING = re.compile(
    r"\s*(?:[;；]\s*|(?<=\S)\s+(?=(?:第|巻|no\.?|vol\.?)?\s*[0-9０-９]+))(?P<rest>.*)$", re.IGNORECASE
)
_DIGITS = re.compile(r"[0-9]+")
_LAST = 10**9


def series_name(text: str) -> str:
    """The name of a series without the number of the part: 「岩波文庫 ; 緑10-1」 and 「岩波文庫 12」 are 岩波文庫."""
    name = _NUMBERING.sub("", unicodedata.normalize("NFKC", text)).strip(" .,;:")
    return name or text.strip()


def place_in(name: str, series: list[str], volume: str, part_order: int | None) -> tuple[int, ...]:
    """Where a part stands in its series: by its order there, else by its number in the series, else by its volume."""
    if part_order is not None:
        return (part_order,)
    wanted = folded(name)
    rests = [text for text in series if folded(text).startswith(wanted)]
    numbers = [_numbers(folded_rest(text, name)) for text in rests]
    found = next((number for number in numbers if number), ()) or _numbers(volume)
    return found or (_LAST,)


def folded_rest(text: str, name: str) -> str:
    """What follows the name of the series."""
    found = _NUMBERING.search(unicodedata.normalize("NFKC", text))
    return found["rest"] if found else text[len(name) :]


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(digits) for digits in _DIGITS.findall(unicodedata.normalize("NFKC", text))[:4] if len(digits) < 9)


def parts_of(name: str, base: Query) -> tuple[list[int], int]:
    """The records of a series in the order of its parts, and how many there are. More than MOST_PARTS are too many to
    put in order here and come back as []. One search and one SQL statement."""
    row = Row("series", "prefix", name)
    result = search(replace(base, where=where_of([row]), scope="all", sort="title", size=MOST_PARTS))
    if result.total > MOST_PARTS:
        return [], result.total
    columns = ("pk", "series", "volume", "part_order", "year", "title_reading")
    rows = BibliographicRecord.objects.filter(pk__in=[hit.record_id for hit in result.hits]).values_list(*columns)
    ordered = sorted(
        rows, key=lambda row: (place_in(name, row[1], row[2], row[3]), row[4] is None, row[4] or 0, row[5], row[0])
    )
    return [pk for pk, *_ in ordered], result.total
