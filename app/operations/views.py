"""The console's pages. Every one of them opens when Prometheus, Alertmanager or the library do not answer."""

from __future__ import annotations

import hmac
import time
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from app.operations import actions, health, history, markdown, panels, queries, sources
from app.operations.access import Actor
from app.operations.rules import WORDS, Notified, alerts_of
from app.web.harmless import posted_json

LARGEST_NOTIFICATION = 1024 * 1024


def page(request: HttpRequest, template: str, here: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """One page of the console; `here` is its key in the menu."""
    common = {"here": here, "words": WORDS, "made_at": timezone.localtime()}
    return render(request, template, {**common, **context}, status=status)


def _page(request: HttpRequest, name: str, here: str, context: dict[str, Any]) -> HttpResponse:
    return page(request, f"operations/{name}.html", here, context)


def actor(request: HttpRequest) -> Actor:
    """Who asks; views stand behind the sign-in, so there is somebody."""
    found: Actor = request.actor  # type: ignore[attr-defined]
    return found


def _firing() -> tuple[list[Notified], str]:
    """What fires now, and why it is not known when Alertmanager does not answer."""
    try:
        found = sources.alerts(settings.ALERTMANAGER_URL)
    except sources.SourceDown as error:
        return [], str(error)
    rank = {"critical": 0, "warning": 1}
    return sorted(found, key=lambda alert: (rank.get(alert.severity, 2), -alert.starts_at.timestamp())), ""


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """The three questions, and what fires now."""
    source = sources.Prometheus(settings.PROMETHEUS_URL)
    rows = panels.rows(panels.dashboards()[0], source, time.time(), 3600)
    firing, alertmanager_down = _firing()
    down = next((panel.down for row in rows for panel in row.panels if panel.down), "")
    context = {"rows": rows, "firing": firing, "down": down, "alertmanager_down": alertmanager_down}
    return _page(request, "overview", "overview", context)


@require_GET
def dashboard(request: HttpRequest, board_id: str) -> HttpResponse:
    """One dashboard. The queries are those of its definition: nothing that the browser sends reaches Prometheus."""
    board = next((board for board in panels.dashboards() if board["id"] == board_id), None)
    if board is None:
        raise Http404(board_id)
    chosen = request.GET.get("range", "6h")
    if chosen not in panels.RANGES:
        raise Http404(chosen)
    source = history.source(settings.PROMETHEUS_URL, settings.HISTORY, panels.RANGES[chosen][1])
    rows = panels.rows(board, source, time.time(), panels.RANGES[chosen][1])
    down = next((panel.down for row in rows for panel in row.panels if panel.down), "")
    ranges = [(key, title) for key, (title, _) in panels.RANGES.items()]
    context = {"board": board, "rows": rows, "down": down, "ranges": ranges, "chosen": chosen}
    return _page(request, "dashboard", board_id, context)


@require_GET
def alerts(request: HttpRequest) -> HttpResponse:
    """What fires now (as Alertmanager says) and what it told us before."""
    firing, down = _firing()
    context = {
        "firing": firing,
        "alertmanager_down": down,
        "remembered": queries.open_alerts() if down else [],
        "history": queries.alert_history(),
    }
    return _page(request, "alerts", "alerts", context)


@require_GET
def hosts(request: HttpRequest) -> HttpResponse:
    """Every host of the inventory by zone and library."""
    source = sources.Prometheus(settings.PROMETHEUS_URL)
    down = ""
    try:
        up, probes = source.now("up"), source.now("probe_success")
    except sources.SourceDown as error:
        up, probes, down = [], [], str(error)
    groups = health.groups(health.site(settings.INVENTORY), up, probes)
    context = {
        "groups": [group for group in groups if group.measured],
        "others": [group for group in groups if not group.measured],
        "down": down,
    }
    return _page(request, "hosts", "hosts", context)


@require_GET
def runbooks(request: HttpRequest) -> HttpResponse:
    """Every runbook by title."""
    found = [(name, text.splitlines()[0].removeprefix("# ")) for name, text in panels.definitions()["runbooks"].items()]
    return _page(request, "runbooks", "runbooks", {"found": found})


@require_GET
def runbook(request: HttpRequest, name: str) -> HttpResponse:
    """One runbook."""
    text = panels.definitions()["runbooks"].get(name)
    if text is None:
        raise Http404(name)
    return _page(request, "runbook", "runbooks", {"body": markdown.render(text)})


@csrf_exempt
@login_not_required
@require_POST
def alertmanager_hook(request: HttpRequest) -> JsonResponse:
    """Alertmanager's notifications. 401 without the shared token, 400 for what is no notification."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(given.encode(), settings.HOOK_TOKEN.encode()):
        return JsonResponse({"error": "unauthorized"}, status=401)
    if len(request.body) > LARGEST_NOTIFICATION:
        return JsonResponse({"error": "too large"}, status=413)
    try:
        found = alerts_of(posted_json(request))
    except ValueError as error:
        return JsonResponse({"error": str(error)}, status=400)
    return JsonResponse({"recorded": actions.record_alerts(found, timezone.now())})
