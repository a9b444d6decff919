"""What stands beside a list of results: the ways to narrow it with their counts, what is chosen, orders, pages. Pure.

A count is what choosing the value gives: once a group has a value chosen, its other values are not offered (they
would widen the result), except the classes below a chosen class and further authors.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext

from app.catalog import ndc
from app.catalog.asking import ROW_FIELDS, SCOPE_NAMES, SORT_NAMES, Asked, Row, years_label
from app.catalog.codes import LANGUAGES, Audience, material_types
from app.catalog.search import FacetCount, Result
from app.catalog.search.query import DEEPEST_PAGE

SHOWN_VALUES = 8


@dataclass(frozen=True)
class Value:
    """One value to narrow by: how many records it leaves, and the address of that result."""

    label: str | Promise
    count: int
    url: str


@dataclass(frozen=True)
class Group:
    """The values of one kind; `more` are those beyond the first few."""

    name: str
    title: str
    values: list[Value]
    more: list[Value]


@dataclass(frozen=True)
class Chip:
    """A condition in words, and the address of the result without it."""

    label: str
    url: str


@dataclass(frozen=True)
class PageLink:
    """The address of one page of the list; a gap stands before it when `gap`."""

    number: int
    url: str
    current: bool
    gap: bool


def groups(asked: Asked, result: Result, branches: Mapping[int, str]) -> list[Group]:
    """The ways to narrow a result, each with more than nothing to offer. `branches` are names by id."""
    offered = [
        ("available", gettext("利用"), _available(asked, _of(result, "available"))),
        ("branch", gettext("所蔵館"), _branches(asked, _of(result, "branch"), branches)),
        ("material", gettext("資料種別"), _materials(asked, _of(result, "material"))),
        ("ndc", gettext("分類"), _classes(asked, _of(result, "ndc"))),
        ("decade", gettext("出版年"), _decades(asked, _of(result, "decade"))),
        ("author", gettext("著者"), _authors(asked, _of(result, "author"))),
        ("audience", gettext("対象"), _audiences(asked, _of(result, "audience"))),
        ("language", gettext("言語"), _languages(asked, _of(result, "language"))),
    ]
    return [
        Group(name, title, values[:SHOWN_VALUES], values[SHOWN_VALUES:]) for name, title, values in offered if values
    ]


def _of(result: Result, name: str) -> Iterable[FacetCount]:
    return result.facets.get(name, ())


def _available(asked: Asked, facets: Iterable[FacetCount]) -> list[Value]:
    if asked.query.available:
        return []
    return [Value(gettext("いま借りられる"), facet.count, asked.to(available=True)) for facet in facets]


def _branches(asked: Asked, facets: Iterable[FacetCount], names: Mapping[int, str]) -> list[Value]:
    if asked.query.branches:
        return []
    found = [(int(facet.value), facet.count) for facet in facets]
    return [Value(names[pk], count, asked.to(branches=(pk,))) for pk, count in found if pk in names]


def _materials(asked: Asked, facets: Iterable[FacetCount]) -> list[Value]:
    if asked.query.materials:
        return []
    names = dict(material_types(all_lines=True))
    return [
        Value(gettext(str(names[facet.value])), facet.count, asked.to(materials=(facet.value,)))
        for facet in facets
        if facet.value in names
    ]


def _classes(asked: Asked, facets: Iterable[FacetCount]) -> list[Value]:
    chosen = asked.query.classes
    below = [facet for facet in facets if facet.value not in chosen]
    return [Value(class_label(facet.value), facet.count, asked.to(classes=(facet.value,))) for facet in below]


def _decades(asked: Asked, facets: Iterable[FacetCount]) -> list[Value]:
    query = asked.query
    if query.year_from is not None or query.year_to is not None:
        return []
    decades = sorted(((int(facet.value), facet.count) for facet in facets), reverse=True)
    return [
        Value(gettext("%(year)d年代") % {"year": first}, count, asked.to(year_from=first, year_to=first + 9))
        for first, count in decades
    ]


def _authors(asked: Asked, facets: Iterable[FacetCount]) -> list[Value]:
    chosen = {row.text for row in asked.rows if row.field == "author" and row.match == "exact"}
    return [
        Value(facet.value, facet.count, narrowed(asked, Row("author", "exact", facet.value)).url)
        for facet in facets
        if facet.value not in chosen
    ]


def _audiences(asked: Asked, facets: Iterable[FacetCount]) -> list[Value]:
    if asked.query.audiences:
        return []
    names = dict(Audience.choices)
    return [
        Value(gettext(str(names[facet.value])), facet.count, asked.to(audiences=(facet.value,)))
        for facet in facets
        if facet.value in names
    ]


def _languages(asked: Asked, facets: Iterable[FacetCount]) -> list[Value]:
    if asked.query.languages:
        return []
    return [
        Value(gettext(LANGUAGES[facet.value]), facet.count, asked.to(languages=(facet.value,)))
        for facet in facets
        if facet.value in LANGUAGES
    ]


def narrowed(asked: Asked, row: Row) -> Asked:
    """The search with one more row that must hold too, from its first page."""
    return asked.changed().with_rows((*asked.rows, row))


def class_label(number: str) -> str:
    """Number and name of a class in the reader's language, where it is known there."""
    return f"{number} {gettext(ndc.name(number))}" if ndc.name(number) else number


