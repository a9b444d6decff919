"""A patron's holds, receiving one, and everything that can be done with one. What is asked for whom is posted: a
patron and a title must not stand together in an address, which gets logged."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from app.catalog import queries as catalog
from app.catalog.models import BibliographicRecord, Item
from app.catalog.rules import isbn13
from app.holds import actions, queries
from app.holds.actions import HoldRefused, Wanted
from app.holds.forms import ChangeForm, ContactForm, ExtendForm, MoveForm, PlaceForm, SuspendForm
from app.holds.models import Hold, HoldSet, Status
from app.holds.reports import requests_of
from app.holds.views.common import desk_page, hold_or_404, may_do, papers, saw, say
from app.patrons import queries as patrons
from app.patrons.models import Patron
from app.patrons.rules import plain_number
from app.terminals import queries as terminals

USUAL_RESULT = {"phone": "told"}


@require_GET
@desk_page(actions.VIEW)
def patron_page(request: HttpRequest, patron_id: int) -> HttpResponse:
    """Everything a patron waits for, with places and shelf numbers; a title's number or ISBN adds one."""
    patron = patrons.by_id(patron_id)
    if patron is None:
        raise Http404
    saw(request, patron, "予約の照会")
    context = {
        "patron": patron,
        "lines": queries.of_patron(patron.pk),
        "requests": requests_of(patron.pk),
        "kinds": HoldSet.Kind.choices,
        "today": timezone.localdate(),
    }
    return render(request, "holds/patron.html", context)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _record_of(text: str) -> BibliographicRecord | None:
    """The record meant by an item number, an ISBN, or its own number."""
    number = plain_number(text)
    found = catalog.record_with_barcode(number) if number else None
    if found is None:
        isbn = isbn13(text)
        found = BibliographicRecord.objects.filter(isbn13=isbn).values_list("pk", flat=True).first() if isbn else None
    if found is None:
        found = _number(text)
    return catalog.record(found) if found is not None else None


@require_http_methods(["GET", "POST"])
@desk_page(actions.PLACE)
def place(request: HttpRequest) -> HttpResponse:
    """Receive a hold: the title, then the card, then place and way, which stand there as usual for the patron.

    Comes from a title (?record=) or from a patron (posted). A refusal that may be passed over asks for a reason.
    """
    given = request.POST if request.method == "POST" else request.GET
    context: dict[str, Any] = {"here": request.here, "record": _record_of(given.get("record", ""))}
    if given.get("record") and context["record"] is None:
        context["problem"] = f"「{given['record'][:40]}」に当たる書誌がありません。資料番号かISBNを入力してください。"
    patron = _patron(request)
    context["patron"] = patron
    if request.POST.get("card") and patron is None:
        context["problem"] = "登録のない利用券です。番号を確かめてください。"
    if patron is None or context["record"] is None:
        return render(request, "holds/place.html", context, status=404 if "problem" in context else 200)
    context["items"] = (
        Item.objects.filter(record=context["record"]).exclude(status="withdrawn").select_related("branch")
    )
    context["waiting"] = queries.counts([context["record"].pk]).get(context["record"].pk, 0)
    if request.POST.get("step") != "place":
        saw(request, patron, "予約の受付")
        pickup, contact = actions.defaults_of(patron)
        context["form"] = PlaceForm(initial={"pickup": pickup.pk, "contact": contact})
        return render(request, "holds/place.html", context)
    return _receive(request, patron, context)


def _patron(request: HttpRequest) -> Patron | None:
    number = plain_number(request.POST.get("card", "")[:40])
    if number:
        return patrons.by_card(number)
    patron_id = _number(request.POST.get("patron", ""))
    return patrons.by_id(patron_id) if patron_id is not None else None


def _receive(request: HttpRequest, patron: Patron, context: dict[str, Any]) -> HttpResponse:
    form = PlaceForm(request.POST)
    context["form"] = form
    if form.is_valid():
        values = form.cleaned_data
        wanted = Wanted(
            record_id=context["record"].pk,
            pickup=values["pickup"],
            contact=values["contact"],
            route=values["route"],
            item_id=_number(request.POST.get("item", "")),
            note=values["note"],
            reason=request.POST.get("reason", "")[:100],
        )
        try:
            hold = actions.place(request.actor, patron.pk, wanted)
        except HoldRefused as refused:
            context["refused"] = refused
            context["may_override"] = refused.may_override and may_do(request, actions.OVERRIDE)
        else:
            place = queries.place_of(hold)
            said = f"{place}番目です。" if hold.status == Status.WAITING else "在架の資料を用意します。"
            messages.success(request, f"予約を受け付けました。{said}")
            return redirect("holds:patron", patron.pk)
    return render(request, "holds/place.html", context, status=422)


@require_GET
@desk_page(actions.VIEW)
def hold_page(request: HttpRequest, hold_id: int) -> HttpResponse:
    """One hold: where it stands, its history, and what can be done."""
    return _page(request, hold_or_404(hold_id))


