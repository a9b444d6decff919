"""Staff pages for records that are there twice: candidates, two records side by side, temporary ones replaced."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from app.access.web import staff_page
from app.catalog import actions, columns, duplicates, selecting
from app.catalog.actions import merging
from app.catalog.followers import how_many
from app.catalog.models import BibliographicRecord, MergedRecord
from app.catalog.pages import the_record
from app.web import versions


@require_GET
@staff_page(actions.MERGE)
def duplicates_of(request: HttpRequest, record_id: int) -> HttpResponse:
    """What is probably the same as this record, and a line for any other one."""
    record = the_record(record_id)
    given = request.GET.get("other", "").strip()[:60]
    problem = ""
    if given:
        found = selecting.records_numbered(selecting.numbers_typed(given)[:1])
        others = [pk for pk in found.ids if pk != record_id]
        if others:
            return redirect(f"{reverse('catalog:merge')}?goes={record_id}&stays={others[0]}")
        problem = f"「{given}」に当たる別の書誌がありません。"
    context = {"record": record, "likely": duplicates.like(record), "given": given, "problem": problem}
    return render(request, "catalog/duplicates_of.html", context, status=404 if problem else 200)


@require_http_methods(["GET", "POST"])
@staff_page(actions.MERGE)
def merge(request: HttpRequest) -> HttpResponse:
    """Two records side by side: which stays, what it takes over, what follows; then they are one."""
    given = request.POST if request.method == "POST" else request.GET
    goes, stays = (_full(given.get(name, "")) for name in ("goes", "stays"))
    seen = versions.token({"goes": _values(goes), "stays": _values(stays)})
    context: dict[str, Any] = {"goes": goes, "stays": stays, "seen": seen}
    status = 200
    taken = merging.useful(goes, stays)
    if request.method == "POST":
        taken = set(request.POST.getlist("take"))
        if request.POST.get("seen") != seen:
            context["problem"] = "画面を開いた後に、どちらかの書誌が修正されました。見比べて、もう一度押してください。"
            status = 409
        else:
            try:
                done = merging.merge(request.actor, goes.pk, stays.pk, taken)
            except actions.CatalogError as problem:
                context["problem"] = str(problem)
                status = 422
            else:
                messages.success(request, "統合しました。誤りなら、履歴から取り消すと元の2件に戻ります。")
                return redirect("catalog:change_set", done.change_set)
    rows = [(name, *_shown(name, goes, stays), name in taken) for name in merging.mergeable()]
    context["rows"] = [row for row in rows if row[2] != columns.EMPTY or row[3] != columns.EMPTY]
    context["counts"] = [(one, one.items.count(), how_many(one.pk)) for one in (goes, stays)]
    return render(request, "catalog/merge.html", context, status=status)


def _full(number: str) -> BibliographicRecord:
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise Http404
    record = BibliographicRecord.objects.filter(pk=int(number)).first()
    if record is None:
        raise Http404
    return record


def _values(record: BibliographicRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in merging.mergeable()}


def _shown(name: str, goes: BibliographicRecord, stays: BibliographicRecord) -> tuple[str, str, str, bool]:
    label = columns.label(BibliographicRecord, name)
    values = [columns.shown(BibliographicRecord, name, getattr(one, name)) for one in (goes, stays)]
    return label, values[0], values[1], values[0] != values[1]


@require_GET
@staff_page(actions.VIEW)
def temporary_records(request: HttpRequest) -> HttpResponse:
    """Every temporary record that waits for its real one, the oldest first."""
    return render(request, "catalog/temporary_records.html", {"rows": duplicates.temporary_records()})


@require_http_methods(["GET", "POST"])
@staff_page(actions.EDIT_ITEM)
def temporary_record(request: HttpRequest, record_id: int) -> HttpResponse:
    """One temporary record: its items and holds, what it may be, and the replacement."""
    record = the_record(record_id)
    if MergedRecord.objects.filter(record=record).exists():
        return redirect("catalog:record", record_id)
    problem = ""
    given = request.POST.get("record", "").strip()[:60]
    if request.method == "POST":
        found = selecting.records_numbered(selecting.numbers_typed(given)[:1])
        try:
            if not found.ids:
                raise actions.CatalogError("置き換える書誌を、書誌番号・ISBN・その書誌の資料番号で指定してください。")
            merging.replace_temporary(request.actor, record_id, found.ids[0])
        except actions.CatalogError as error:
            problem = str(error)
        else:
            messages.success(request, "正式な書誌に置き換えました。資料番号・貸出・予約はそのままです。")
            return redirect("catalog:record", found.ids[0])
    context = {
        "record": record,
        "items": record.items.select_related("branch").order_by("barcode"),
        "hanging": how_many(record_id),
        "likely": duplicates.like(record),
        "given": given,
        "problem": problem,
    }
    return render(request, "catalog/temporary_record.html", context, status=422 if problem else 200)
