"""The address of a search: what may stand in it and how it is read. Shared by the public and the staff's pages.

Anything odd in an address is left out, nothing is refused; a result has one address. The rows of the advanced form
stand in it as parallel lists (`f` field, `m` kind of match, `t` text, `j` how it is joined to the rows before).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from app.catalog import ndc
from app.catalog.codes import LANGUAGES, Audience, material_types
from app.catalog.search.parse import in_field
from app.catalog.search.query import AllOf, AnyOf, Node, Query, Without
from app.web.dates import japanese_year, parse_year

Labels = Mapping[str, str | Promise]

ROW_FIELDS: Labels = {
    "any": _("すべて"),
    "title": _("書名"),
    "author": _("著者"),
    "publisher": _("出版者"),
    "subject": _("件名"),
    "series": _("シリーズ"),
    "contents": _("内容・目次"),
    "class": _("分類(NDC)"),
    "number": _("ISBN・書誌番号"),
}
ROW_MATCHES: Labels = {"part": _("を含む"), "prefix": _("で始まる"), "exact": _("と一致する")}
ROW_JOINERS: Labels = {"and": _("かつ"), "or": _("または"), "not": _("のぞく")}
SORT_NAMES: Labels = {
    "relevance": _("関連の強い順"),
    "newest": _("出版年の新しい順"),
    "oldest": _("出版年の古い順"),
    "title": _("書名の五十音順"),
    "author": _("著者の五十音順"),
    "popular": _("よく借りられている順"),
    "arrived": _("新しく入った順"),
}
SCOPE_NAMES: Labels = {"held": _("この図書館の所蔵"), "all": _("所蔵していない資料も含める")}
SHOWN_ROWS = 4
_MOST_ROWS = 8
_MOST_VALUES = 40
_LONGEST_ROW = 200


@dataclass(frozen=True)
class Row:
    """One row of the advanced form. `joiner` says how it is joined to the rows before it."""

    field: str = "any"
    match: str = "part"
    text: str = ""
    joiner: str = "and"

    @property
    def label(self) -> str:
        """The row in words: 「著者: 夏目漱石(と一致する)」."""
        match = "" if self.match == "part" else f"({ROW_MATCHES[self.match]})"
        joiner = "" if self.joiner == "and" else f"{ROW_JOINERS[self.joiner]} "
        return f"{joiner}{ROW_FIELDS[self.field]}: {self.text}{match}"


def where_of(rows: Iterable[Row]) -> Node | None:
    """The rows as one condition, joined from the first to the last; None when no row asks for anything."""
    node: Node | None = None
    for row in rows:
        found = in_field(row.text, row.field, row.match)
        if found is None:
            continue
        part: Node = Without(found) if row.joiner == "not" else found
        node = part if node is None else AnyOf((node, part)) if row.joiner == "or" else AllOf((node, part))
    return node


@dataclass(frozen=True)
class Asked:
    """A search as its address says it. `base` is the search of an empty address on this site: its values are left
    out of addresses. `remarks` are sentences for the reader about what could not be read."""

    query: Query
    base: Query
    rows: tuple[Row, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def anything(self) -> bool:
        """True when something is asked for."""
        return bool(self.query.text.strip()) or self.query.narrowed

    def with_rows(self, rows: Iterable[Row]) -> "Asked":
        """The same search with other rows."""
        kept = tuple(rows)
        return replace(self, rows=kept, query=replace(self.query, where=where_of(kept)))

    def changed(self, **changes: Any) -> "Asked":
        """The same search with these values of the query changed, from its first page."""
        return replace(self, query=replace(self.query, **({"page": 1} | changes)))

    def pairs(self) -> list[tuple[str, str]]:
        """The address as names and values; what an empty address means anyway is left out."""
        kept: list[tuple[str, str]] = []
        usual = dict(_values(self.base))
        for name, value in _values(self.query):
            if value != usual[name]:
                kept += [(name, one) for one in (value if isinstance(value, tuple) else (value,))]
        for row in self.rows:
            kept += [("f", row.field), ("m", row.match), ("t", row.text), ("j", row.joiner)]
        return kept

    @property
    def url(self) -> str:
        """The query string of the search, beginning with "?"."""
        return "?" + urlencode(self.pairs(), errors="replace")

    def to(self, **changes: Any) -> str:
        """The query string of the changed search."""
        return self.changed(**changes).url


def _values(query: Query) -> list[tuple[str, Any]]:
    """What stands in an address besides the rows, in the order of an address."""
    return [
        ("q", query.text),
        ("scope", query.scope),
        ("material", query.materials),
        ("class", query.classes),
        ("branch", tuple(str(branch) for branch in query.branches)),
        ("from", "" if query.year_from is None else str(query.year_from)),
        ("to", "" if query.year_to is None else str(query.year_to)),
        ("language", query.languages),
        ("audience", query.audiences),
        ("available", "1" if query.available else ""),
        ("sort", query.sort),
        ("page", str(query.page)),
    ]


def number(text: str, low: int, high: int) -> int | None:
    """The number when it is one within the limits; digits of any script are not guessed at."""
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        return None
    found = int(text)
    return found if low <= found <= high else None


def year(text: str) -> int | None:
    """A year by the Western count or by the era (R5, 令和5年)."""
    return number(text, 1, 2100) or parse_year(text[:10])


def _chosen(parameters: QueryDict, name: str, known: Iterable[str]) -> tuple[str, ...]:
    asked = parameters.getlist(name)[:_MOST_VALUES]
    return tuple(dict.fromkeys(value for value in asked if value in known)) if asked else ()


def read_rows(parameters: QueryDict) -> tuple[Row, ...]:
    """The rows of the advanced form that have a text."""
    lists = [parameters.getlist(name)[: _MOST_ROWS * 2] for name in ("f", "m", "t", "j")]
    rows = []
    for field, match, text, joiner in zip_longest(*lists, fillvalue=""):
        text = text.replace("\x00", " ").strip()[:_LONGEST_ROW]
        if text:
            rows.append(
                Row(
                    field if field in ROW_FIELDS else "any",
                    match if match in ROW_MATCHES else "part",
                    text,
                    joiner if joiner in ROW_JOINERS else "and",
                )
            )
    return tuple(rows[:_MOST_ROWS])


def read(parameters: QueryDict, base: Query) -> Asked:
    """The search that an address asks for; `base` is the one of an empty address. No SQL beyond the code tables."""
    rows = read_rows(parameters)
    years = {name: parameters.get(name, "").strip() for name in ("from", "to")}
    low, high = year(years["from"]), year(years["to"])
    remarks = [
        gettext("出版年「%(text)s」は読み取れませんでした。2023、R5、令和5のように入力してください。")
        % {"text": text[:20]}
        for text, found in ((years["from"], low), (years["to"], high))
        if text and found is None
    ]
    sort, scope = parameters.get("sort", ""), parameters.get("scope", "")
    materials = dict(material_types(all_lines=True)) if "material" in parameters else {}
    query = replace(
        base,
        text=parameters.get("q", "").replace("\x00", " "),
        where=where_of(rows),
        scope=scope if scope in SCOPE_NAMES else base.scope,
        materials=_chosen(parameters, "material", materials),
        classes=tuple(dict.fromkeys(v for v in parameters.getlist("class")[:_MOST_VALUES] if ndc.is_class(v))),
        branches=tuple(
            dict.fromkeys(
                n for v in parameters.getlist("branch")[:_MOST_VALUES] if (n := number(v, 1, 2**31 - 1)) is not None
            )
        ),
        year_from=low,
        year_to=high,
        languages=_chosen(parameters, "language", LANGUAGES),
        audiences=_chosen(parameters, "audience", Audience.values[1:]),
        available=parameters.get("available") == "1",
        sort=sort if sort in SORT_NAMES else base.sort,
        page=number(parameters.get("page", ""), 1, 10**6) or 1,
    )
    return Asked(query, base, rows, tuple(remarks))


def years_label(low: int | None, high: int | None) -> str:
    """A year or a span of years by both counts: 「2019–2023年(令和元年〜令和5年)」「1950年(昭和25年)以降」."""
    ends = [f"{end}年" + (f"({era})" if (era := japanese_year(end)) else "") for end in (low, high) if end is not None]
    if low is None:
        return gettext("%(year)s以前") % {"year": ends[0]}
    if high is None:
        return gettext("%(year)s以降") % {"year": ends[0]}
    if low == high:
        return ends[0]
    eras = [japanese_year(low), japanese_year(high)]
    return f"{low}–{high}年" + (f"({'〜'.join(eras)})" if all(eras) else "")
