"""Orders on the staff's screen: the list, a new one, one order with what arrived, the booksellers."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from app.access.rules import may
from app.access.web import staff_page
from app.acquisitions import actions, queries
from app.acquisitions.forms import STATES, CancelForm, OrderForm, ReceiveForm, VendorForm
from app.acquisitions.models import Order, Vendor
from app.catalog.actions import CatalogError
from app.catalog.models import BibliographicRecord
from app.exports import web as exports
from app.holds import reports
from app.holds.actions import HoldRefused
from app.holds.models import PurchaseRequest
from app.patrons.rules import plain_number

COLUMNS = (
    "番号", "発注日", "書名", "著者", "出版者", "ISBN", "受入館", "発注先", "冊数", "受入数", "定価", "見込単価",
    "状態",
)  # fmt: skip


@require_GET
@staff_page(actions.VIEW)
def order_list(request: HttpRequest) -> HttpResponse:
    """Orders by state and bookseller; also as a file. Three SQL statements."""
    state = request.GET.get("state", Order.Status.ORDERED)
    state = state if state in dict(STATES) else Order.Status.ORDERED
    vendor = request.GET.get("vendor", "")
    found = queries.orders(state, int(vendor) if vendor.isdecimal() else None)
    if exports.asked(request):
        return exports.table(request, actions.VIEW, "発注一覧", list(COLUMNS), map(_line, found))
    context = {
        "page": Paginator(found, 50).get_page(request.GET.get("page")),
        "state": state,
        "states": STATES,
        "vendor": vendor,
        "vendors": queries.vendors(),
    }
    return render(request, "acquisitions/orders.html", context)


def _line(order: Order) -> list[Any]:
    record = order.record
    return [
        order.pk, order.ordered_on, record.title, "、".join(record.creators), record.publisher, record.isbn13,
        order.branch.short, order.vendor.name, order.copies, order.arrived, order.list_price, order.expected_price,
        order.get_status_display(),
    ]  # fmt: skip


@require_http_methods(["GET", "POST"])
@staff_page(actions.ORDER)
def order_record(request: HttpRequest, record_id: int) -> HttpResponse:
    """Order copies of a record; what is there and on its way stands beside the form."""
    record = get_object_or_404(BibliographicRecord.objects.defer("marc"), pk=record_id)
    return _new(request, {"record": record}, lambda wanted: actions.order(request.actor, record.pk, wanted))


@require_http_methods(["GET", "POST"])
@staff_page(actions.ORDER)
def order_wish(request: HttpRequest, request_id: int) -> HttpResponse:
    """Order what a reader wished for, by the record that is there or by a new one of the request's words."""
    wish = get_object_or_404(PurchaseRequest.objects.select_related("pickup"), pk=request_id)
    there = reports.owned(wish.isbn13, wish.title, wish.creator)
    chosen = request.POST.get("record", str(there[0].pk) if there else "")
    record = next((row for row in there if str(row.pk) == chosen), None)

    def act(wanted: actions.Wanted) -> Order:
        return actions.order_wish(request.actor, wish.pk, record.pk if record else None, wanted)

    return _new(request, {"wish": wish, "there": there, "record": record}, act, {"branch": wish.pickup_id})


def _new(
    request: HttpRequest,
    context: dict[str, Any],
    act: Callable[[actions.Wanted], Order],
    initial: dict[str, Any] | None = None,
) -> HttpResponse:
    """The form of an order; pressed again after the warning it orders again."""
    bound = request.POST if request.method == "POST" else None
    form = OrderForm(bound, initial={"branch": request.actor.branch_id, **(initial or {})})
    if form.is_valid():
        try:
            made = act(form.wanted(again=request.POST.get("again") == "yes"))
        except (actions.OrderRefused, HoldRefused) as refused:
            form.add_error(None, refused.message)
            context["again"] = refused.code == "twice"
        else:
            messages.success(request, f"発注しました（発注番号 {made.pk}）。")
            return redirect("acquisitions:order", made.pk)
    record = context.get("record")
    context |= {"form": form, "state": queries.state_of(record.pk) if record else None}
    return render(request, "acquisitions/new.html", context, status=422 if form.errors else 200)


@require_GET
@staff_page(actions.VIEW)
def order_page(request: HttpRequest, order_id: int) -> HttpResponse:
    """One order: what it is, what arrived, what can be done."""
    return _order(request, order_id)


def _order(request: HttpRequest, order_id: int, status: int = 200, **forms: Any) -> HttpResponse:
    order = get_object_or_404(queries.orders(""), pk=order_id)
    open_ = order.status == Order.Status.ORDERED
    operations = request.actor.operations
    context = {
        "order": order,
        "left": order.copies - order.arrived,
        "receipts": queries.receipts(order.pk),
        "wishes": order.wishes.count(),
        "receive": forms.get("receive", ReceiveForm(initial={"price": order.expected_price})),
        "cancel": forms.get("cancel", CancelForm()),
        "may_receive": open_ and may(operations, actions.RECEIVE.code),
        "may_cancel": open_ and may(operations, actions.ORDER.code),
    }
    return render(request, "acquisitions/order.html", context, status=status)


@require_POST
@staff_page(actions.RECEIVE)
def receive(request: HttpRequest, order_id: int) -> HttpResponse:
    """One copy arrived; the next one can be scanned at once."""
    form = ReceiveForm(request.POST)
    if form.is_valid():
        values = form.cleaned_data
        number = plain_number(values["barcode"]) if values["barcode"] else ""
        try:
            got = actions.receive(request.actor, order_id, number, values["price"], ready=values["ready"])
        except (actions.OrderRefused, CatalogError, HoldRefused) as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"資料番号 {got.item.barcode} で受け入れました。")
            if got.next is not None and got.next.hold_number:
                messages.warning(request, got.next.message)
            return redirect("acquisitions:order", order_id)
    return _order(request, order_id, 422, receive=form)


@require_POST
@staff_page(actions.ORDER)
def cancel(request: HttpRequest, order_id: int) -> HttpResponse:
    """What is still open will not come."""
    form = CancelForm(request.POST)
    if form.is_valid():
        try:
            actions.cancel(request.actor, order_id, form.cleaned_data["why"])
        except actions.OrderRefused as refused:
            form.add_error(None, refused.message)
        else:
            messages.success(request, "発注を取り消しました。")
            return redirect("acquisitions:order", order_id)
    return _order(request, order_id, 422, cancel=form)


@require_http_methods(["GET", "POST"])
@staff_page(actions.VENDORS)
def vendors(request: HttpRequest, vendor_id: int | None = None) -> HttpResponse:
    """Every bookseller, and the form of one."""
    row = get_object_or_404(Vendor, pk=vendor_id) if vendor_id else None
    form = VendorForm(request.POST if request.method == "POST" else None, instance=row)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.put_vendor(request.actor, vendor_id, form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"「{made.name}」を保存しました。")
            return redirect(reverse("acquisitions:vendors"))
    context = {"form": form, "row": row, "rows": queries.vendors()}
    return render(request, "acquisitions/vendors.html", context, status=422 if form.errors else 200)
