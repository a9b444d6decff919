"""The counter: one field, one scan, one answer. The page's script asks for JSON; without it the form posts."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone

from app.access.web import staff_page, wants_json
from app.circulation import actions
from app.circulation.counter import Answer, scan_to_lend, scan_to_return
from app.patrons.rules import CARD_LENGTH

MARKS = {"ok": "✓", "info": "●", "warn": "▲", "bad": "✕"}
NO_BRANCH = {
    "title": "所属館が登録されていません",
    "message": "貸出・返却を記録する館を、管理者が職員に登録してください。",
}
NOBODY = Answer(actions.Outcome("", "ready", ""))


@staff_page(actions.LEND)
def lend(request: HttpRequest) -> HttpResponse:
    """The lending screen and its scans."""
    return _screen(request, "lend")


@staff_page(actions.GIVE_BACK)
def give_back(request: HttpRequest) -> HttpResponse:
    """The return screen and its scans."""
    return _screen(request, "return")


def _screen(request: HttpRequest, mode: str) -> HttpResponse:
    branch = request.user.branch
    if branch is None:
        return render(request, "web/error.html", NO_BRANCH, status=403)
    answer = NOBODY
    if request.method == "POST":
        text, token = request.POST.get("scan", "")[:40], request.POST.get("token", "")
        if mode == "lend":
            answer = scan_to_lend(request.actor, text, token, branch, timezone.localdate())
        else:
            answer = scan_to_return(request.actor, text, branch)
    context = {
        "mode": mode,
        "branch": branch,
        "answer": answer,
        "digits": CARD_LENGTH,
        "mark": MARKS.get(answer.outcome.tone, ""),
    }
    if request.method == "POST" and wants_json(request):
        return _json(request, context, answer)
    return render(request, "circulation/counter.html", context)


def _json(request: HttpRequest, context: dict, answer: Answer) -> JsonResponse:
    outcome = answer.outcome
    return JsonResponse(
        {
            "tone": outcome.tone,
            "code": outcome.code,
            "opened": answer.opened,
            "token": answer.token,
            "says": render_to_string("circulation/says.html", context),
            "row": "" if answer.opened else render_to_string("circulation/row.html", context),
            "panel": render_to_string("circulation/panel.html", context) if answer.panel else "",
        }
    )
