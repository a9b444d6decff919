"""The hold desk: what is to be done here, the scan of what is in hand, pull list, hold shelf, calls, what is late."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from app.audit import actions as audit
from app.branches.models import Branch
from app.catalog.queries import record_with_barcode
from app.exports import web as exports
from app.holds import actions, queries, reports
from app.holds.actions import HoldRefused
from app.holds.forms import ContactForm
from app.holds.models import Hold
from app.holds.views.common import as_file, desk_page, may_do, papers, title_of
from app.patrons import queries as patrons
from app.patrons.actions import VIEW as VIEW_PATRON
from app.patrons.rules import card_problem, plain_number
from app.terminals import queries as terminals


@require_http_methods(["GET", "POST"])
@desk_page(actions.VIEW)
def start(request: HttpRequest) -> HttpResponse:
    """F7. What waits to be done at this place; a card opens the patron's holds, an item number its title's queue, a
    hold's number the hold. What is scanned is posted: card numbers do not belong into addresses."""
    if request.method == "POST":
        text = request.POST.get("scan", "")[:40]
        found = _find(text)
        if found is not None:
            return found
        messages.error(request, f"「{text}」に当たる利用券・資料・予約の番号がありません。番号を確かめてください。")
    context = {
        "here": request.here,
        "branches": Branch.objects.filter(is_active=True),
        "work": reports.work_at(request.here.pk, timezone.localdate()),
    }
    return render(request, "holds/start.html", context, status=404 if request.method == "POST" else 200)


def _find(text: str) -> HttpResponse | None:
    number = plain_number(text)
    if not number:
        return None
    patron = patrons.by_card(number)
    if patron is not None:
        return redirect("holds:patron", patron.pk)
    record_id = record_with_barcode(number)
    if record_id is not None:
        return redirect("holds:record", record_id)
    if len(number) < 12 and card_problem(number) is not None and Hold.objects.filter(pk=int(number)).exists():
        return redirect("holds:hold", int(number))
    return None


@require_http_methods(["GET", "POST"])
@desk_page(actions.HANDLE)
def check(request: HttpRequest) -> HttpResponse:
    """Scan what is in hand: arrived, pulled, new, taken off the hold shelf. One scan says where it goes and prints."""
    context = {"here": request.here, "terminal": terminals.of(request)}
    status = 200
    if request.method == "POST":
        number = plain_number(request.POST.get("scan", "")[:40])
        item, answer = actions.receive(request.actor, number, request.here) if number else (None, None)
        if item is None:
            status = 404
            context["problem"] = "登録のない資料番号です。もう一度読み取ってください。"
        elif answer is None:
            status = 409
            context["problem"] = "貸出中の資料です。返却（F3）で受け取ってください。"
        context |= {"item": item, "answer": answer, "slips": papers(answer) if answer and answer.fresh else []}
    return render(request, "holds/check.html", context, status=status)


@require_GET
@desk_page(actions.HANDLE)
def pull(request: HttpRequest) -> HttpResponse:
    """What to take from the shelves here, in shelf order; ordinary paper, one screen."""
    rows = queries.pull_list(request.here.pk)
    columns = ("所在", "請求記号", "書名", "資料番号", "受取館", "予約番号")
    lines = [
        (h.item.location, h.item.call_number, title_of(h), h.item.barcode, h.pickup.short, h.pk) for h in rows if h.item
    ]
    file = as_file(request, actions.VIEW, f"抜出し一覧 {request.here.short}", columns, lines)
    if file is not None:
        return file
    context = {
        "here": request.here,
        "rows": rows,
        "now": timezone.localtime(),
        "branches": Branch.objects.filter(is_active=True),
    }
    return render(request, "holds/pull.html", context)


@require_POST
@desk_page(actions.HANDLE)
def missed(request: HttpRequest, hold_id: int) -> HttpResponse:
    """The copy is not on its shelf, or in use: the next candidate."""
    try:
        hold = actions.not_found(request.actor, hold_id, request.POST.get("kind", ""))
    except HoldRefused as refused:
        messages.error(request, refused.message)
    else:
        if hold.item is not None:
            where = f"{hold.item.branch.name} {hold.item.call_number}"
            messages.success(request, f"「{title_of(hold)}」は次の候補（{where}）に移しました。")
        else:
            messages.warning(request, f"「{title_of(hold)}」はほかに候補がありません。返却や受入れを待ちます。")
    return redirect("holds:pull")


@require_GET
@desk_page(actions.VIEW)
def lost(request: HttpRequest) -> HttpResponse:
    """What was looked for in vain."""
    return render(request, "holds/lost.html", {"here": request.here, "rows": reports.missed_at(request.here.pk)})


