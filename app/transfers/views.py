"""The staff's pages about transfers: what leaves with which run, what is missed, the stack, relocations."""

from collections.abc import Callable
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from app.access.operations import Operation
from app.access.web import staff_page, wants_json
from app.branches.models import Branch
from app.catalog.models import Item
from app.exports import web as exports
from app.patrons.rules import plain_number
from app.terminals import queries as terminals
from app.terminals.slips import Line, Printed, Slip, printed
from app.terminals.slips import transfer as transfer_slip
from app.transfers import actions, queries
from app.transfers.actions import TransferRefused
from app.transfers.forms import RelocateForm, RunForm, SendForm, SettingForm
from app.transfers.models import Floating, Run, StackRequest, Transfer

NO_BRANCH = {
    "title": "館が決まっていません",
    "message": "回送は館ごとに扱います。端末を登録するか、職員に所属館を登録してください。",
}
View = Callable[..., HttpResponse]


def place_page(operation: Operation) -> Callable[[View], View]:
    """A staff page that needs a place: the view finds it in `request.here`."""

    def guard(view: View) -> View:
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            branch = terminals.of(request).branch
            if branch is None:
                return render(request, "web/error.html", NO_BRANCH, status=403)
            request.here = branch
            return view(request, *args, **kwargs)

        return staff_page(operation)(guarded)

    return guard


def slip_of(way: Transfer) -> Slip:
    """The paper that travels with the item (F-TRF-003)."""
    return transfer_slip(
        way.to_branch.short,
        way.get_reason_display(),
        way.item.record.title,
        way.item.barcode,
        delivery=_delivery(way),
        from_=way.from_branch.short,
    )


def _delivery(way: Transfer) -> str:
    day = f"{way.expected_on:%m/%d}着" if way.expected_on else ""
    return " ".join(filter(None, [way.run.name if way.run else "", day]))


@require_http_methods(["GET", "POST"])
@place_page(actions.VIEW)
def dispatch(request: HttpRequest) -> HttpResponse:
    """What leaves here, by run and destination, with counts; the van's departure is one press, a single item a scan."""
    elsewhere = Branch.objects.filter(is_active=True).exclude(pk=request.here.pk).first()
    form, slips, status = SendForm(initial={"to_branch": elsewhere}), [], 200
    if request.method == "POST" and request.POST.get("act") == "send_all":
        return _send_all(request)
    if request.method == "POST":
        form = SendForm(request.POST)
        slips = _send_one(request, form)
        status = 200 if slips else 422
    ways = queries.waiting_at(request.here.pk)
    if exports.asked(request):
        columns = ("便", "行き先", "書名", "資料番号", "請求記号", "理由", "到着見込")
        rows = [
            (
                w.run.name if w.run else "",
                w.to_branch.short,
                w.item.record.title,
                w.item.barcode,
                w.item.call_number,
                w.get_reason_display(),
                w.expected_on,
            )
            for w in ways
        ]
        return exports.table(request, actions.VIEW, f"発送一覧 {request.here.short}", columns, rows)
    groups = [
        {"run": run, "to": to, "ways": list(own)}
        for (run, to), own in groupby(ways, key=lambda way: (way.run, way.to_branch))
    ]
    context = {
        "here": request.here,
        "groups": groups,
        "total": len(ways),
        "form": form,
        "slips": slips,
        "terminal": terminals.of(request),
        "now": timezone.localtime(),
        "coming": len(queries.on_the_way_to(request.here.pk)),
    }
    return render(request, "transfers/dispatch.html", context, status=status)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _send_all(request: HttpRequest) -> HttpResponse:
    run = Run.objects.filter(pk=_number(request.POST.get("run", ""))).first()
    to = Branch.objects.filter(pk=_number(request.POST.get("to", ""))).first()
    count = actions.send_all(request.actor, request.here, run, to, timezone.now())
    messages.success(request, f"{count}点を発送しました。" if count else "発送する資料はありませんでした。")
    return redirect("transfers:dispatch")


