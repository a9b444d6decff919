"""The list of what was written out, and each file's page."""

import io

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from app.access.operations import title_of
from app.access.rules import may
from app.access.web import staff_page
from app.exports import actions, queries, rules, web
from app.exports.formats import FORMATS
from app.exports.models import Export

PER_PAGE = 50


def _row(request: HttpRequest, export: Export) -> dict[str, object]:
    state = queries.state_of(export)
    mine = export.requested_by.number == request.actor.number
    return {
        "export": export,
        "state": state,
        "state_name": rules.STATE_NAMES[state],
        "operation": title_of(export.operation),
        "format": FORMATS[export.format].title,
        "may_fetch": mine and state == rules.READY,
        "may_decide": not mine and state == rules.WAITING and may(request.actor.operations, actions.APPROVE.code),
    }


@require_GET
@staff_page(actions.LIST)
def index(request: HttpRequest) -> HttpResponse:
    """One's own files; everybody's for who oversees them; those that wait for who approves."""
    actor = request.actor
    everybody = may(actor.operations, actions.OVERSEE.code)
    found = queries.listed(actor.number, everybody, may(actor.operations, actions.APPROVE.code))
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    rows = [_row(request, export) for export in page]
    context = {"page": page, "rows": rows, "everybody": everybody, "limits": actions.limits()}
    return render(request, "exports/index.html", context)


@require_GET
@staff_page(actions.LIST)
def show(request: HttpRequest, export_id: int) -> HttpResponse:
    """One file: what it is, what has been done with it, and the next step."""
    operations = request.actor.operations
    everybody, approver = may(operations, actions.OVERSEE.code), may(operations, actions.APPROVE.code)
    export = queries.by_id(export_id, request.actor.number, everybody, approver)
    if export is None:
        raise Http404
    return render(request, "exports/show.html", {**_row(request, export), "limits": actions.limits()})


@require_POST
@staff_page(actions.LIST)
def fetch(request: HttpRequest, export_id: int) -> HttpResponse:
    """The file itself. Posted, because each hand-over is an act that is logged."""
    try:
        export, content = actions.fetch(request.actor, export_id)
    except actions.ExportRefused as refused:
        messages.error(request, str(refused))
        return redirect("exports:index")
    return web.file_answer(io.BytesIO(content), export.name, export.format, export.replaced)


@require_POST
@staff_page(actions.APPROVE)
def decide(request: HttpRequest, export_id: int) -> HttpResponse:
    """Approve or decline."""
    approved = request.POST.get("decision") == "approve"
    try:
        actions.decide(request.actor, export_id, approved)
    except actions.ExportRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "承認しました。" if approved else "承認せず、ファイルを消去しました。")
    return redirect("exports:index")
