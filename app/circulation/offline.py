"""The counter without a line: the worker that keeps its shell, the copy it judges by, and the handing in."""

import base64
import hashlib
import hmac
import json
import os
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from app.access.web import staff_page
from app.audit import actions as audit
from app.circulation import actions, counter, views
from app.circulation.actions import offline as handing_in
from app.circulation.offline_queries import stopped_cards, wanted_items
from app.patrons.rules import CARD_LENGTH, CARD_PREFIX
from app.terminals import queries as terminals
from app.terminals.models import OfflineRecord
from app.terminals.offline import public_key
from app.terminals.slips import printed
from app.web.context import organisation
from app.web.harmless import posted_json

FILES = (
    "web/kura.css",
    "web/kura.svg",
    "web/keys.js",
    "web/seal.js",
    "circulation/counter.css",
    "circulation/counter.js",
    "circulation/offline.js",
    "circulation/print.js",
    "circulation/sound.js",
    "terminals/slip.css",
)
AT_ONCE = 100


@require_GET
@staff_page(actions.LEND)
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker; another text when a file of the counter changed, so that browsers take it anew."""
    files = [static(name) for name in FILES]
    version = hashlib.sha256(json.dumps([settings.RELEASE, files]).encode()).hexdigest()[:12]
    text = render_to_string("circulation/worker.js", {"files": json.dumps(files), "version": version})
    return HttpResponse(text, content_type="text/javascript; charset=utf-8")


@require_GET
@staff_page(actions.LEND)
def shell(request: HttpRequest, mode: str) -> HttpResponse:
    """The counter's page as the browser keeps it: no name, no session, no token."""
    if mode not in views.TITLES:
        raise Http404
    here = terminals.place_of(request)
    context = {
        **views.frame(mode, here.setting.keys),
        "base": "circulation/shell.html",
        "library": organisation(settings.INVENTORY),
        "offline": True,
        "terminal": here.terminal,
        "answer": views.NOBODY,
        "outcome": views.NOBODY.outcome,
        "mark": "",
    }
    return HttpResponse(render_to_string("circulation/counter.html", context))


@require_GET
@staff_page(actions.LEND)
def control(request: HttpRequest) -> JsonResponse:
    """The copy: hashes of cards that may not borrow and of items somebody waits for, under a key of this answer."""
    here = terminals.place_of(request)
    if here.branch is None:
        return JsonResponse(views.NO_BRANCH, status=403)
    key = os.urandom(32)

    def hashed(numbers: list[str]) -> list[str]:
        return [base64.b64encode(hmac.digest(key, text.encode(), "sha256")[:9]).decode() for text in numbers]

    copy: dict[str, Any] = {
        "key": base64.b64encode(key).decode(),
        "stopped": hashed(stopped_cards(here.branch, counter.today())),
        "held": hashed(wanted_items()),
        "made": f"{timezone.localtime():%m/%d %H:%M}",
    }
    card = {"length": CARD_LENGTH, "prefix": CARD_PREFIX}
    return JsonResponse({"control": copy, "public": public_key(), "staff": request.actor.number, "card": card})


@require_POST
@staff_page(handing_in.OFFLINE)
def take(request: HttpRequest) -> JsonResponse:
    """Records of the dark hours are handed in; each is answered, so that the browser may forget it."""
    here = terminals.place_of(request)
    if here.branch is None:
        return JsonResponse(views.NO_BRANCH, status=403)
    try:
        rows = posted_json(request)["records"]
    except (ValueError, KeyError, TypeError):
        rows = None
    if not isinstance(rows, list) or len(rows) > AT_ONCE or not all(isinstance(row, dict) for row in rows):
        return JsonResponse({"error": "records", "message": "記録の形が正しくありません。"}, status=400)
    results = handing_in.take(request.actor, here.branch, rows)
    return JsonResponse(
        {
            "results": [{"id": one.id, "taken": one.taken, "problem": one.problem} for one in results],
            "slips": [printed(slip).as_json() for one in results for slip in one.slips],
        }
    )


@require_GET
@staff_page(handing_in.OFFLINE)
def problems(request: HttpRequest) -> HttpResponse:
    """What could not be taken, or needs a hand: until somebody has settled it. The look at it is recorded."""
    branch = terminals.place_of(request).branch
    rows = OfflineRecord.objects.filter(branch=branch, settled_on=None).exclude(problem="").order_by("on_date", "pk")
    shown = list(rows[:200])
    if shown:
        audit.record(
            request.actor,
            handing_in.OFFLINE,
            outcome="viewed",
            subject_type="branch",
            subject_id=branch.code if branch else "",
            detail={"records": len(shown)},
        )
    return render(request, "circulation/problems.html", {"rows": shown, "branch": branch, "taken": handing_in.TAKEN})


@require_POST
@staff_page(handing_in.OFFLINE)
def settle(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """One contradiction is dealt with."""
    done = handing_in.settle(request.actor, record_id)
    messages.success(request, "処理済みにしました。" if done else "すでに処理済みです。")
    return redirect("circulation:problems")
