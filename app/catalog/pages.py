"""What the views of records and of items share: the record of an address, and its page."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from app.access.rules import may
from app.catalog import actions, queries
from app.catalog.models import BibliographicRecord


def the_record(record_id: int) -> BibliographicRecord:
    """The record of that number; Http404 without one."""
    record = queries.record(record_id)
    if record is None:
        raise Http404
    return record


def show_record(request: HttpRequest, record: BibliographicRecord, items: dict[str, Any]) -> HttpResponse:
    """The record's page. `items` is the part about its items, with the form as it was typed."""
    context = {"record": record, "may_edit": may(request.actor.operations, actions.EDIT_RECORD.code)} | items
    return render(request, "catalog/record.html", context)
