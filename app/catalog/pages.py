"""What the views of records and of items share: the record of an address, and its page."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from app.access.rules import may
from app.catalog import actions, history, parts, queries
from app.catalog.followers import how_many
from app.catalog.models import BibliographicRecord, MergedRecord

_RECENT = 3


def the_record(record_id: int) -> BibliographicRecord:
    """The record of that number; Http404 without one."""
    record = queries.record(record_id)
    if record is None:
        raise Http404
    return record


def page_of(request: HttpRequest, rows: Any, size: int = 50) -> Page[Any]:
    """The page of a list that the address asks for; a wrong number is the nearest page."""
    return Paginator(rows, size).get_page(request.GET.get("page"))


def may_do(request: HttpRequest) -> dict[str, bool]:
    """What of the record's page this person may press."""
    given = request.actor.operations
    asked = {"may_edit": actions.EDIT_RECORD, "may_merge": actions.MERGE, "may_undo": actions.UNDO}
    return {name: may(given, operation.code) for name, operation in asked.items()}


def show_record(request: HttpRequest, record: BibliographicRecord, items: dict[str, Any]) -> HttpResponse:
    """The record's page. `items` is the part about its items, with the form as it was typed."""
    merged = MergedRecord.objects.filter(record=record).select_related("into").defer("into__marc").first()
    changes = history.of_record(record.pk)
    context = {
        "record": record,
        "merged": merged,
        "volumes": parts.volumes_of(record.pk),
        "hanging": how_many(record.pk),
        "recent": history.in_words(changes[:_RECENT]),
        "changes": changes.count(),
        "is_temporary": record.origin == "temp" and merged is None,
    }
    return render(request, "catalog/record.html", context | may_do(request) | items)
