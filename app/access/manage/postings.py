"""Postings (人事異動) on the screen: a table, its preview, what was applied."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from app.access import planning, queries, sheets
from app.access.actions import postings as actions
from app.access.forms import PostingForm
from app.access.models import PostingSheet, Role, StaffUser
from app.access.web import staff_page


@staff_page(actions.POST_STAFF)
def listing(request: HttpRequest) -> HttpResponse:
    """Every table, the latest day first."""
    found = PostingSheet.objects.prefetch_related("lines")[:100]
    return render(request, "access/postings.html", {"sheets": found})


@staff_page(actions.POST_STAFF)
def new(request: HttpRequest) -> HttpResponse:
    """Check a table and show before → after; it is kept when nothing is wrong."""
    form = PostingForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"form": form, "columns": planning.POSTING_COLUMNS}
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            rows = sheets.read(data["table"].name, data["table"].read(sheets.LARGEST + 1))
            checked = planning.check_postings(rows, queries.known_for_tables(), data["effective_on"])
            context["faults"] = checked.faults
            if not checked.faults:
                sheet = actions.plan(
                    request.actor, data["title"], data["effective_on"], checked.postings, timezone.localdate()
                )
                return redirect("access:posting", sheet.pk)
        except sheets.Unreadable as wrong:
            form.add_error("table", str(wrong))
        except ValidationError as wrong:
            form.add_error("effective_on", wrong)
    status = 400 if form.errors or context.get("faults") else 200
    return render(request, "access/posting_new.html", context, status=status)


@staff_page(actions.POST_STAFF)
def detail(request: HttpRequest, sheet_id: int) -> HttpResponse:
    """Before → after of everybody on the table; before its day, before is the present. Five SQL statements."""
    sheet = get_object_or_404(PostingSheet, pk=sheet_id)
    names = dict(Role.objects.values_list("code", "name"))
    lines = list(sheet.lines.select_related("branch").order_by("staff__number"))
    staff = StaffUser.objects.select_related("branch").prefetch_related("roles")
    people = {user.pk: user for user in staff.filter(pk__in=[line.staff_id for line in lines])}
    rows = []
    for line in lines:
        user = people[line.staff_id]
        before = (user.branch.short if user.branch else "", [role.name for role in user.roles.all()])
        after = (line.branch.short, [names.get(code, code) for code in line.roles])
        rows.append({"user": user, "before": before, "after": after, "line": line})
    context = {"sheet": sheet, "rows": rows, "waiting": sheet.state == PostingSheet.State.PLANNED}
    return render(request, "access/posting.html", context)


@require_POST
@staff_page(actions.POST_STAFF)
def withdraw(request: HttpRequest, sheet_id: int) -> HttpResponse:
    """Take back what has not been applied."""
    get_object_or_404(PostingSheet, pk=sheet_id)
    try:
        actions.withdraw(request.actor, sheet_id)
        messages.success(request, "異動を取り消しました。")
    except ValidationError as wrong:
        messages.error(request, " ".join(wrong.messages))
    return redirect("access:posting", sheet_id)
