"""Staff pages of the catalogue: find, look, correct, add an item."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from app.access.rules import may
from app.access.web import staff_page
from app.catalog import actions, queries
from app.catalog.forms import ItemForm, RecordForm
from app.catalog.models import BibliographicRecord
from app.catalog.search import Query, search
from app.patrons.rules import plain_number
from app.web import versions

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


def _record(record_id: int) -> BibliographicRecord:
    record = queries.record(record_id)
    if record is None:
        raise Http404
    return record


def _record_page(request: HttpRequest, record: BibliographicRecord, form: ItemForm | None = None) -> HttpResponse:
    may_add = may(request.actor.operations, actions.EDIT_ITEM.code)
    if form is None and may_add:
        form = ItemForm(initial={"barcode": actions.next_barcode(), "branch": request.actor.branch_id})
    context: dict[str, Any] = {
        "record": record,
        "items": queries.items_of(record.pk),
        "form": form if may_add else None,
        "may_edit": may(request.actor.operations, actions.EDIT_RECORD.code),
    }
    return render(request, "catalog/record.html", context)


@require_GET
@staff_page(actions.VIEW)
def record_page(request: HttpRequest, record_id: int) -> HttpResponse:
    """One record with all its items."""
    return _record_page(request, _record(record_id))


@require_http_methods(["GET", "POST"])
@staff_page(actions.EDIT_RECORD)
def edit_record(request: HttpRequest, record_id: int) -> HttpResponse:
    """Correct a record by hand; whoever saves after somebody else is told and loses nothing (409)."""
    record = _record(record_id)
    posted = request.method == "POST"
    seen = request.POST.get(versions.FIELD, "") if posted else versions.token(actions.editable(record))
    form = RecordForm(request.POST or None, instance=record)
    context: dict[str, Any] = {"form": form, "record": record, "seen": seen}
    status = 200
    if posted and form.is_valid():
        try:
            changed = actions.update_record(request.actor, record.pk, form.changes(), seen=seen)
        except versions.Conflict as conflict:
            context |= versions.told(form, conflict)
            status = 409
        except actions.CatalogError as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request, f"{len(changed)}項目を修正しました。" if changed else "変わった項目はありません。"
            )
            return redirect("catalog:record", record.pk)
    return render(request, "catalog/edit.html", context, status=status)


@require_http_methods(["GET", "POST"])
@staff_page(actions.EDIT_RECORD)
def new_record(request: HttpRequest) -> HttpResponse:
    """Make a record by hand."""
    form = RecordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            record = actions.create_record(request.actor, form.changes())
        except actions.CatalogError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "書誌を登録しました。")
            return redirect("catalog:record", record.pk)
    return render(request, "catalog/edit.html", {"form": form, "record": None})


@require_POST
@staff_page(actions.EDIT_ITEM)
def add_item(request: HttpRequest, record_id: int) -> HttpResponse:
    """Add an item to a record; a mistake comes back with the form."""
    record = _record(record_id)
    form = ItemForm(request.POST)
    if form.is_valid():
        values = form.cleaned_data
        try:
            item = actions.add_item(
                request.actor,
                record.pk,
                values["branch"],
                plain_number(values["barcode"]) or values["barcode"],
                call_number=values["call_number"],
                material_type=values["material_type"],
                location=values["location"],
                reference_only=values["reference_only"],
            )
        except actions.CatalogError as error:
            form.add_error("barcode", str(error))
        else:
            messages.success(request, f"資料 {item.barcode} を登録しました。")
            return redirect("catalog:record", record.pk)
    return _record_page(request, record, form)
