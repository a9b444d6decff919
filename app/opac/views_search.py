"""Searching: the start page, results, the advanced form, series, suggestions. No session and no cookie; a result has
one address."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from app.branches import revisions
from app.catalog import narrowing
from app.catalog.asking import (
    ROW_FIELDS,
    ROW_JOINERS,
    ROW_MATCHES,
    SCOPE_NAMES,
    SHOWN_ROWS,
    SORT_NAMES,
    Asked,
    Row,
    read,
)
from app.catalog.codes import LANGUAGES, Audience, material_types
from app.catalog.rephrasing import near_titles, proposals
from app.catalog.search import Query, Result, search, suggest
from app.catalog.spots import spots_of
from app.opac import kids, links, queries
from app.opac.browsing import first_classes
from app.opac.series import MOST_PARTS, parts_of
from app.opac.web import cached, eyes_of
from app.patrons.rules import plain_number
from app.web.doors import door_of


def base_of(request: HttpRequest) -> Query:
    """What an empty address means to whoever asks."""
    return replace(links.BASE, shown_to=eyes_of(request))


def asked_of(request: HttpRequest) -> Asked:
    """The search that the address asks for."""
    return read(request.GET, base_of(request))


@require_GET
def search_page(request: HttpRequest) -> HttpResponse:
    """The start page, and with a query its results; a single result is its record at once (F-GEN-015).

    No SQL statement without a query, at most twenty with results.
    """
    asked = asked_of(request)
    if not asked.anything:
        return _start(request, asked)
    result = search(asked.query)
    if result.total == 1 and result.hits:
        record_id = result.hits[0].record_id
        there = reverse("opac:record", args=[record_id])
        hit = f"?{urlencode({'hit': asked.query.text})}" if spots_of([record_id], asked.query) else ""
        return cached(redirect(there + hit))
    if not result.total:
        record_id = queries.record_of_barcode(plain_number(asked.query.text), asked.query.shown_to)
        if record_id:
            return cached(redirect("opac:record", record_id))
        return _nothing(request, asked, result)
    return _results(request, asked, result)


def _start(request: HttpRequest, asked: Asked) -> HttpResponse:
    context = _box(asked)
    if door_of(request).kids:
        return cached(render(request, "opac/kids_start.html", context | {"pictures": kids.GUIDE}))
    return cached(render(request, "opac/start.html", context | {"classes": first_classes()}))


def _box(asked: Asked) -> dict[str, Any]:
    """What the search box needs."""
    return {
        "query": asked.query,
        "scopes": SCOPE_NAMES.items(),
        "advanced_url": reverse("opac:advanced") + (asked.url if asked.anything else ""),
        "childrens": kids.CHILDRENS,
    }


def _results(request: HttpRequest, asked: Asked, result: Result) -> HttpResponse:
    names = queries.branch_names()
    query = asked.query
    ids = [hit.record_id for hit in result.hits]
    lines, spots = queries.record_lines(ids, query.shown_to), spots_of(ids, query)
    context = _box(asked) | {
        "result": result,
        "remarks": [*asked.remarks, *filter(None, [result.notice])],
        "lines": [replace(line, spot=spots.get(line.record.pk)) for line in lines],
        "first": (query.page - 1) * query.size + 1,
        "chips": narrowing.chips(asked, names),
        "groups": narrowing.groups(asked, result, names),
        "kept": _kept(asked, without=("from", "to", "page")),
        "pages": narrowing.pages(asked, result.total),
        "sorts": narrowing.sorts(asked),
        "sort_name": SORT_NAMES[query.sort],
    }
    return cached(render(request, "opac/results.html", context))


def _kept(asked: Asked, without: tuple[str, ...]) -> list[tuple[str, str]]:
    """The address as hidden fields of a form, without what the form asks for itself."""
    return [(name, value) for name, value in asked.pairs() if name not in without]


def _nothing(request: HttpRequest, asked: Asked, result: Result) -> HttpResponse:
    revisions.look()  # its sentences may be the library's own
    context = _box(asked) | {
        "result": result,
        "remarks": [*asked.remarks, *filter(None, [result.notice])],
        "chips": narrowing.chips(asked, queries.branch_names() if asked.query.branches else {}),
        "proposals": proposals(asked),
        "titles": [(title, asked.to(text=title)) for title in near_titles(asked.query.text)],
    }
    return cached(render(request, "opac/results.html", context))


@require_GET
def advanced_page(request: HttpRequest) -> HttpResponse:
    """The form with everything that can be asked for, filled with what the address says. At most two SQL
    statements."""
    asked = asked_of(request)
    query = asked.query
    rows = narrowing.row_fields(asked.rows or ([Row("any", "part", query.text)] if query.text else []), SHOWN_ROWS)
    context = {
        "query": query,
        "rows": rows,
        "remarks": asked.remarks,
        "fields": ROW_FIELDS.items(),
        "matches": ROW_MATCHES.items(),
        "joiners": ROW_JOINERS.items(),
        "materials": [(code, label, code in query.materials) for code, label in material_types()],
        "branches": [(pk, name, pk in query.branches) for pk, name in queries.branch_names().items()],
        "audiences": [(code, label, code in query.audiences) for code, label in Audience.choices if code],
        "written_in": [(code, label, code in query.languages) for code, label in LANGUAGES.items()],
        "classes": query.classes,
        "scopes": SCOPE_NAMES.items(),
        "sorts": SORT_NAMES.items(),
    }
    return cached(render(request, "opac/advanced.html", context))


@require_GET
def series_page(request: HttpRequest) -> HttpResponse:
    """The parts of the series `name` in their order; a series too long for that is a list by title."""
    name = request.GET.get("name", "").replace("\x00", " ").strip()[:200]
    base = base_of(request)
    ids, total = parts_of(name, base) if name else ([], 0)
    if total > MOST_PARTS:
        asked = Asked(replace(base, scope="all", sort="title"), base).with_rows([Row("series", "prefix", name)])
        return cached(redirect(reverse("opac:search") + asked.url))
    context = {"name": name, "total": total, "lines": queries.record_lines(ids, base.shown_to)}
    return cached(render(request, "opac/series.html", context))


@require_GET
def suggestions(request: HttpRequest) -> HttpResponse:
    """Titles that begin with `q`, as JSON for the page's script. At most six SQL statements."""
    titles = suggest(request.GET.get("q", ""))
    return cached(JsonResponse({"titles": titles}, json_dumps_params={"ensure_ascii": False}))