def _send_one(request: HttpRequest, form: SendForm) -> list[Printed]:
    if not form.is_valid():
        return []
    values = form.cleaned_data
    number = plain_number(values["scan"])
    item = Item.objects.select_related("branch", "record").defer("record__marc").filter(barcode=number).first()
    if item is None:
        form.add_error("scan", "登録のない資料番号です。もう一度読み取ってください。")
        return []
    waiting = Transfer.objects.filter(item=item, from_branch=request.here).first()
    to = waiting.to_branch if waiting else values["to_branch"]
    if to.pk == request.here.pk:
        form.add_error("to_branch", "行き先がこの館です。ほかの館を選んでください。")
        return []
    reason = waiting.reason if waiting else values["reason"]
    try:
        way = actions.send(request.actor, item, to, reason, request.here)
    except TransferRefused as refused:
        form.add_error("scan", str(refused))
        return []
    messages.success(request, f"{to.name}へ発送しました。")
    way = Transfer.objects.select_related("item__record", "from_branch", "to_branch", "run").get(pk=way.pk)
    return [printed(slip_of(way))]


@require_GET
@place_page(actions.VIEW)
def missed(request: HttpRequest) -> HttpResponse:
    """What was sent and should have arrived; everywhere, the longest first. Below, what is coming here."""
    late = queries.missed(timezone.localdate())
    if exports.asked(request):
        columns = ("発送日", "開館日数", "発送元", "行き先", "書名", "資料番号", "理由")
        rows = [
            (
                timezone.localdate(one.transfer.sent_at),
                one.open_days,
                one.transfer.from_branch.short,
                one.transfer.to_branch.short,
                one.transfer.item.record.title,
                one.transfer.item.barcode,
                one.transfer.get_reason_display(),
            )
            for one in late
        ]
        return exports.table(request, actions.VIEW, "未着一覧", columns, rows)
    context = {
        "here": request.here,
        "late": late,
        "coming": queries.on_the_way_to(request.here.pk),
        "setting": queries.setting(),
    }
    return render(request, "transfers/missed.html", context)


@require_http_methods(["GET", "POST"])
@place_page(actions.STACK)
def stack(request: HttpRequest) -> HttpResponse:
    """A desk asks (資料番号), the stack scans: fetched, then put back."""
    status = 200
    if request.method == "POST":
        number = plain_number(request.POST.get("scan", "")[:40]) or request.POST.get("scan", "")[:20]
        try:
            if request.POST.get("act") == "request":
                made = actions.request(request.actor, number, request.here)
                messages.success(request, f"「{made.item.record.title}」を書庫に請求しました。")
            else:
                item, done = actions.scan(request.actor, number)
                word = "出庫しました。" if done == "fetched" else "返納しました。書庫の棚へ戻してください。"
                messages.success(request, f"「{item.record.title}」を{word}")
        except TransferRefused as refused:
            messages.error(request, str(refused))
            status = 422
        else:
            return redirect("transfers:stack")
    context = {
        "here": request.here,
        "asked": queries.stack_requests(request.here.pk),
        "mine": StackRequest.objects.filter(desk=request.here).select_related("item__branch", "item__record"),
    }
    return render(request, "transfers/stack.html", context, status=status)


@require_http_methods(["GET", "POST"])
@place_page(actions.STACK)
def stack_printer(request: HttpRequest) -> HttpResponse:
    """The page that stays open beside the stack's printer: it asks every few seconds and prints each request once
    (F-TRF-008). Without JavaScript a press does the same."""
    slips: list[Printed] = []
    if request.method == "POST":
        slips = [printed(_stack_slip(one)) for one in actions.take_slips(request.actor, request.here)]
        if wants_json(request):
            return JsonResponse({"slips": [slip.as_json() for slip in slips]})
    context = {"here": request.here, "slips": slips, "terminal": terminals.of(request)}
    return render(request, "transfers/stack_printer.html", context)