def _page(request: HttpRequest, hold: Hold, status: int = 200, **bound: Any) -> HttpResponse:
    saw(request, hold.patron, "予約の照会")
    now = {"pickup": hold.pickup_id, "contact": hold.contact, "note": hold.note}
    context = {
        "hold": hold,
        "entries": hold.entries.all(),
        "place": queries.place_of(hold),
        "is_open": hold.status in ("waiting", "pull", "transit", "ready"),
        "change": ChangeForm(initial=now),
        "suspend": SuspendForm(initial={"since": hold.suspended_from, "until": hold.suspended_until}),
        "move": MoveForm() if may_do(request, actions.REORDER) else None,
        "contact": ContactForm(
            initial={"method": hold.contact, "result": "told" if hold.contact == "phone" else "sent"}
        ),
        "extend": ExtendForm(),
        "here": request.here,
        "terminal": terminals.of(request),
        "slips": [],
    } | bound
    return render(request, "holds/hold.html", context, status=status)


@require_POST
@desk_page(actions.CHANGE)
def change(request: HttpRequest, hold_id: int) -> HttpResponse:
    """Another place or way."""
    form = ChangeForm(request.POST)
    if not form.is_valid():
        return _page(request, hold_or_404(hold_id), 422, change=form)
    values = form.cleaned_data
    return _act(
        request,
        hold_id,
        lambda: actions.change(
            request.actor, hold_id, pickup=values["pickup"], contact=values["contact"], note=values["note"]
        ),
        "変更しました。",
    )


@require_POST
@desk_page(actions.CHANGE)
def suspend(request: HttpRequest, hold_id: int) -> HttpResponse:
    """Pass it over for a while, or no longer."""
    form = SuspendForm(request.POST)
    if not form.is_valid():
        return _page(request, hold_or_404(hold_id), 422, suspend=form)
    since, until = form.cleaned_data["since"], form.cleaned_data["until"]
    said = "休止しました。順位はそのままです。" if since or until else "再開しました。"
    return _act(request, hold_id, lambda: actions.suspend(request.actor, hold_id, since, until), said)


@require_POST
@desk_page(actions.REORDER)
def move(request: HttpRequest, hold_id: int) -> HttpResponse:
    """Another place in the queue, with a reason."""
    form = MoveForm(request.POST)
    if not form.is_valid():
        return _page(request, hold_or_404(hold_id), 422, move=form)
    place, reason = form.cleaned_data["place"], form.cleaned_data["reason"]
    said = "順位を変えました。"
    return _act(request, hold_id, lambda: actions.reorder(request.actor, hold_id, place, reason), said)


@require_POST
@desk_page(actions.CONTACT)
def contact(request: HttpRequest, hold_id: int) -> HttpResponse:
    """One try to tell the patron."""
    form = ContactForm(request.POST)
    if not form.is_valid():
        return _page(request, hold_or_404(hold_id), 422, contact=form)
    values = form.cleaned_data
    return _act(
        request,
        hold_id,
        lambda: actions.note_contact(request.actor, hold_id, values["method"], values["result"], values["text"]),
        "連絡の結果を記録しました。",
    )


@require_POST
@desk_page(actions.CHANGE)
def extend(request: HttpRequest, hold_id: int) -> HttpResponse:
    """Keep it longer."""
    form = ExtendForm(request.POST)
    if not form.is_valid():
        return _page(request, hold_or_404(hold_id), 422, extend=form)
    days = form.cleaned_data["days"]
    return _act(request, hold_id, lambda: actions.extend(request.actor, hold_id, days), "取置期限を延ばしました。")


def _act(request: HttpRequest, hold_id: int, act: Any, said: str) -> HttpResponse:
    try:
        act()
    except HoldRefused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, said)
    return redirect("holds:hold", hold_id)


@require_POST
@desk_page(actions.CHANGE)
def cancel(request: HttpRequest, hold_id: int) -> HttpResponse:
    """End it; from the hold shelf here the item goes to the next in line, whose slip prints."""
    before = hold_or_404(hold_id)
    try:
        answer = actions.cancel(request.actor, hold_id, here=request.here)
    except HoldRefused as refused:
        messages.error(request, refused.message)
        return redirect("holds:hold", hold_id)
    said = "取り消しました。"
    if before.status == Status.TRANSIT:
        said = "取り消しました。回送中の資料は、到着後に次の順位へ回ります。"
    elif before.status == Status.READY and answer is None:
        said = f"取り消しました。{before.pickup.name}の取置棚 {before.shelf_number} 番から抜く資料の一覧に載せました。"
    say(request, answer, said)
    hold = queries.one(hold_id)
    if hold is None:
        return redirect("holds:start")
    return _page(request, hold, slips=papers(answer))


@require_POST
@desk_page(actions.CHANGE)
def join(request: HttpRequest, patron_id: int) -> HttpResponse:
    """Make a set of the chosen holds, in the order of their numbers in the boxes."""
    order = []
    for text in request.POST.getlist("hold"):
        number = _number(text)
        if number is not None:
            order.append((_number(request.POST.get(f"order-{number}", "")) or 0, number))
    try:
        actions.join(request.actor, [number for _, number in sorted(order)], request.POST.get("kind", ""))
    except HoldRefused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, "組にしました。")
    return redirect("holds:patron", patron_id)
