"""The counter: one field, one scan, one answer. The page's script asks for JSON; without it the form posts."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse

from app.access.queries import by_card_or_number
from app.access.web import staff_page, wants_json
from app.audit import actions as audit
from app.branches.queries import closing_of
from app.circulation import actions, counter, queries, rules
from app.circulation.actions import Answers, Ask
from app.circulation.counter import Answer, Given, Place
from app.circulation.receipts import receipt_of
from app.patrons import queries as patrons
from app.patrons.rules import CARD_LENGTH
from app.terminals import queries as terminals
from app.terminals.commands import CODES, NO, YES
from app.terminals.context import usual_keys
from app.terminals.rules import keys_of
from app.terminals.slips import printed

MARKS = {"ok": "✓", "info": "●", "warn": "▲", "bad": "✕"}
NO_BRANCH = {
    "title": "所属館が登録されていません",
    "message": "貸出・返却を記録する館を、管理者が職員か端末に登録してください。",
}
TITLES = {"lend": "貸出", "return": "返却", "inside": "館内利用"}
TABS = {"lend": "circulation:lend", "return": "circulation:give_back", "inside": "circulation:inside"}
# The keys of the screen: name of the command, what the button says, in which modes.
TOOLS = (
    ("close", "閉じる", ("lend",)),
    ("receipt", "レシート", ("lend",)),
    ("undo", "取消", ("lend", "return")),
    ("renew_all", "全点延長", ("lend",)),
    ("date", "日付", ("lend", "return")),
    ("no_card", "利用券なし", ("lend",)),
    ("reprint", "再印刷", ("lend", "return")),
    ("who", "返却者", ("return",)),
)
NOBODY = Answer(actions.Outcome("", "ready", ""))
BAD_DAY = actions.Outcome("bad", "bad_day", "日付として読み取れません。2026-11-23 のように入力してください。")
STAFF_CARD = actions.Outcome("info", "staff_card", "職員証です。暗証番号を入れて操作者を替えます。")
UNKNOWN = frozenset({"unknown_item", "unknown_card", "no_patron"})


@staff_page(actions.LEND)
def lend(request: HttpRequest) -> HttpResponse:
    """The lending screen and its scans."""
    return _screen(request, "lend")


@staff_page(actions.GIVE_BACK)
def give_back(request: HttpRequest) -> HttpResponse:
    """The return screen and its scans."""
    return _screen(request, "return")


@staff_page(actions.IN_LIBRARY)
def inside(request: HttpRequest) -> HttpResponse:
    """The screen for use in the house."""
    return _screen(request, "inside")


SCANS: dict[str, Callable[[Place, Given], Answer]] = {
    "lend": counter.scan_to_lend,
    "return": counter.scan_to_return,
    "inside": counter.scan_inside,
}
KEYS: dict[str, Callable[[Place, Given], Answer]] = {
    "open": counter.open_again,
    "renew": counter.renew,
    "renew_all": counter.renew_all,
    "due": counter.change_due,
}


def _screen(request: HttpRequest, mode: str) -> HttpResponse:
    here = terminals.place_of(request)
    if here.branch is None:
        return render(request, "web/error.html", NO_BRANCH, status=403)
    place = Place(request.actor, here.branch, counter.today())
    if request.method != "POST":
        return render(request, "circulation/counter.html", _context(request, mode, place, NOBODY))
    post = request.POST
    if post.get("act") == "receipt":
        return _receipt(request, place)
    answer = _answer(request, mode, place)
    if wants_json(request):
        return _json(request, mode, answer)
    return render(request, "circulation/counter.html", _context(request, mode, place, answer))


def _answer(request: HttpRequest, mode: str, place: Place) -> Answer:
    post = request.POST
    act = post.get("act", "")
    day, fine = _day(post.get("day", ""))
    answers = Answers.of(*post.getlist("answer"), reason=post.get("reason", ""))
    given = Given(post.get("scan", "")[:40], post.get("token", ""), answers, day)
    if not fine:
        return counter.keep(place, BAD_DAY, given, scanned=given.text[:20])
    if act == "undo":
        return counter.undo(place, given, post.get("kind", ""), post.get("undo", ""))
    if act == "who":
        return counter.who_returned(place, given, post.get("undo", ""))
    if act == "find":
        born, _ = _day(post.get("birth_date", ""))
        return counter.without_card(place, post.get("kana", "")[:80], born, post.get("phone", "")[:20])
    answer = KEYS.get(act, SCANS[mode])(place, given)
    if answer.outcome.code in UNKNOWN and given.number and _is_staff_card(given.number):
        return Answer(STAFF_CARD, token=given.token, scanned=given.number)
    return answer


def _is_staff_card(number: str) -> bool:
    """Whether a number that is nobody's and nothing's belongs to a member of staff. One SQL statement."""
    found = by_card_or_number(number)
    return found is not None and found.card == number


def _day(text: str) -> tuple[date | None, bool]:
    """The date of a field, and whether it was one (or empty)."""
    if not text:
        return None, True
    try:
        return date.fromisoformat(text), True
    except ValueError:
        return None, False


def _receipt(request: HttpRequest, place: Place) -> JsonResponse:
    """The receipt of this sitting's loans or of everything that is out; recorded, for it is a print of a person's."""
    who = counter.patron_of(request.actor, request.POST.get("token", ""))
    patron = patrons.by_id(who.patron_id) if who else None
    if patron is None:
        return JsonResponse({"tone": "warn", "message": "利用者が開かれていません。", "slips": []})
    only = None if request.POST.get("which") == "all" else set(request.POST.getlist("barcode"))
    slip = receipt_of(queries.loans_of(patron.pk), patron, terminals.place_of(request), place.today, only)
    if slip is None:
        return JsonResponse({"slips": []})
    audit.record(request.actor, actions.LEND, subject_type="patron", subject_id=patron.pk, purpose="レシートの印刷")
    return JsonResponse({"slips": [printed(slip).as_json()]})


def _context(request: HttpRequest, mode: str, place: Place, answer: Answer) -> dict[str, Any]:
    here = terminals.place_of(request)
    return {
        **frame(mode, here.setting.keys, request.actor.operations),
        **_spoken(request, mode, answer),
        "branch": place.branch,
        "terminal": here.terminal,
        "registered": here.registered,
        "fresh": request.method == "GET",
        "usual_day": rules.book_drop_day(place.today, closing_of(place.branch)) if mode == "return" else None,
    }


def frame(mode: str, own_keys: dict[str, str], operations: frozenset[str] = frozenset()) -> dict[str, Any]:
    """What the screen of a mode has: its tabs, keys, codes, and the tools that the operations allow. No SQL."""
    keys = keys_of(usual_keys(), own_keys)
    codes = {name: code for code, (_, name) in CODES.items()}
    return {
        "mode": mode,
        "title": TITLES[mode],
        "digits": CARD_LENGTH,
        "yes": YES,
        "no": NO,
        "tabs": [
            {
                "url": reverse(name),
                "title": TITLES[tab],
                "key": keys.get(name, ""),
                "code": codes.get(name, ""),
                "current": tab == mode,
            }
            for tab, name in TABS.items()
        ],
        "tools": [
            {"id": name, "title": title, "key": keys.get(name, ""), "code": codes.get(name, "")}
            for name, title, modes in TOOLS
            if mode in modes and (name != "who" or actions.SEE_BORROWER.code in operations)
        ],
        "mute_key": keys.get("mute", ""),
    }


def _spoken(request: HttpRequest, mode: str, answer: Answer) -> dict[str, Any]:
    """What the parts of the page that a scan changes are made of."""
    given = request.POST.getlist("answer")
    return {
        "mode": mode,
        "answer": answer,
        "outcome": answer.outcome,
        "mark": MARKS.get(answer.outcome.tone, ""),
        "given": request.POST,
        "given_answers": given,
        "asks": _asks(answer, given, request.POST.get("reason", "").strip()),
    }


def _asks(answer: Answer, given: list[str], reason: str) -> list[Ask]:
    """The first question that is still open: they are put one after another."""
    known = set(given)
    done = [
        ask for ask in answer.outcome.asks if known & {one.code for one in ask.choices} and (reason or not ask.field)
    ]
    return [ask for ask in answer.outcome.asks if ask not in done][:1]


def _json(request: HttpRequest, mode: str, answer: Answer) -> JsonResponse:
    outcome, context = answer.outcome, _spoken(request, mode, answer)
    return JsonResponse(
        {
            "tone": outcome.tone,
            "code": outcome.code,
            "message": outcome.message,
            "opened": answer.opened,
            "token": answer.token,
            "scanned": answer.scanned,
            "many": answer.many,
            "undo": dict(answer.undo) or None,
            "says": render_to_string("circulation/says.html", context) if outcome.message else "",
            "row": render_to_string("circulation/row.html", context) if answer.rows else "",
            "panel": _panel(answer, context),
            "ask": render_to_string("circulation/ask.html", context) if context["asks"] else "",
            "slips": [printed(slip).as_json() for slip in outcome.slips],
        }
    )


def _panel(answer: Answer, context: dict[str, Any]) -> dict[str, str] | None:
    """The whole panel of a patron who was just opened; afterwards only what a scan may change."""
    if answer.panel is None:
        return None
    name = "panel" if answer.panel.whole else "held"
    return {"part": name, "html": render_to_string(f"circulation/{name}.html", context)}
