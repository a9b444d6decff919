"""Pages of the section 管理, and the silences: what people decide about the console itself."""

from __future__ import annotations

import json
from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from app.operations import actions, audit, queries, records, silences
from app.operations.access import WRITERS, Role, require
from app.operations.forms import AccountForm, SilenceForm
from app.operations.sources import SourceDown
from app.operations.views import actor, page

EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_http_methods(["GET", "POST"])
def accounts(request: HttpRequest) -> HttpResponse:
    """Accounts and roles: everybody signed in sees them, the administrator changes them."""
    form = AccountForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            actions.put_account(
                actor(request), given["name"], Role(given["role"]), password=given["password"], active=given["active"]
            )
        except actions.Unsuitable as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{given['name']}を登録しました。")
            return redirect("operations:accounts")
    context = {"accounts": queries.accounts(), "form": form}
    return page(request, "operations/accounts.html", "accounts", context)


@require_GET
def trail(request: HttpRequest) -> HttpResponse:
    """Who changed what."""
    subject, by = request.GET.get("subject", "").strip(), request.GET.get("actor", "").strip()
    context = {"acts": queries.acts(subject, by), "subject": subject, "by": by}
    return page(request, "operations/trail.html", "trail", context)


@require_http_methods(["GET", "POST"])
def silences_page(request: HttpRequest) -> HttpResponse:
    """What is silenced; another silence."""
    who = actor(request)
    form = SilenceForm(request.POST or None, initial={"alert": request.GET.get("alert", "")})
    if request.method == "POST" and form.is_valid():
        require(who, *WRITERS)
        given, now = form.cleaned_data, timezone.now()
        wanted = {"alert": given["alert"], "host": given["host"], "reason": given["reason"]}
        ends = now + timedelta(hours=given["hours"])
        try:
            made = silences.begin(settings.ALERTMANAGER_URL, starts_at=now, ends_at=ends, by=who.name, **wanted)
        except SourceDown as error:
            form.add_error(None, f"通報（Alertmanager）が応答しないため、止められませんでした（{error}）。")
        else:
            actions.note_silence(who, "silence.begun", made, until=ends.isoformat(), **wanted)
            messages.success(request, f"{given['alert']}の通知を{given['hours']}時間止めました。")
            return redirect("operations:silences")
    found, down = [], ""
    try:
        found = silences.current(settings.ALERTMANAGER_URL)
    except SourceDown as error:
        down = str(error)
    context = {"silences": found, "form": form, "alertmanager_down": down, "names": queries.alert_names()}
    return page(request, "operations/silences.html", "silences", context)


@require_POST
def silence_end(request: HttpRequest) -> HttpResponse:
    """End a silence now."""
    who, silence_id = actor(request), request.POST.get("id", "")
    require(who, *WRITERS)
    try:
        silences.end(settings.ALERTMANAGER_URL, silence_id)
    except SourceDown as error:
        messages.error(request, f"解除できませんでした（{error}）。")
    else:
        actions.note_silence(who, "silence.ended", silence_id)
        messages.success(request, "通知を再開しました。")
    return redirect("operations:silences")


@require_GET
def audit_page(request: HttpRequest) -> HttpResponse:
    """What an auditor can take along."""
    return page(request, "operations/audit.html", "audit", {"parts": audit.parts()})


@require_GET
def audit_json(request: HttpRequest) -> HttpResponse:
    """Every record as the reports are told them."""
    body = json.dumps(records.everything(), ensure_ascii=False, indent=1, default=str)
    return HttpResponse(body, content_type="application/json; charset=utf-8")


@require_GET
def audit_workbook(request: HttpRequest) -> HttpResponse:
    """Every record, account and register in one workbook."""
    name = f"records-{timezone.localdate():%Y%m%d}.xlsx"
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(audit.workbook(timezone.localtime()), content_type=EXCEL, headers=disposition)