def chips(asked: Asked, branches: Mapping[int, str]) -> list[Chip]:
    """Every condition besides the text, each with the address without it."""
    query = asked.query
    found = [Chip(row.label, _without_row(asked, place)) for place, row in enumerate(asked.rows)]
    if query.available:
        found.append(Chip(gettext("いま借りられる"), asked.to(available=False)))
    found += [
        Chip(branches[pk], asked.to(branches=_without(query.branches, pk))) for pk in query.branches if pk in branches
    ]
    names = dict(material_types(all_lines=True)) if query.materials else {}
    found += [
        Chip(gettext(str(names[code])), asked.to(materials=_without(query.materials, code))) for code in query.materials
    ]
    # One level up rather than out: what was narrowed step by step is widened step by step.
    found += [
        Chip(
            class_label(number),
            asked.to(classes=(*_without(query.classes, number), *((number[:-1],) if number[:-1] else ()))),
        )
        for number in query.classes
    ]
    if query.year_from is not None or query.year_to is not None:
        label = gettext("出版年") + f" {years_label(query.year_from, query.year_to)}"
        found.append(Chip(label, asked.to(year_from=None, year_to=None)))
    audiences = dict(Audience.choices)
    found += [
        Chip(gettext(str(audiences[code])), asked.to(audiences=_without(query.audiences, code)))
        for code in query.audiences
    ]
    found += [
        Chip(gettext(LANGUAGES[code]), asked.to(languages=_without(query.languages, code))) for code in query.languages
    ]
    if query.scope != asked.base.scope:
        found.append(Chip(str(SCOPE_NAMES[query.scope]), asked.to(scope=asked.base.scope)))
    return found


def _without(values: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
    return tuple(one for one in values if one != value)


def _without_row(asked: Asked, place: int) -> str:
    rows = (*asked.rows[:place], *asked.rows[place + 1 :])
    return asked.changed().with_rows(rows).url


def sorts(asked: Asked) -> list[tuple[str, str | Promise, str]]:
    """Every order: its name in the address, in words, and the address of the result in that order."""
    return [(name, label, asked.to(sort=name)) for name, label in SORT_NAMES.items()]


def pages(asked: Asked, total: int) -> list[PageLink]:
    """The first, the last and the nearest pages; [] when there is only one."""
    here = asked.query.page
    last = min(max(1, -(-total // asked.query.size)), DEEPEST_PAGE)
    if last == 1:
        return []
    near = sorted({1, last, *range(max(1, here - 2), min(last, here + 2) + 1)})
    before = [0, *near]
    return [
        PageLink(number, asked.to(page=number), number == here, number - before[place] > 1)
        for place, number in enumerate(near)
    ]


def row_fields(rows: Iterable[Row], count: int) -> list[Row]:
    """The rows that the advanced form shows: those asked for, then empty ones, each for another field."""
    shown = list(rows)
    for name in ROW_FIELDS:
        if len(shown) >= count:
            break
        if name != "any" and name not in {row.field for row in shown}:
            shown.append(Row(name))
    return shown
