"""Pages on the archive of records. Only administrators look into it, and every look is kept in the record of acts."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from app.logs import actions, queries
from app.logs.forms import DisposalForm, MachineForm, SearchForm
from app.logs.machines import machine
from app.logs.records import ERROR, instant
from app.logs.rules import last_disposable
from app.logs.searching import Found, Query, search
from app.operations import health
from app.operations.access import ADMINISTRATOR, require
from app.operations.actions import Unsuitable
from app.operations.views import actor, page

PAGE = 200
# nginx waits a minute; what was found until then is shown with the way on.
SECONDS = 45.0
MINUTES_OF_A_DAY = 1500
ERRORS_OF_A_DAY = 100


def _hosts() -> list[str]:
    return [host.name for host in health.site(settings.INVENTORY).hosts if host.kind in ("server", "router")]


def _root() -> Path:
    return Path(settings.LOG_ARCHIVE)


@require_GET
def search_page(request: HttpRequest) -> HttpResponse:
    """Search the records; without a question, the errors of the last day."""
    require(actor(request), *ADMINISTRATOR)
    asked = "start" in request.GET
    form = SearchForm(request.GET if asked else SearchForm.preset(timezone.now()), hosts=_hosts())
    context: dict[str, Any] = {"form": form, "asked": asked}
    if not form.is_valid():
        return page(request, "logs/search.html", "logs", {**context, "searches": queries.searches()}, status=400)
    found = search(_root(), form.query(request.GET.get("before", "")), PAGE, SECONDS)
    actions.note_search(actor(request), form.told(), len(found.records))
    on = ""
    if found.more:
        given = {key: value for key, value in form.data.items() if key != "before"}
        on = urlencode({**given, "before": _on_from(found)})
    context |= {"found": found, "on": on, "searches": queries.searches()}
    return page(request, "logs/search.html", "logs", context)


def _on_from(found: Found) -> str:
    """Where the next page begins: what the time did not suffice for is asked again, what was shown is not."""
    return found.reached or _before(found.records[-1].instant)


def _before(last: str) -> str:
    """The last instant before one: where the next page begins."""
    return instant(datetime.fromisoformat(last) - timedelta(microseconds=1))


@require_GET
def machines(request: HttpRequest) -> HttpResponse:
    """One machine's day: its use by the minute as charts and list, and its errors."""
    require(actor(request), *ADMINISTRATOR)
    hosts = _hosts()
    preset = {"host": hosts[0], "day": f"{timezone.localdate():%Y/%m/%d}"}
    form = MachineForm({**preset, **request.GET.dict()}, hosts=hosts)
    if not form.is_valid():
        return page(request, "logs/machines.html", "machines", {"form": form}, status=400)
    zone = ZoneInfo(settings.TIME_ZONE)
    start = datetime.combine(form.cleaned_data["day"], time(), zone)
    end = start + timedelta(days=1)
    own = {"start": instant(start), "end": _before(instant(end)), "hosts": frozenset([form.cleaned_data["host"]])}
    use = search(_root(), Query(**own, kinds=frozenset(["measure"])), MINUTES_OF_A_DAY, SECONDS / 2)
    errors = search(_root(), Query(**own, worst=ERROR), ERRORS_OF_A_DAY, SECONDS / 2)
    asked = {"host": form.cleaned_data["host"], "start": f"{start:%Y-%m-%d}", "kind": "measure"}
    actions.note_search(actor(request), asked, len(use.records) + len(errors.records))
    context = {
        "form": form,
        "machine": machine(use.records, start, end, zone),
        "errors": errors,
        "damaged": use.damaged,
        "host": form.cleaned_data["host"],
        "day": start,
    }
    return page(request, "logs/machines.html", "machines", context)


@require_http_methods(["GET", "POST"])
def disposals(request: HttpRequest) -> HttpResponse:
    """What was, and may be, disposed of: everybody signed in sees it, administrators ask and approve."""
    years = health.site(settings.INVENTORY).contract.retention.logs_years
    form = DisposalForm(request.POST or None)
    if request.method == "POST":
        require(actor(request), *ADMINISTRATOR)
        if form.is_valid():
            given, now = form.cleaned_data, timezone.now()
            try:
                actions.ask_disposal(
                    actor(request), given["through"], given["reason"], now, timezone.localdate(now), years
                )
            except Unsuitable as error:
                form.add_error("through", str(error))
            else:
                messages.success(request, "処分を申請しました。別の管理者の承認を受けてください。")
                return redirect("logs:disposals")
    context = {
        "form": form,
        "rows": queries.disposals(),
        "years": years,
        "last": last_disposable(timezone.localdate(), years),
    }
    return page(request, "logs/disposals.html", "disposals", context)


@require_POST
def decide(request: HttpRequest, number: int) -> HttpResponse:
    """Approve or withdraw an application (`act`)."""
    act, now = request.POST.get("act"), timezone.now()
    try:
        if act == "approve":
            actions.approve_disposal(actor(request), number, now)
            messages.success(request, "承認しました。夜間の処理で消去され、実施日が記録されます。")
        else:
            actions.withdraw_disposal(actor(request), number, now)
            messages.success(request, "取り下げました。")
    except Unsuitable as error:
        messages.error(request, str(error))
    return redirect("logs:disposals")