@require_POST
@desk_page(actions.HANDLE)
def found(request: HttpRequest, item_id: int) -> HttpResponse:
    """It stands on its shelf after all."""
    actions.found_again(request.actor, item_id)
    messages.success(request, "候補に戻しました。")
    return redirect("holds:lost")


@require_GET
@desk_page(actions.VIEW)
def shelf(request: HttpRequest) -> HttpResponse:
    """The hold shelf by number, and what stands on it for nobody. Numbers, no names."""
    rows = queries.on_hold_shelf(request.here.pk)
    columns = ("棚番号", "書名", "資料番号", "用意した日", "連絡日", "取置期限", "連絡方法", "予約番号")
    lines = [
        (
            h.shelf_number,
            title_of(h),
            h.item.barcode,
            timezone.localdate(h.ready_at),
            h.contacted_on,
            h.keep_until,
            h.get_contact_display(),
            h.pk,
        )
        for h in rows
        if h.item and h.ready_at
    ]
    file = as_file(request, actions.VIEW, f"取置一覧 {request.here.short}", columns, lines)
    if file is not None:
        return file
    context = {
        "here": request.here,
        "rows": rows,
        "clear": queries.to_clear(request.here.pk),
        "today": timezone.localdate(),
        "branches": Branch.objects.filter(is_active=True),
    }
    return render(request, "holds/shelf.html", context)


@require_http_methods(["GET", "POST"])
@desk_page(actions.CHANGE)
def late(request: HttpRequest) -> HttpResponse:
    """What was not collected in time: end it, and the next in line has it at once with its slip; or keep it longer."""
    slips = []
    if request.method == "POST":
        slips = _settle_late(request)
    today = timezone.localdate()
    context = {
        "here": request.here,
        "rows": queries.late_on_shelf(request.here.pk, today),
        "ended": reports.ended(request.here.pk, today),
        "slips": slips,
        "terminal": terminals.of(request),
        "today": today,
    }
    return render(request, "holds/late.html", context)


def _settle_late(request: HttpRequest) -> list:
    numbers = [int(text) for text in request.POST.getlist("hold") if text.isascii() and text.isdigit()]
    if not numbers:
        messages.error(request, "対象の予約を選んでください。")
        return []
    answers, done = [], 0
    days = request.POST.get("days", "")
    for number in numbers:
        try:
            if request.POST.get("act") == "extend":
                actions.extend(request.actor, number, int(days) if days.isascii() and days.isdigit() else 0)
            else:
                answers.append(actions.expire(request.actor, number, request.here))
            done += 1
        except HoldRefused as refused:
            messages.error(request, f"予約 {number}: {refused.message}")
    if done:
        word = "期限を延ばしました。" if request.POST.get("act") == "extend" else "取り消しました。"
        messages.success(request, f"{done}件を{word}")
    for answer in answers:
        if answer is not None:
            messages.info(request, answer.message)
    return papers(*answers)


@require_http_methods(["GET", "POST"])
@desk_page(actions.CONTACT)
def phone(request: HttpRequest) -> HttpResponse:
    """Whom to call about what is ready here; one line a person, the result beside it. Every name shown is recorded."""
    calls = queries.phone_list(request.here.pk)
    if exports.asked(request):
        columns = ("氏名", "電話", "点数", "棚番号", "これまで")
        rows = [
            (c.patron.name, c.patron.phone, len(c.holds), "・".join(str(h.shelf_number) for h in c.holds), c.tries)
            for c in calls
        ]
        name = f"電話連絡一覧 {request.here.short}"
        people = [call.patron_id for call in calls]
        return exports.table(request, VIEW_PATRON, name, columns, rows, personal=True, people=people)
    if request.method == "POST":
        return _called(request)
    audit.record_views(request.actor, VIEW_PATRON, "patron", [call.patron_id for call in calls], "予約の電話連絡")
    context = {
        "here": request.here,
        "calls": calls,
        "now": timezone.localtime(),
        "results": ContactForm.base_fields["result"].choices,
        "branches": Branch.objects.filter(is_active=True),
        "may_export": may_do(request, VIEW_PATRON),
    }
    return render(request, "holds/phone.html", context)


def _called(request: HttpRequest) -> HttpResponse:
    """The result of one call counts for everything it was about."""
    result, done = request.POST.get("result", ""), 0
    for text in request.POST.getlist("hold"):
        if not (text.isascii() and text.isdigit()):
            continue
        try:
            hold = queries.one(int(text))
            if hold is not None and hold.contacted_on is None:
                actions.note_contact(request.actor, hold.pk, "phone", result, request.POST.get("text", "")[:200])
                done += 1
        except HoldRefused as refused:
            messages.error(request, refused.message)
    if done:
        messages.success(request, "連絡の結果を記録しました。")
    return redirect("holds:phone")
