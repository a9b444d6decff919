"""Holds and purchase requests by the patrons themselves. Every rule is in `app.holds.actions`; these are the pages."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from app.branches.models import Branch
from app.catalog.models import Item
from app.catalog.rules import isbn13
from app.holds import actions, reports
from app.holds import queries as holds
from app.holds.actions import Asked, HoldRefused, Wanted
from app.holds.models import OPEN, Contact, Hold, Route
from app.mypage.web import actor_of, patron_page
from app.opac import queries
from app.patrons.models import Patron
from app.terminals.models import Terminal
from app.web.forms import EraDateField, OfficeForm

ISSUES = "magazine"
GONE = _("この予約はすでに終わっています。")


class HoldForm(OfficeForm):
    """Where to collect and how to be told."""

    pickup = forms.ModelChoiceField(label=_("受取館"), queryset=Branch.objects.filter(is_active=True), empty_label=None)
    contact = forms.ChoiceField(label=_("連絡方法"), choices=[(value, _(label)) for value, label in Contact.choices])


class ChangeForm(HoldForm):
    """The same later, and a while in which nothing shall be kept."""

    since = EraDateField(label=_("休止開始（旅行などで受け取れない日）"), required=False)
    until = EraDateField(label=_("休止終了"), required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        since, until = data.get("since"), data.get("until")
        if since and until and until < since:
            self.add_error("until", gettext("休止の終了日は開始日より後にしてください。"))
        return data


class WishForm(OfficeForm):
    """A book that the library has not."""

    title = forms.CharField(label=_("書名"), max_length=200)
    creator = forms.CharField(label=_("著者"), max_length=100, required=False)
    publisher = forms.CharField(label=_("出版者"), max_length=100, required=False)
    isbn = forms.CharField(label="ISBN", max_length=20, required=False)
    wish = forms.CharField(label=_("図書館に伝えたいこと"), max_length=200, required=False)


def route_of(request: HttpRequest) -> str:
    """From a registered terminal of the library it is 館内OPAC, from anywhere else the Web. One SQL statement."""
    inside = bool(request.terminal) and Terminal.objects.filter(address=request.terminal).exists()
    return Route.KIOSK if inside else Route.WEB


@patron_page
def place(request: HttpRequest, patron: Patron, record_id: int) -> HttpResponse:
    """Hold a title: place and way stand there as usual for the patron. Issues of a magazine can be chosen."""
    record = queries.record_of(record_id)
    if record is None:
        raise Http404
    pickup, contact = actions.defaults_of(patron)
    form = HoldForm(request.POST or None, initial={"pickup": pickup.pk, "contact": contact})
    if record.material_type == ISSUES:
        issues = Item.objects.filter(record=record).exclude(status="withdrawn").order_by("-acquired_on", "-pk")[:50]
        named = [(str(i.pk), f"{i.call_number or i.barcode} {i.location}") for i in issues]
        choices = [("", gettext("どの号でもよい")), *named]
        form.fields["item"] = forms.ChoiceField(label=_("号"), choices=choices, required=False)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        wanted = Wanted(
            record_id=record.pk,
            pickup=values["pickup"],
            contact=values["contact"],
            route=route_of(request),
            item_id=int(values["item"]) if values.get("item") else None,
        )
        try:
            hold = actions.place(actor_of(request, patron), patron.pk, wanted)
        except HoldRefused as refused:
            form.add_error(None, refused.message)
        else:
            waits = holds.place_of(hold) if hold.status == "waiting" else 0
            messages.success(
                request,
                gettext("予約を受け付けました。")
                + (gettext("{n}番目です。").format(n=waits) if waits else gettext("用意を始めます。")),
            )
            return redirect("opac:my")
    context = {"record": record, "form": form, "waiting": holds.waiting(record.pk, 0)}
    return render(request, "opac/hold.html", context, status=422 if form.errors else 200)


def _own(patron: Patron, hold_id: int) -> Hold:
    """The patron's own open hold; 404 for anybody else's, so that nothing is told about it."""
    hold = holds.one(hold_id)
    if hold is None or hold.patron_id != patron.pk or hold.status not in OPEN:
        raise Http404
    return hold


@patron_page
def change(request: HttpRequest, patron: Patron, hold_id: int) -> HttpResponse:
    """Another place or way, or a pause."""
    hold = _own(patron, hold_id)
    now = {
        "pickup": hold.pickup_id,
        "contact": hold.contact,
        "since": hold.suspended_from,
        "until": hold.suspended_until,
    }
    form = ChangeForm(request.POST or None, initial=now)
    if hold.status not in ("waiting", "pull"):
        del form.fields["since"], form.fields["until"]
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        actor = actor_of(request, patron)
        try:
            actions.change(actor, hold_id, pickup=values["pickup"], contact=values["contact"])
            if (values.get("since"), values.get("until")) != (hold.suspended_from, hold.suspended_until):
                actions.suspend(actor, hold_id, values.get("since"), values.get("until"))
        except HoldRefused as refused:
            form.add_error(None, refused.message)
        else:
            messages.success(request, gettext("予約を変更しました。"))
            return redirect("opac:my")
    return render(request, "opac/my_hold.html", {"hold": hold, "form": form}, status=422 if form.errors else 200)


@require_POST
@patron_page
def cancel(request: HttpRequest, patron: Patron, hold_id: int) -> HttpResponse:
    """Cancel an own hold; sent twice, the second time says that it is over."""
    hold = holds.one(hold_id)
    if hold is None or hold.patron_id != patron.pk:
        raise Http404
    try:
        actions.cancel(actor_of(request, patron), hold_id)
    except HoldRefused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, gettext("予約を取り消しました。"))
    return redirect("opac:my")


@patron_page
def ask(request: HttpRequest, patron: Patron) -> HttpResponse:
    """Wish for a book; one that is there already is shown and can be held."""
    form = WishForm(request.POST or None)
    context: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        there = reports.owned(isbn13(values["isbn"]), values["title"], values["creator"])
        if there and request.POST.get("sure") != "yes":
            context["there"] = there
        else:
            try:
                actions.ask(actor_of(request, patron), patron.pk, Asked(**values, route=route_of(request)))
            except HoldRefused as refused:
                form.add_error(None, refused.message)
            else:
                messages.success(request, gettext("希望を受け付けました。結果はお知らせします。"))
                return redirect("opac:my")
    status = 422 if form.errors or "there" in context else 200
    return render(request, "opac/request.html", context, status=status)


@require_POST
@patron_page
def withdraw(request: HttpRequest, patron: Patron, request_id: int) -> HttpResponse:
    """Take an own wish back."""
    if request_id not in [made.pk for made in reports.requests_of(patron.pk)]:
        raise Http404
    try:
        actions.withdraw(actor_of(request, patron), request_id)
    except HoldRefused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, gettext("希望を取り消しました。"))
    return redirect("opac:my")
