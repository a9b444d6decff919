"""Staff pages of items: the part of the record's page that shows them, adding, one item, ranges and rules."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from app.access.rules import may
from app.access.web import staff_page
from app.catalog import actions, callnumbers, naming, queries
from app.catalog.codes import material_label
from app.catalog.forms_items import CallRuleForm, ItemEdit, ItemForm, RangeForm
from app.catalog.models import BibliographicRecord, Item, NumberRange
from app.catalog.pages import show_record, the_record
from app.patrons.rules import plain_number
from app.web import versions


def items_context(request: HttpRequest, record: BibliographicRecord, form: ItemForm | None = None) -> dict[str, Any]:
    """What `catalog/items_of_record.html` shows on the record's page. Five SQL statements."""
    may_add = may(request.actor.operations, actions.EDIT_ITEM.code)
    number = actions.next_barcode(request.actor.branch_id, record.material_type) if may_add else ""
    if form is None and may_add:
        mark = callnumbers.make(naming.call_rules(), naming.described(record, record.material_type))
        start = {**mark.fields, "barcode": number, "branch": request.actor.branch_id}
        form = ItemForm(initial=start, kept=Item(shelf_mark=mark.shelf_mark))
    return {"items": queries.items_of(record.pk), "item_form": form if may_add else None, "offered": number}


@require_POST
@staff_page(actions.EDIT_ITEM)
def add_item(request: HttpRequest, record_id: int) -> HttpResponse:
    """Add items to a record; a mistake comes back with the form.

    Whoever kept the number that was offered gets the next one when somebody else took it meanwhile.
    """
    record = the_record(record_id)
    form = ItemForm(request.POST, kept=Item(shelf_mark=request.POST.get("shelf_mark", "")))
    if not form.is_valid():
        return show_record(request, record, items_context(request, record, form))
    typed = form.cleaned_data["barcode"]
    number = plain_number(typed) or typed
    try:
        made = _add(request, record, form, number)
    except actions.CatalogError as error:
        offered = number and number == request.POST.get("offered", "")
        if not (offered and queries.record_with_barcode(number)):
            form.add_error("barcode", str(error))
            return show_record(request, record, items_context(request, record, form))
        made = _add(request, record, form, "")
    numbers = "、".join(item.barcode for item in made)
    messages.success(request, f"資料 {numbers} を登録しました({made[0].call_number})。")
    return redirect("catalog:record", record.pk)


def _add(request: HttpRequest, record: BibliographicRecord, form: ItemForm, number: str) -> list[Item]:
    copies = form.cleaned_data.get("copies") or 1
    return actions.add_copies(
        request.actor, record.pk, form.cleaned_data["branch"], number, copies=copies, **form.values()
    )


@require_http_methods(["GET", "POST"])
@staff_page(actions.VIEW)
def item_page(request: HttpRequest, item_id: int) -> HttpResponse:
    """One item: what it is, and for those who may, changing it. Whoever saves second is told (409)."""
    found = queries.item_in_full(item_id)
    if found is None:
        raise Http404
    item = found.item
    may_edit = may(request.actor.operations, actions.EDIT_ITEM.code)
    posted = request.method == "POST" and may_edit
    seen = request.POST.get(versions.FIELD, "") if posted else versions.token(actions.changeable(item))
    form = ItemEdit(request.POST if posted else None, kept=item) if may_edit else None
    context: dict[str, Any] = {"found": found, "item": item, "record": item.record, "form": form, "seen": seen}
    status = 200
    if posted and form and form.is_valid():
        try:
            changed = actions.update_item(request.actor, item.pk, form.values(), seen=seen)
        except versions.Conflict as conflict:
            context |= versions.told(form, versions.Conflict({**conflict.now, "branch": conflict.now["branch_id"]}))
            context["seen"] = versions.token(conflict.now)
            status = 409
        except actions.CatalogError as error:
            form.add_error(None, str(error))
            status = 422
        else:
            messages.success(request, "所蔵を修正しました。" if changed else "変わった項目はありません。")
            return redirect("catalog:record", item.record_id)
    elif posted:
        status = 422
    return render(request, "catalog/item.html", context, status=status)


@staff_page(actions.NUMBERING)
def numbers(request: HttpRequest) -> HttpResponse:
    """The ranges of item numbers with what is left of them. Two SQL statements."""
    rows = [
        (row, material_label(row.material_type) if row.material_type else "", row.last - row.next_serial + 1)
        for row in NumberRange.objects.select_related("branch").order_by("pk")
    ]
    return render(request, "catalog/numbers.html", {"rows": rows})


@require_http_methods(["GET", "POST"])
@staff_page(actions.NUMBERING)
def number_range(request: HttpRequest, range_id: int | None = None) -> HttpResponse:
    """Add a range or change one."""
    row = NumberRange.objects.filter(pk=range_id).first() if range_id else None
    if range_id and row is None:
        raise Http404
    start = {name: getattr(row, name) for name in actions.RANGE_FIELDS} | {"branch": row.branch_id} if row else None
    form = RangeForm(request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        try:
            saved = actions.put_range(request.actor, form.values(), range_id)
        except actions.CatalogError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"番号帯「{saved.name}」を保存しました。")
            return redirect("catalog:numbers")
    return render(request, "catalog/number_range.html", {"form": form, "row": row}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@staff_page(actions.NUMBERING)
def call_rules(request: HttpRequest) -> HttpResponse:
    """The table of call-number rules, and what they make of an example. An emptied line goes."""
    made = forms.formset_factory(CallRuleForm, extra=2, can_delete=True)
    posted = request.method == "POST"
    start = [vars(rule) for rule in sorted(naming.call_rules(), key=lambda r: (r.ndc_prefix, r.material_type))]
    formset = made(request.POST, prefix="rule", initial=start) if posted else made(prefix="rule", initial=start)
    problem = ""
    if posted and formset.is_valid():
        try:
            changed = actions.put_call_rules(request.actor, _lines(formset))
        except actions.CatalogError as error:
            problem = str(error)
        else:
            messages.success(request, f"{changed}行を変更しました。" if changed else "変わった行はありません。")
            return redirect("catalog:call_rules")
    context = {"formset": formset, "problem": problem}
    status = 422 if problem or (posted and not formset.is_valid()) else 200
    return render(request, "catalog/call_rules.html", context, status=status)


def _lines(formset: Any) -> list[callnumbers.Rule]:
    lines = []
    for form in formset:
        if form in formset.deleted_forms or (form in formset.extra_forms and not form.has_changed()):
            continue
        lines.append(callnumbers.Rule(**{k: v for k, v in form.cleaned_data.items() if k != "DELETE"}))
    return lines
