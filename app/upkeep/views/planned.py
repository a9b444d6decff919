"""Pages of planned stops and of service levels."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from app.incidents.models import Incident, Inquiry
from app.incidents.views import attempt
from app.operations import sources
from app.operations.actions import Unsuitable
from app.operations.health import site
from app.operations.views import actor, page
from app.upkeep import announcing, queries, rules
from app.upkeep import levels as measuring
from app.upkeep.actions import levels as keeping
from app.upkeep.actions import stops as stopping
from app.upkeep.forms import StopForm
from app.upkeep.models import PlannedStop

MONTHS = 12


@require_GET
def stops(request: HttpRequest) -> HttpResponse:
    """The calendar of planned stops."""
    waiting = [row for row in queries.announcements(timezone.now()) if row.told_at is None]
    context = {"lines": queries.stops(), "waiting": waiting, "announces": bool(settings.LIBRARY_URL)}
    return page(request, "upkeep/stops.html", "stops", context)


@require_http_methods(["GET", "POST"])
def stop_new(request: HttpRequest) -> HttpResponse:
    """Ask for a planned stop."""
    form = StopForm(request.POST or None)
    if request.method == "POST":
        made = attempt(request, form, lambda given: stopping.ask(actor(request), given), "申請しました。")
        if made:
            return redirect("upkeep:stop", made.pk)
    context = {"form": form, "title": "計画停止の申請", "back": "upkeep:stops"}
    return page(request, "upkeep/form.html", "stops", context)


@require_http_methods(["GET", "POST"])
def stop(request: HttpRequest, stop_id: int) -> HttpResponse:
    """One planned stop; its decision, its end."""
    found = get_object_or_404(PlannedStop, pk=stop_id)
    if request.method == "POST":
        try:
            stopping.decide(actor(request), stop_id, request.POST.get("state", ""), request.POST.get("text", ""))
        except Unsuitable as error:
            messages.error(request, str(error))
        else:
            messages.success(request, "記録しました。")
            _announce(request)
        return redirect("upkeep:stop", stop_id)
    context = {"stop": found, "line": queries.planned(found), "announces": bool(settings.LIBRARY_URL)}
    return page(request, "upkeep/stop.html", "stops", context)


@require_POST
def stops_announce(request: HttpRequest) -> HttpResponse:
    """Hand the announcements to the library again."""
    _announce(request)
    return redirect("upkeep:stops")


def _announce(request: HttpRequest) -> None:
    try:
        told = announcing.announce(timezone.now())
    except announcing.LibrarySilent as error:
        messages.error(
            request, f"図書館の画面への掲示がまだです（{error}）。図書館が応答したら「掲示を送る」を押してください。"
        )
    else:
        if told:
            messages.success(request, f"図書館の画面への掲示を送りました（{told}件）。")


@require_GET
def levels(request: HttpRequest) -> HttpResponse:
    """The service levels of the last months."""
    months = rules.months_back(timezone.localdate(), MONTHS)
    found = queries.levels(months)
    context = {"months": [(month, rows) for month, rows in found.items() if rows or month == months[0]]}
    return page(request, "upkeep/levels.html", "levels", context)


@require_POST
def levels_measure(request: HttpRequest) -> HttpResponse:
    """Measure a month now and keep it."""
    month, now = request.POST.get("month", ""), timezone.localtime()
    source = sources.Prometheus(settings.PROMETHEUS_URL)
    inventory = site(settings.INVENTORY)
    try:
        rows = measuring.measure(inventory, source, month, now, Incident.objects.all(), Inquiry.objects.all())
    except ValueError:
        messages.error(request, "月は 2026-11 の形で、始まった月を指定してください。")
        return redirect("upkeep:levels")
    keeping.keep(actor(request), month, rows, now)
    unmeasured = sum(row.value is None for row in rows)
    messages.success(request, f"{month}の実績を記録しました（測定なし {unmeasured}件）。")
    return redirect("upkeep:levels")
