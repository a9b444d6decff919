"""Staff pages of items: the part of the record's page that shows them, and adding one."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from app.access.rules import may
from app.access.web import staff_page
from app.catalog import actions, queries
from app.catalog.forms_items import ItemForm
from app.catalog.models import BibliographicRecord
from app.catalog.pages import show_record, the_record
from app.patrons.rules import plain_number


def items_context(request: HttpRequest, record: BibliographicRecord, form: ItemForm | None = None) -> dict[str, Any]:
    """What `catalog/items_of_record.html` shows on the record's page. Three SQL statements."""
    may_add = may(request.actor.operations, actions.EDIT_ITEM.code)
    if form is None and may_add:
        form = ItemForm(initial={"barcode": actions.next_barcode(), "branch": request.actor.branch_id})
    return {"items": queries.items_of(record.pk), "item_form": form if may_add else None}


@require_POST
@staff_page(actions.EDIT_ITEM)
def add_item(request: HttpRequest, record_id: int) -> HttpResponse:
    """Add an item to a record; a mistake comes back with the form."""
    record = the_record(record_id)
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
    return show_record(request, record, items_context(request, record, form))
