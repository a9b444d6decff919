"""Searching: the start page, results, suggestions. No session and no cookie; a result has one address."""

from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from app.catalog.codes import NDC_CLASSES, material_types
from app.catalog.search import Query, Result, search, suggest
from app.catalog.search.query import DEEPEST_PAGE
from app.opac import queries
from app.opac.forms import SCOPES, SORTS, address, read_query
from app.opac.web import cached

SHOWN_FACETS = 12


def _facets(query: Query, result: Result, branches: dict[int, str]) -> list[dict[str, Any]]:
    """The groups to narrow by: each value with its count, its address, and whether it is chosen (then it undoes)."""
    groups = (
        ("material", "資料種別", query.materials, dict(material_types(all_lines=True)), str),
        ("class", "分類", query.classes, NDC_CLASSES, str),
        ("branch", "所蔵館", query.branches, branches, int),
    )
    keys = {"material": "material", "class": "ndc", "branch": "branch"}
    shown = []
    for name, title, chosen, labels, kind in groups:
        values = []
        for facet in result.facets.get(keys[name], ()):
            value = kind(facet.value)
            if value in labels and value not in chosen:
                values.append(
                    {
                        "label": labels[value],
                        "count": facet.count,
                        "on": False,
                        "url": address(query, **{name: (*chosen, value)}),
                    }
                )
        on = [
            {
                "label": labels[value],
                "count": None,
                "on": True,
                "url": address(query, **{name: tuple(v for v in chosen if v != value)}),
            }
            for value in chosen
            if value in labels
        ]
        if on or len(values) > 1:
            shown.append(
                {
                    "title": title,
                    "values": on + values[:SHOWN_FACETS],
                    "more": on + values[SHOWN_FACETS:] if len(values) > SHOWN_FACETS else [],
                }
            )
    return shown


def _pages(query: Query, total: int) -> list[dict[str, Any]]:
    last = min(max(1, -(-total // query.size)), DEEPEST_PAGE)
    if last == 1:
        return []
    near = sorted({1, last, *range(max(1, query.page - 2), min(last, query.page + 2) + 1)})
    return [{"number": n, "url": address(query, page=n), "current": n == query.page} for n in near]


@require_GET
def search_page(request: HttpRequest) -> HttpResponse:
    """The start page, and with a query its results. At most ten SQL statements with results, none without
    a query."""
    query = read_query(request.GET)
    asked = bool(query.text.strip()) or query.narrowed
    if not asked:
        return cached(render(request, "opac/start.html", {"query": query, "scopes": SCOPES, "classes": _classes()}))
    result = search(query)
    elsewhere = 0
    if not result.total and query.scope == "held" and not query.branches:
        elsewhere = search(read_query_all(query)).total
    branches = queries.branch_names() if result.total else {}
    context = {
        "query": query,
        "result": result,
        "lines": queries.record_lines([hit.record_id for hit in result.hits]),
        "first": (query.page - 1) * query.size + 1,
        "facets": _facets(query, result, branches),
        "pages": _pages(query, result.total),
        "scopes": SCOPES,
        "sorts": [(name, label, address(query, sort=name)) for name, label in SORTS],
        "elsewhere": elsewhere,
        "everything_url": address(query, scope="all"),
    }
    return cached(render(request, "opac/results.html", context))


def read_query_all(query: Query) -> Query:
    """The same question over every record, for the hint under an empty result."""
    return replace(query, scope="all", branches=(), page=1, size=1)


def _classes() -> list[tuple[str, str]]:
    return [(label, address(Query(scope="held", classes=(digit,)))) for digit, label in NDC_CLASSES.items()]


@require_GET
def suggestions(request: HttpRequest) -> HttpResponse:
    """Titles that begin with `q`, as JSON for the page's script. One SQL statement."""
    titles = suggest(request.GET.get("q", ""))
    return cached(JsonResponse({"titles": titles}, json_dumps_params={"ensure_ascii": False}))
