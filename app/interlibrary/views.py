"""Borrowings on the staff's screen: the list by state, one borrowing, its written request, the other libraries."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from app.access.rules import may
from app.access.web import staff_page
from app.catalog.actions import CatalogError
from app.exports import web as exports
from app.holds.actions import HoldRefused
from app.holds.models import PurchaseRequest
from app.interlibrary import actions, queries
from app.interlibrary.forms import STATES, ArriveForm, AskForm, PartnerForm, RefuseForm
from app.interlibrary.models import Borrowing, Partner
from app.patrons.rules import plain_number

COLUMNS = ("番号", "依頼日", "書名", "著者", "ISBN", "相手館", "受取館", "状態", "資料番号", "返却期限", "返送・謝絶日")


@require_GET
@staff_page(actions.VIEW)
def borrowing_list(request: HttpRequest) -> HttpResponse:
    """What was asked for, by state; also as a file. Three SQL statements."""
    today = timezone.localdate()
    state = request.GET.get("state", Borrowing.State.ASKED)
    state = state if state in dict(STATES) else Borrowing.State.ASKED
    found = queries.borrowings(state, today)
    if exports.asked(request):
        return exports.table(request, actions.VIEW, "借受一覧", list(COLUMNS), map(_line, found))
    counts = queries.counts(today)
    context = {
        "page": Paginator(found, 50).get_page(request.GET.get("page")),
        "state": state,
        "states": [(code, label, counts.get(code)) for code, label in STATES],
    }
    return render(request, "interlibrary/borrowings.html", context)


def _line(made: Borrowing) -> list[Any]:
    barcode = made.item.barcode if made.item else ""
    return [
        made.pk, made.asked_on, made.title, made.creator, made.isbn13, made.partner.name, made.branch.short,
        made.get_state_display(), barcode, made.due_on, made.ended_on,
    ]  # fmt: skip


@require_http_methods(["GET", "POST"])
@staff_page(actions.BORROW)
def ask(request: HttpRequest, request_id: int) -> HttpResponse:
    """Ask a library for what a reader wished for."""
    wish = get_object_or_404(PurchaseRequest.objects.select_related("pickup"), pk=request_id)
    form = AskForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            made = actions.ask_for_wish(request.actor, wish.pk, **form.cleaned_data)
        except (actions.BorrowingRefused, HoldRefused) as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"依頼を記録しました（借受番号 {made.pk}）。依頼書を印刷できます。")
            return redirect("interlibrary:borrowing", made.pk)
    return render(request, "interlibrary/ask.html", {"form": form, "wish": wish}, status=422 if form.errors else 200)


@require_GET
@staff_page(actions.VIEW)
def borrowing(request: HttpRequest, borrowing_id: int) -> HttpResponse:
    """One borrowing and what can be done with it."""
    return _page(request, borrowing_id)


def _page(request: HttpRequest, borrowing_id: int, status: int = 200, **forms: Any) -> HttpResponse:
    made = get_object_or_404(queries.borrowings("", timezone.localdate()), pk=borrowing_id)
    may_act = may(request.actor.operations, actions.BORROW.code)
    context = {
        "made": made,
        "asked": may_act and made.state == Borrowing.State.ASKED,
        "here": may_act and made.state == Borrowing.State.ARRIVED,
        "arrive": forms.get("arrive", ArriveForm()),
        "refuse": forms.get("refuse", RefuseForm()),
        "problem": forms.get("problem", ""),
    }
    return render(request, "interlibrary/borrowing.html", context, status=status)


@require_GET
@staff_page(actions.VIEW)
def paper(request: HttpRequest, borrowing_id: int) -> HttpResponse:
    """依頼書: one sheet for the other library. It names no reader."""
    made = get_object_or_404(queries.borrowings("", timezone.localdate()), pk=borrowing_id)
    return render(request, "interlibrary/paper.html", {"made": made})


@require_POST
@staff_page(actions.BORROW)
def act(request: HttpRequest, borrowing_id: int) -> HttpResponse:
    """It arrived, was refused, or goes back."""
    step = request.POST.get("act")
    form: Any = {"arrive": ArriveForm, "refuse": RefuseForm}.get(step or "", RefuseForm)(request.POST)
    if not form.is_valid():
        return _page(request, borrowing_id, 422, **{str(step): form})
    try:
        said = _done(request, borrowing_id, step, form.cleaned_data)
    except (actions.BorrowingRefused, CatalogError, HoldRefused) as refused:
        return _page(request, borrowing_id, 422, problem=str(refused))
    messages.success(request, said)
    return redirect("interlibrary:borrowing", borrowing_id)


def _done(request: HttpRequest, borrowing_id: int, step: str | None, values: dict[str, Any]) -> str:
    if step == "arrive":
        number = plain_number(values["barcode"]) if values["barcode"] else ""
        made, following = actions.arrive(
            request.actor, borrowing_id, values["due_on"], number, inside_only=values["inside_only"]
        )
        barcode = made.item.barcode if made.item else ""
        return f"資料番号 {barcode} で受け入れました。{following.message if following else ''}"
    if step == "return":
        actions.send_back(request.actor, borrowing_id)
        return "返送を記録しました。"
    actions.refuse(request.actor, borrowing_id, values["note"])
    return "謝絶を記録しました。"


@require_http_methods(["GET", "POST"])
@staff_page(actions.PARTNERS)
def partners(request: HttpRequest, partner_id: int | None = None) -> HttpResponse:
    """Every library that lends to us, and the form of one."""
    row = get_object_or_404(Partner, pk=partner_id) if partner_id else None
    form = PartnerForm(request.POST if request.method == "POST" else None, instance=row)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.put_partner(request.actor, partner_id, form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"「{made.name}」を保存しました。")
            return redirect("interlibrary:partners")
    context = {"form": form, "row": row, "rows": queries.partners()}
    return render(request, "interlibrary/partners.html", context, status=422 if form.errors else 200)
