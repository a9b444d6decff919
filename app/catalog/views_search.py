"""The staff's search over every record."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from app.access.rules import may
from app.access.web import staff_page
from app.catalog import actions, queries
from app.catalog.models import BibliographicRecord
from app.catalog.search import Query, search
from app.patrons.rules import plain_number

PAGE_SIZE = 30


@require_GET
@staff_page(actions.VIEW)
def search_page(request: HttpRequest) -> HttpResponse:
    """Search over every record; a scanned item number goes straight to its record."""
    text = request.GET.get("q", "")
    number = plain_number(text)
    if number:
        record_id = queries.record_with_barcode(number)
        if record_id:
            return redirect("catalog:record", record_id)
    page = request.GET.get("page", "")
    query = Query(
        text=text, page=int(page) if page.isascii() and page.isdigit() and len(page) < 6 else 1, size=PAGE_SIZE
    )
    result = search(query)
    ids = [hit.record_id for hit in result.hits]
    records = BibliographicRecord.objects.defer("marc", "contents", "notes").in_bulk(ids)
    context = {
        "query": query,
        "result": result,
        "rows": [(records[hit.record_id], hit.held) for hit in result.hits if hit.record_id in records],
        "next_page": query.page + 1 if query.page * PAGE_SIZE < result.total else None,
        "previous_page": query.page - 1 if query.page > 1 else None,
        "may_edit": may(request.actor.operations, actions.EDIT_RECORD.code),
    }
    return render(request, "catalog/search.html", context)