def _stack_slip(one: StackRequest) -> Slip:
    at = timezone.localtime(one.requested_at)
    facts = (
        ("請求記号", one.item.call_number),
        ("所在", one.item.location or "書庫"),
        ("資料番号", one.item.barcode),
        ("請求館", one.desk.name),
        ("時刻", f"{at:%m/%d %H:%M}"),
    )
    return Slip("note", "書庫出納票", (Line(one.item.record.title),), facts=facts, barcode=one.item.barcode)


@require_http_methods(["GET", "POST"])
@place_page(actions.RELOCATE)
def relocations(request: HttpRequest) -> HttpResponse:
    """What stands elsewhere for a while: begin one by a scan; those whose day has come are marked and go back."""
    today = timezone.localdate()
    form, status = RelocateForm(initial={"to_branch": request.here.pk}), 200
    if request.method == "POST" and request.POST.get("act") == "end":
        numbers = [int(text) for text in request.POST.getlist("relocation") if _number(text) is not None]
        count = actions.end(request.actor, numbers)
        messages.success(request, f"{count}点を戻します。資料を「到着・確認」で読み取ってください。")
        return redirect("transfers:relocations")
    if request.method == "POST":
        form = RelocateForm(request.POST)
        status = 422
        if form.is_valid():
            values = form.cleaned_data
            try:
                actions.relocate(
                    request.actor,
                    plain_number(values["scan"]) or values["scan"],
                    values["to_branch"],
                    values["until"],
                    values["purpose"],
                    values["to_location"],
                )
            except TransferRefused as refused:
                form.add_error("scan", str(refused))
            else:
                messages.success(request, "一時移管を記録しました。")
                kept = {name: values[name] for name in ("to_location", "until", "purpose")}
                form = RelocateForm(initial={**kept, "to_branch": values["to_branch"].pk})
                status = 200
    rows = queries.relocations()
    context = {"here": request.here, "form": form, "rows": rows, "today": today}
    return render(request, "transfers/relocations.html", context, status=status)


@require_http_methods(["GET", "POST"])
@place_page(actions.SET)
def setting(request: HttpRequest) -> HttpResponse:
    """Runs, the days after which a transfer is missed, what stays where it is returned."""
    now = {
        "overdue_days": queries.setting().overdue_days,
        "floating": list(Floating.objects.filter(branch=None).values_list("material_type", flat=True)),
    }
    form, run = SettingForm(initial=now), RunForm()
    status = 200
    if request.method == "POST":
        status = 422
        if request.POST.get("act") == "run":
            run = RunForm(request.POST)
            if run.is_valid():
                values = run.cleaned_data
                actions.put_run(request.actor, values["code"], values["name"], values["leaves_at"], values["is_active"])
                messages.success(request, f"{values['name']}を記録しました。")
                return redirect("transfers:setting")
        else:
            form = SettingForm(request.POST)
            if form.is_valid():
                actions.set_overdue_days(request.actor, form.cleaned_data["overdue_days"])
                actions.set_floating(request.actor, form.cleaned_data["floating"])
                messages.success(request, "回送の設定を変えました。")
                return redirect("transfers:setting")
    context = {"form": form, "run": run, "runs": Run.objects.all()}
    return render(request, "transfers/setting.html", context, status=status)


@require_POST
@place_page(actions.SEND)
def slips(request: HttpRequest) -> HttpResponse:
    """The slips of everything that leaves here with a run, again."""
    ways = [way for way in queries.waiting_at(request.here.pk) if str(way.run_id or "") == request.POST.get("run", "")]
    context = {
        "here": request.here,
        "slips": [printed(slip_of(way)) for way in ways],
        "terminal": terminals.of(request),
    }
    return render(request, "transfers/slips.html", context)
