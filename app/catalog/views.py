"""Staff pages of records: look, correct, copy, make."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from app.access.web import staff_page
from app.catalog import actions, duplicates
from app.catalog.codes import Origin
from app.catalog.forms import NOT_COPIED, RecordForm
from app.catalog.models import BibliographicRecord
from app.catalog.pages import show_record, the_record
from app.catalog.views_items import items_context
from app.web import versions
from app.web.forms import fingerprint, sure


@require_GET
@staff_page(actions.VIEW)
def record_page(request: HttpRequest, record_id: int) -> HttpResponse:
    """One record with all its items."""
    record = the_record(record_id)
    return show_record(request, record, items_context(request, record))


@require_http_methods(["GET", "POST"])
@staff_page(actions.EDIT_RECORD)
def edit_record(request: HttpRequest, record_id: int) -> HttpResponse:
    """Correct a record by hand; whoever saves after somebody else is told and loses nothing (409)."""
    record = the_record(record_id)
    posted = request.method == "POST"
    seen = request.POST.get(versions.FIELD, "") if posted else versions.token(actions.editable(record))
    form = RecordForm(request.POST if posted else None, record=record)
    context: dict[str, Any] = {"form": form, "record": record, "seen": seen}
    status = 200
    if posted and form.is_valid():
        try:
            changed = actions.update_record(
                request.actor, record.pk, form.changes(), seen=seen, keep=form.cleaned_data["keep"]
            )
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
    if form.errors:
        status = 422
    return render(request, "catalog/edit.html", context, status=status)


@require_http_methods(["GET", "POST"])
@staff_page(actions.EDIT_RECORD)
def new_record(request: HttpRequest) -> HttpResponse:
    """Make a record by hand, or as a copy of another one; what seems to be there already is shown first."""
    source = _source(request)
    start = {name: getattr(source, name) for name in actions.EDITABLE if name not in NOT_COPIED} if source else {}
    given = {name: request.GET[name] for name in ("title", "isbn13") if request.GET.get(name)}
    form = RecordForm(request.POST or None, initial=start | given)
    context: dict[str, Any] = {"form": form, "record": None, "source": source}
    if request.method == "POST" and form.is_valid():
        likely = [] if sure(request.POST) else duplicates.like(BibliographicRecord(**form.changes()))
        if likely:
            return render(request, "catalog/edit.html", context | {"likely": likely, "seen": fingerprint(request.POST)})
        try:
            origin = Origin.TEMPORARY if "temporary" in request.POST else Origin.STAFF
            record = actions.create_record(request.actor, form.changes(), origin)
        except actions.CatalogError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "書誌を登録しました。")
            return redirect("catalog:record", record.pk)
    return render(request, "catalog/edit.html", context, status=422 if form.errors else 200)


def _source(request: HttpRequest) -> BibliographicRecord | None:
    number = request.GET.get("copy", "")
    return the_record(int(number)) if number.isascii() and number.isdigit() and len(number) < 19 else None
