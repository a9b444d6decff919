"""The address of a search: what may stand in it, and how it is read. Anything odd is ignored, nothing is refused."""

from urllib.parse import urlencode

from django.http import QueryDict

from app.catalog.codes import NDC_CLASSES, material_types
from app.catalog.search import Query
from app.web.dates import parse_year

PAGE_SIZE = 20
SORTS = (
    ("relevance", "関連の強い順"),
    ("newest", "出版年の新しい順"),
    ("oldest", "出版年の古い順"),
    ("title", "書名の五十音順"),
)
SCOPES = (("held", "この図書館の所蔵"), ("all", "所蔵していない資料も含める"))
_MOST_VALUES = 40


def _number(text: str, low: int, high: int) -> int | None:
    """The number when it is one within the limits; digits of any script are not guessed at."""
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        return None
    number = int(text)
    return number if low <= number <= high else None


def _year(text: str) -> int | None:
    """A year by the Western count or by the era (R5, 令和5年)."""
    return _number(text, 1, 2100) or parse_year(text[:10])


def read_query(parameters: QueryDict) -> Query:
    """The query that an address asks for."""
    sort = parameters.get("sort", "")
    asked = parameters.getlist("material")[:_MOST_VALUES]
    materials = dict(material_types(all_lines=True)) if asked else {}
    return Query(
        text=parameters.get("q", "").replace("\x00", " "),
        scope="all" if parameters.get("scope") == "all" else "held",
        materials=tuple(v for v in asked if v in materials),
        classes=tuple(v for v in parameters.getlist("class")[:_MOST_VALUES] if v in NDC_CLASSES),
        branches=tuple(
            n for v in parameters.getlist("branch")[:_MOST_VALUES] if (n := _number(v, 1, 2**31 - 1)) is not None
        ),
        year_from=_year(parameters.get("from", "")),
        year_to=_year(parameters.get("to", "")),
        sort=sort if sort in dict(SORTS) else "relevance",
        page=_number(parameters.get("page", ""), 1, 10**6) or 1,
        size=PAGE_SIZE,
    )


def address(query: Query, **changes: object) -> str:
    """The query string of a query with changes; defaults are left out, so that one result has one address."""
    values: dict[str, object] = {
        "q": query.text,
        "scope": query.scope,
        "material": query.materials,
        "class": query.classes,
        "branch": query.branches,
        "from": query.year_from,
        "to": query.year_to,
        "sort": query.sort,
        "page": 1,
    } | changes
    defaults = {"scope": "held", "sort": "relevance", "page": 1}
    kept = {k: v for k, v in values.items() if v not in ("", (), None) and defaults.get(k) != v}
    return "?" + urlencode(kept, doseq=True, errors="replace")
