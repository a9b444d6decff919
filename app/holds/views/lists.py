"""Lists over records, figures, settings, purchase requests."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from app.audit import actions as audit
from app.branches.models import Branch
from app.catalog import queries as catalog
from app.catalog.rules import isbn13
from app.holds import actions, queries, reports
from app.holds.actions import Asked, HoldRefused
from app.holds.actions.settings import put_setting, set_neighbours
from app.holds.forms import DecideForm, RequestForm, SettingForm
from app.holds.models import Neighbour, PurchaseRequest, Route
from app.holds.views.common import as_file, desk_page, may_do, saw
from app.patrons import queries as patrons
from app.patrons.actions import VIEW as VIEW_PATRON
from app.patrons.rules import plain_number
from app.web.dates import parse_date

STATUS = PurchaseRequest.Status
OPEN_REQUESTS = (STATUS.RECEIVED, STATUS.BUY, STATUS.BORROW, STATUS.ORDERED)


@require_GET
@desk_page(actions.VIEW)
def record_page(request: HttpRequest, record_id: int) -> HttpResponse:
    """The queue of a title: how many wait, where and since when. Not who: that is `who`."""
    record = catalog.record(record_id)
    if record is None:
        raise Http404
    context = {
        "record": record,
        "rows": queries.queue_of(record_id),
        "items": catalog.items_of(record_id),
        "may_who": may_do(request, actions.WHO),
        "here": request.here,
    }
    return render(request, "holds/record.html", context)


@require_POST
@desk_page(actions.WHO)
def who(request: HttpRequest) -> HttpResponse:
    """Who waits for a title, for permitted staff with a purpose; each person shown is recorded, the title is not."""
    text, purpose = request.POST.get("record", ""), request.POST.get("purpose", "").strip()
    record = catalog.record(int(text)) if text.isascii() and text.isdigit() and len(text) < 16 else None
    if record is None:
        raise Http404
    if not purpose:
        messages.error(request, "予約者を見る目的を入力してください。")
        return redirect("holds:record", record.pk)
    rows = queries.who_waits(record.pk)
    audit.record_views(
        request.actor, VIEW_PATRON, "patron", [hold.patron_id for hold in rows], audit.typed(f"予約者一覧: {purpose}")
    )
    return render(request, "holds/who.html", {"record": record, "rows": rows})


def _ratio(text: str, usual: float) -> float:
    try:
        return min(999.0, max(0.0, float(text)))
    except ValueError:
        return usual


@require_GET
@desk_page(actions.VIEW)
def copies(request: HttpRequest) -> HttpResponse:
    """Titles with many holds for each copy."""
    ratio = _ratio(request.GET.get("ratio", ""), 5.0)
    rows = reports.copies_needed(ratio)
    columns = ("書名", "ISBN", "予約", "所蔵", "比率")
    lines = [(d.record.title, d.record.isbn13, d.holds, d.copies, round(d.ratio, 1)) for d in rows]
    file = as_file(request, actions.VIEW, "複本検討一覧", columns, lines)
    return file or render(request, "holds/copies.html", {"rows": rows, "ratio": ratio, "hopeless": False})


@require_GET
@desk_page(actions.VIEW)
def hopeless(request: HttpRequest) -> HttpResponse:
    """Titles with holds that no copy can serve any more."""
    rows = reports.hopeless()
    lines = [(d.record.title, d.record.isbn13, d.holds) for d in rows]
    file = as_file(request, actions.VIEW, "提供できない予約", ("書名", "ISBN", "予約"), lines)
    return file or render(request, "holds/copies.html", {"rows": rows, "hopeless": True})


@require_GET
@desk_page(actions.VIEW)
def figures(request: HttpRequest) -> HttpResponse:
    """Holds received by route and place in a span of days."""
    today = timezone.localdate()
    first = parse_date(request.GET.get("first", "")) or today - timedelta(days=29)
    last = parse_date(request.GET.get("last", "")) or today
    rows = reports.by_route(min(first, last), max(first, last))
    columns = ("受取館", *Route.labels, "計")
    lines = [[branch, *(counts.get(code, 0) for code in Route.values), total] for branch, counts, total in rows]
    file = as_file(request, actions.VIEW, "予約受付統計", columns, lines)
    context = {"columns": columns, "lines": lines, "first": min(first, last), "last": max(first, last)}
    return file or render(request, "holds/figures.html", context)


@require_http_methods(["GET", "POST"])
@desk_page(actions.SET)
def setting(request: HttpRequest) -> HttpResponse:
    """What the library decides about its holds, and which places count as one."""
    form = SettingForm(request.POST or None, instance=queries.setting())
    branches = list(Branch.objects.filter(is_active=True))
    pickup = next((b for b in branches if str(b.pk) == request.GET.get("pickup")), request.here)
    if request.method == "POST" and request.POST.get("what") == "near":
        near = [b for b in branches if str(b.pk) in request.POST.getlist("near")]
        set_neighbours(request.actor, pickup, near)
        messages.success(request, f"{pickup.name}の近い館を変えました。")
        return redirect(f"{request.path}?pickup={pickup.pk}")
    if request.method == "POST" and form.is_valid():
        put_setting(request.actor, form.cleaned_data)
        messages.success(request, "予約の設定を変えました。")
        return redirect("holds:setting")
    if request.method == "GET":
        form = SettingForm(instance=queries.setting())
    near_now = set(Neighbour.objects.filter(pickup=pickup).values_list("branch_id", flat=True))
    context = {
        "form": form,
        "pickup": pickup,
        "branches": branches,
        "near": [(b, b.pk in near_now) for b in branches if b.pk != pickup.pk],
    }
    return render(request, "holds/setting.html", context, status=422 if form.errors else 200)


@require_GET
@desk_page(actions.VIEW)
def requests(request: HttpRequest) -> HttpResponse:
    """Purchase requests, without names: those to decide, those under way, those declined."""
    states = {"open": OPEN_REQUESTS, "new": (STATUS.RECEIVED,), "declined": (STATUS.DECLINED,)}
    shown = request.GET.get("show", "open")
    rows = reports.requests(states.get(shown, OPEN_REQUESTS))
    columns = ("受付日", "書名", "著者", "出版者", "ISBN", "状態", "受取館")
    lines = [
        (
            timezone.localdate(r.received_at),
            r.title,
            r.creator,
            r.publisher,
            r.isbn13,
            r.get_status_display(),
            r.pickup.short,
        )
        for r in rows
    ]
    file = as_file(request, actions.VIEW, "購入希望一覧", columns, lines)
    return file or render(request, "holds/requests.html", {"rows": rows, "shown": shown})


@require_http_methods(["GET", "POST"])
@desk_page(actions.REQUEST)
def new_request(request: HttpRequest) -> HttpResponse:
    """Receive a purchase request; what the library may have already is shown first and can be held instead."""
    form = RequestForm(request.POST or None)
    context: dict[str, Any] = {"form": form}
    status = 200
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        patron = patrons.by_card(plain_number(values["card"]))
        isbn = isbn13(values["isbn"])
        there = reports.owned(isbn, values["title"], values["creator"])
        same = reports.same_wishes(isbn, values["title"])
        if patron is None:
            form.add_error("card", "登録のない利用券です。番号を確かめてください。")
        elif there and request.POST.get("sure") != "yes":
            saw(request, patron, "購入希望の受付")
            context |= {"there": there, "same": same, "patron": patron}
        else:
            try:
                actions.ask(
                    request.actor,
                    patron.pk,
                    Asked(
                        title=values["title"],
                        creator=values["creator"],
                        publisher=values["publisher"],
                        isbn=values["isbn"],
                        wish=values["wish"],
                        route=values["route"],
                    ),
                )
            except HoldRefused as refused:
                form.add_error(None, refused.message)
            else:
                others = f"同じ希望がほかに{same}件あります。" if same else ""
                messages.success(request, f"購入希望を受け付けました。{others}")
                return redirect("holds:requests")
        status = 422
    return render(request, "holds/request_new.html", context, status=422 if form.errors else status)


@require_http_methods(["GET", "POST"])
@desk_page(actions.SELECT)
def request_page(request: HttpRequest, request_id: int) -> HttpResponse:
    """One purchase request: decide, order, hand over to the record."""
    made = PurchaseRequest.objects.select_related("pickup", "patron").filter(pk=request_id).first()
    if made is None:
        raise Http404
    form = DecideForm(request.POST or None, initial={"status": made.status, "reason": made.reason})
    if request.method == "POST":
        act = request.POST.get("act")
        try:
            if act == "ordered":
                actions.mark_ordered(request.actor, request_id)
            elif act == "fulfil":
                text = request.POST.get("record", "")
                number = int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0
                hold = actions.fulfil(request.actor, request_id, number)
                messages.success(request, "希望を予約に引き継ぎました。")
                return redirect("holds:hold", hold.pk)
            elif form.is_valid():
                values = form.cleaned_data
                actions.decide_request(request.actor, request_id, values["status"], values["reason"], values["answer"])
            else:
                return _request(request, made, form, 422)
        except HoldRefused as refused:
            form.add_error(None, refused.message) if form.is_bound else None
            return _request(request, made, form, 422)
        messages.success(request, "記録しました。")
        return redirect("holds:request", request_id)
    return _request(request, made, DecideForm(initial=form.initial), 200)


def _request(request: HttpRequest, made: PurchaseRequest, form: DecideForm, status: int) -> HttpResponse:
    saw(request, made.patron, "購入希望の選定")
    there = reports.owned(made.isbn13, made.title, made.creator)
    return render(request, "holds/request.html", {"made": made, "form": form, "there": there}, status=status)
