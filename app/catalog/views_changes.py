"""Staff pages of what was changed: the history of a record or item, one change set, the list, undoing."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from app.access.web import staff_page
from app.catalog import actions, history
from app.catalog.actions import batching, undoing
from app.catalog.models import ChangeSet, Item
from app.catalog.pages import may_do, page_of, the_record
from app.catalog.selecting import printable
from app.exports import web as exports

# What a page can take back in the time that it has; the rest is for a command.
MOST_ON_SCREEN = 5_000
TOO_MANY = (
    "件数が多いため、画面からは取り消せません。システム担当者に依頼してください"
    "(サーバ上で manage undo_changes {number} を実行して取り消します)。"
)


@require_GET
@staff_page(actions.VIEW)
def record_history(request: HttpRequest, record_id: int) -> HttpResponse:
    """Everything that happened to a record and its items, newest first."""
    record = the_record(record_id)
    page = page_of(request, history.of_record(record_id))
    context = {"page": page, "rows": history.in_words(page), "record": record, "created_at": record.created_at}
    return render(request, "catalog/history.html", context | may_do(request))


@require_GET
@staff_page(actions.VIEW)
def item_history(request: HttpRequest, item_id: int) -> HttpResponse:
    """Everything that cataloguers did to one item, newest first."""
    item = Item.objects.select_related("record").defer("record__marc").filter(pk=item_id).first()
    if item is None:
        raise Http404
    page = page_of(request, history.of_item(item_id))
    context = {"page": page, "rows": history.in_words(page), "record": item.record, "item": item}
    return render(request, "catalog/history.html", context | {"created_at": item.created_at} | may_do(request))


@require_GET
@staff_page(actions.VIEW)
def change_sets(request: HttpRequest) -> HttpResponse:
    """What was changed as one, newest first."""
    kind, by = request.GET.get("kind", ""), printable(request.GET.get("by", "")).strip()[:40]
    page = page_of(request, history.sets(kind, by), 40)
    kept = f"{urlencode({'kind': kind, 'by': by})}&"
    context = {"page": page, "kinds": ChangeSet.Kind.choices, "kind": kind, "by": by, "kept": kept}
    return render(request, "catalog/change_sets.html", context)


def _the_set(change_set_id: int) -> ChangeSet:
    row = ChangeSet.objects.select_related("undone_by", "undoes").filter(pk=change_set_id).first()
    if row is None:
        raise Http404
    return row


@require_GET
@staff_page(actions.VIEW)
def change_set(request: HttpRequest, change_set_id: int) -> HttpResponse:
    """One set with every difference; a plan with the button that carries it out; as a file."""
    return _show(request, _the_set(change_set_id))


def _show(request: HttpRequest, row: ChangeSet, refused: Exception | None = None) -> HttpResponse:
    changes = row.changes.select_related("change_set").order_by("pk")
    if exports.asked(request):
        lines = (
            (told.what, told.change.label, line.label, line.before, line.after)
            for told in (history.told(change) for change in changes.iterator(500))
            for line in told.lines
        )
        return exports.table(
            request, actions.VIEW, f"変更{row.pk}", ["種類", "対象", "項目", "変更前", "変更後"], lines
        )
    page = page_of(request, changes)
    context = {
        "set": row,
        "page": page,
        "rows": history.in_words(page),
        "refused": refused,
        "obstacles": getattr(refused, "obstacles", ()),
    }
    return render(request, "catalog/change_set.html", context | may_do(request), status=409 if refused else 200)


@require_POST
@staff_page(actions.UNDO)
def undo(request: HttpRequest, change_set_id: int) -> HttpResponse:
    """Take a set back, or say what stands on it."""
    row = _the_set(change_set_id)
    if row.size > MOST_ON_SCREEN:
        return _show(request, row, actions.CatalogError(TOO_MANY.format(number=row.pk)))
    try:
        done = undoing.undo(request.actor, row.pk)
    except actions.CatalogError as refused:
        return _show(request, row, refused)
    messages.success(request, f"「{row.title}」を取り消し、{done.size}件を元に戻しました。")
    return redirect("catalog:change_set", done.pk)


@require_POST
@staff_page(actions.BATCH)
def carry_out(request: HttpRequest, change_set_id: int) -> HttpResponse:
    """Do what a plan shows, or drop it."""
    row = _the_set(change_set_id)
    if request.POST.get("act") == "drop":
        batching.drop_plan(request.actor, row.pk)
        messages.success(request, "一括変更をやめました。何も変えていません。")
        return redirect("catalog:batch")
    try:
        done = batching.carry_out(request.actor, row.pk)
    except actions.CatalogError as refused:
        return _show(request, row, refused)
    messages.success(request, f"{done.size}件を変更しました。この画面から取り消せます。")
    return redirect("catalog:change_set", done.pk)
