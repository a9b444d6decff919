"""From a bibliographic record and its items to the row that the index stores. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, Protocol

from app.catalog import rules
from app.catalog.search.fold import VERSION, as_typed, folded
from app.catalog.search.grams import lines, spaced

KEY_LENGTH = 200
LEVELS = {"public": 0, "inside": 1, "staff": 2}
NOT_HELD = 3
# Behind every text that is sorted by.
LAST = "\U0010ffff"
_EPOCH = date(1970, 1, 1).toordinal()
_CLASS = re.compile(r"[0-9A-Za-z.]+")


class Described(Protocol):
    """The fields of a record that the index reads; `READ` names all of them."""

    title: str
    title_reading: str


READ = (
    "title",
    "title_reading",
    "title_translit",
    "own_fields",
    "other_titles",
    "original_title",
    "volume",
    "statement",
    "creators",
    "creator_readings",
    "creator_translits",
    "performers",
    "publisher",
    "publisher_reading",
    "issuing_section",
    "year",
    "isbn13",
    "other_isbns",
    "issn",
    "national_number",
    "control_number",
    "publisher_number",
    "ndc",
    "other_classes",
    "local_class",
    "language",
    "material_type",
    "audience",
    "visibility",
    "series",
    "subjects",
    "subject_readings",
    "local_places",
    "local_people",
    "contents",
    "notes",
    "summary",
    "toc",
)


@dataclass(frozen=True)
class Holdings:
    """Where a record's items stand, by who may see them (a branch may stand in several), and the newest one's day."""

    public: Sequence[int] = ()
    inside: Sequence[int] = ()
    staff: Sequence[int] = ()
    newest: date | None = None


@dataclass(frozen=True)
class Around:
    """What belongs to a record and stands elsewhere: other forms of its names and subjects (by the form that the
    record has), the pieces it contains, the titles of what it is a part of."""

    forms: Mapping[str, Sequence[str]] = field(default_factory=dict)
    pieces: Sequence[str] = ()
    parents: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One row of the index; the names are the columns of SearchDocument."""

    version: int
    title: str
    author: str
    publisher: str
    subject: str
    series: str
    contents: str
    numbers: str
    classes: str
    title_order: str
    author_order: str
    material_type: str
    ndc: str
    year: int | None
    language: str
    audience: str
    visibility: int
    branches: list[int]
    inside_branches: list[int]
    staff_branches: list[int]
    held: int
    arrived: int


def main_title(title: str) -> str:
    """The title without its subtitle or parallel title (「書名 : 副書名」)."""
    return title.split(" : ")[0].split(" = ")[0]


def build(record: Any, holdings: Holdings, around: Around = Around()) -> Document:
    """The document of a record (with the fields READ) held (not withdrawn) at these branches."""
    reading, typed = record.title_reading, as_typed(record.title_reading)
    titles = [record.title, main_title(record.title), reading, main_title(reading), typed, main_title(typed)]
    if record.volume:
        titles += [f"{main_title(text)} {record.volume}" for text in (record.title, reading) if text]
    titles += [*record.other_titles, record.original_title, record.title_translit]
    authors = [*record.creators, *record.creator_readings, *record.creator_translits, *record.performers]
    subjects = [*record.subjects, *record.subject_readings, *record.local_places, *record.local_people]
    inside = set(holdings.inside) - set(holdings.public)
    staff = set(holdings.staff) - set(holdings.public) - inside
    return Document(
        version=VERSION,
        title=_lines(titles),
        author=_lines([*authors, record.statement, *_forms(record.creators, around)]),
        publisher=_lines([record.publisher, record.publisher_reading, record.issuing_section]),
        subject=_lines([*subjects, *_forms(record.subjects, around)]),
        series=_lines([*record.series, *around.parents]),
        contents=_lines([*record.contents, *record.notes, *around.pieces, *_free(record)]),
        numbers=lines(map(spaced, _numbers(record))),
        classes=lines(spaced(_class(text)) for text in (record.ndc, record.local_class, *record.other_classes)),
        title_order=(folded(reading) or folded(record.title))[:KEY_LENGTH] or LAST,
        author_order=folded(next(iter([*record.creator_readings, *record.creators]), ""))[:KEY_LENGTH] or LAST,
        material_type=record.material_type,
        ndc=record.ndc.partition(".")[0][:3] if rules.is_ndc(record.ndc) else "",
        year=record.year,
        language=record.language,
        audience=record.audience,
        visibility=LEVELS.get(record.visibility, 0),
        branches=sorted(set(holdings.public)),
        inside_branches=sorted(inside),
        staff_branches=sorted(staff),
        held=0 if holdings.public else 1 if inside else 2 if staff else NOT_HELD,
        arrived=holdings.newest.toordinal() - _EPOCH if holdings.newest else 0,
    )


@lru_cache(maxsize=1 << 16)
def _value(text: str) -> str:
    """A text as it stands in a document. Names, publishers and subjects come again and again."""
    return spaced(folded(text))


def _lines(texts: Sequence[str]) -> str:
    return lines(_value(text) for text in texts if text)


def _forms(names: Sequence[str], around: Around) -> list[str]:
    return [form for name in names for form in around.forms.get(name, ())] if around.forms else []


def _numbers(record: Any) -> list[str]:
    """ISBNs with 13 digits and every other number that a record is known by, folded and without blanks."""
    isbns = [record.isbn13, *(rules.isbn13(text) or text for text in record.other_isbns)]
    others = [record.issn, record.national_number, record.control_number, record.publisher_number]
    return [folded(text).replace(" ", "") for text in (*isbns, *others) if text]


def _free(record: Any) -> list[str]:
    """Summary, table of contents and the library's own fields."""
    return [record.summary, *record.toc.splitlines(), *record.own_fields]


def _class(text: str) -> str:
    """A classification number as it is looked for, without the name of its scheme ("NDC9:913.5")."""
    return "".join(_CLASS.findall(text.rpartition(":")[2])).upper()
