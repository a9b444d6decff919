"""Staff page of batches: which items or records, what they get; the plan is then looked at on its own page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from app.access.web import staff_page
from app.catalog import actions, selecting
from app.catalog.actions import batching
from app.catalog.forms_batch import (
    ItemConditionForm,
    ItemValuesForm,
    NumbersForm,
    RecordConditionForm,
    RecordValuesForm,
)
from app.catalog.models import ChangeSet


@require_http_methods(["GET", "POST"])
@staff_page(actions.BATCH)
def batch(request: HttpRequest, kind: str = "items") -> HttpResponse:
    """Choose by numbers, by file or by condition, say what changes; nothing changes before the plan is confirmed."""
    posted = request.POST if request.method == "POST" else None
    of_items = kind == "items"
    numbers = NumbersForm(posted, request.FILES if posted else None)
    condition = ItemConditionForm(posted) if of_items else RecordConditionForm(posted)
    values = ItemValuesForm(posted) if of_items else RecordValuesForm(posted)
    forms = (numbers, condition, values)
    problem = ""
    valid = [form.is_valid() for form in forms]  # each says what is wrong with it
    if posted is not None and all(valid):
        try:
            plan = _items(request, *forms) if of_items else _records(request, *forms)
        except actions.CatalogError as error:
            problem = str(error)
        else:
            return redirect("catalog:change_set", plan.pk)
    context = {"kind": kind, "numbers": numbers, "condition": condition, "values": values, "problem": problem}
    status = 422 if problem or any(form.errors for form in forms) else 200
    return render(request, "catalog/batch.html", context, status=status)


def _items(
    request: HttpRequest, numbers: NumbersForm, condition: ItemConditionForm, values: ItemValuesForm
) -> ChangeSet:
    given, asked = numbers.given(), condition.condition()
    _one_way(bool(given), not asked.is_empty)
    chosen = selecting.items_numbered(given) if given else selecting.items_where(asked)
    return batching.plan_items(request.actor, chosen.ids, values.values(), chosen.unknown)


def _records(
    request: HttpRequest, numbers: NumbersForm, condition: RecordConditionForm, values: RecordValuesForm
) -> ChangeSet:
    given, query = numbers.given(), condition.query()
    _one_way(bool(given), query is not None)
    chosen = selecting.records_numbered(given) if query is None else selecting.records_where(query)
    return batching.plan_records(request.actor, chosen.ids, values.values(), values.exchange(), chosen.unknown)


def _one_way(by_numbers: bool, by_condition: bool) -> None:
    if by_numbers == by_condition:
        both = "番号と条件の両方は使えません。どちらか一方にしてください。"
        raise actions.CatalogError(both if by_numbers else "対象を、番号か条件で指定してください。")
