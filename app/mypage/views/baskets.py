"""The basket: titles collected before or after signing in, held all at once at one place."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from app.access.web import wants_json
from app.catalog.models import BibliographicRecord
from app.holds import actions as holds
from app.holds import queries as held
from app.holds.actions import HoldRefused, Wanted
from app.holds.models import Hold
from app.mypage import basket, queries
from app.mypage.forms import BasketForm
from app.mypage.web import actor_of, patron_page
from app.patrons.models import Patron
from app.patrons.web import current_patron
from app.web.views import forbidden


@never_cache
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """What lies in the basket; who is signed in chooses a place and holds everything. Two SQL statements, none for an
    empty one."""
    records = queries.records_in_order(basket.read(request))
    patron = current_patron(request)
    form = None
    if patron is not None and records:
        pickup, contact = holds.defaults_of(patron)
        form = BasketForm(initial={"pickup": pickup.pk, "contact": contact})
    return _page(request, records, form)


def _page(
    request: HttpRequest, records: list[BibliographicRecord], form: BasketForm | None, status: int = 200
) -> HttpResponse:
    waiting = held.counts([record.pk for record in records]) if records else {}
    lines = [(record, waiting.get(record.pk, 0)) for record in records]
    return render(request, "mypage/basket.html", {"lines": lines, "form": form, "most": basket.MOST}, status=status)


@csrf_exempt
@require_POST
@never_cache
def change(request: HttpRequest) -> HttpResponse:
    """Put titles in (`record`) or take them out (`remove`, `empty`). The page's script gets the number as JSON."""
    if not basket.same_site(request):
        return forbidden(request, None)
    there = basket.read(request)
    out = set(basket.numbers_in(request.POST.getlist("remove")))
    wanted = [] if "empty" in request.POST else [pk for pk in there if pk not in out]
    wanted += basket.numbers_in(request.POST.getlist("record"))
    kept = list(dict.fromkeys(wanted))
    full = len(kept) > basket.MOST
    kept = kept[: basket.MOST]
    if wants_json(request):
        said = gettext("かごには%(most)d件まで入れられます。") if full else gettext("かごに入れました。")
        response: HttpResponse = JsonResponse({"count": len(kept), "said": said % {"most": basket.MOST}})
    else:
        response = redirect("mypage:basket")
    basket.put(response, kept)
    return response


@dataclass(frozen=True)
class Result:
    """What came of one title."""

    record: BibliographicRecord
    hold: Hold | None
    said: str


@patron_page
def place(request: HttpRequest, patron: Patron) -> HttpResponse:
    """Hold everything in the basket at one place; each title says what came of it. What was held leaves the basket, so
    the same form sent again holds nothing twice."""
    records = queries.records_in_order(basket.read(request))
    if request.method != "POST" or not records:
        return redirect("mypage:basket")
    form = BasketForm(request.POST)
    if not form.is_valid():
        return _page(request, records, form, status=422)
    values, actor, results = form.cleaned_data, actor_of(request, patron), []
    route = queries.route_from(request.terminal)
    for record in records:
        wanted = Wanted(record.pk, pickup=values["pickup"], contact=values["contact"], route=route)
        try:
            hold = holds.place(actor, patron.pk, wanted)
        except HoldRefused as refused:
            results.append(Result(record, None, refused.message))
        else:
            place = held.place_of(hold) if hold.status == "waiting" else 0
            said = gettext("%(place)d番目です。") % {"place": place} if place else gettext("用意を始めます。")
            results.append(Result(record, hold, said))
    done = [result.hold.pk for result in results if result.hold is not None]
    problem = ""
    if values["together"] and len(done) > 1:
        try:
            holds.join(actor, done, values["together"])
        except HoldRefused as refused:
            problem = refused.message
    context = {"results": results, "done": len(done), "pickup": values["pickup"], "problem": problem}
    response = render(request, "mypage/basket_done.html", context)
    basket.put(response, [result.record.pk for result in results if result.hold is None])
    return response
