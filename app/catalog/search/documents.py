"""From a bibliographic record and its items to the row that the index stores. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from app.catalog.search import tokens
from app.catalog.search.fold import VERSION, as_typed, folded

KEY_LENGTH = 200


class Described(Protocol):
    """The fields of a record that the index reads; BibliographicRecord has them, a generated row may."""

    title: str
    title_reading: str
    other_titles: list[str]
    volume: str
    statement: str
    creators: list[str]
    creator_readings: list[str]
    publisher: str
    publisher_reading: str
    year: int | None
    isbn13: str
    other_isbns: list[str]
    ndc: str
    language: str
    material_type: str
    series: list[str]
    subjects: list[str]
    subject_readings: list[str]
    contents: list[str]
    notes: list[str]


@dataclass(frozen=True)
class Document:
    """One row of the index; the names are the columns of SearchDocument."""

    version: int
    title_key: str
    reading_key: str
    title_text: str
    author_text: str
    body_text: str
    tokens: list[int]
    material_type: str
    ndc1: str
    year: int | None
    language: str
    branches: list[int]
    held: bool


def main_title(title: str) -> str:
    """The title without its subtitle or parallel title (「書名 : 副書名」)."""
    return title.split(" : ")[0].split(" = ")[0]


def _joined(texts: Iterable[str]) -> str:
    return "\n".join(dict.fromkeys(text for text in map(folded, texts) if text))


def build(record: Described, branches: Sequence[int]) -> Document:
    """The document of a record held (not withdrawn) at these branches."""
    reading = record.title_reading
    title_text = _joined([record.title, reading, as_typed(reading), *record.other_titles, record.volume])
    author_text = _joined([*record.creators, *record.creator_readings, record.statement])
    body_text = _joined(
        [
            record.publisher,
            record.publisher_reading,
            *record.series,
            *record.subjects,
            *record.subject_readings,
            *record.contents,
            *record.notes,
            record.isbn13,
            *record.other_isbns,
        ]
    )
    return Document(
        version=VERSION,
        title_key=folded(main_title(record.title))[:KEY_LENGTH],
        reading_key=folded(as_typed(main_title(reading)))[:KEY_LENGTH],
        title_text=title_text,
        author_text=author_text,
        body_text=body_text,
        tokens=tokens.of_document((title_text, author_text, body_text)),
        material_type=record.material_type,
        ndc1=record.ndc[:1] if record.ndc[:1].isdigit() else "",
        year=record.year,
        language=record.language,
        branches=sorted(set(branches)),
        held=bool(branches),
    )
