"""What a reader keeps by choice: lists, the record of reading, words to be told of; the card; the family."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from app.audit import actions as audit
from app.circulation.queries import loans_of
from app.holds.queries import of_patron
from app.mypage import actions, queries
from app.mypage.actions import TooMany
from app.mypage.actions.favourites import mark_of
from app.mypage.forms import FavouriteForm, WatchForm
from app.mypage.models import Favourite
from app.mypage.web import actor_of, patron_page
from app.patrons.models import Patron
from app.terminals.codes import bars

ORDERS = ("new", "title", "class")


def _list(shelf: str) -> str:
    return f"{reverse('mypage:favourites')}?shelf={shelf}"


@patron_page
def favourites(request: HttpRequest, patron: Patron) -> HttpResponse:
    """One of the two lists, in the order asked for. Four SQL statements at most."""
    shelf = request.GET.get("shelf", "")
    shelf = shelf if shelf in Favourite.Shelf.values else Favourite.Shelf.WANT
    order = request.GET.get("order", "")
    order = order if order in ORDERS else "new"
    context = {
        "patron": patron,
        "shelf": shelf,
        "shelves": Favourite.Shelf.choices,
        "sizes": queries.shelf_sizes(patron.pk),
        "order": order,
        "kept": queries.favourites(patron.pk, shelf, order),
        "tab": "favourites",
    }
    return render(request, "mypage/favourites.html", context)


@patron_page
def favourite(request: HttpRequest, patron: Patron, record_id: int) -> HttpResponse:
    """Put a title on a list, move it, or change what one says of it."""
    record = queries.record_of(record_id)
    if record is None:
        raise Http404
    there = queries.favourite_of(mark_of(patron.pk, record_id))
    start = {"shelf": there.shelf, "comment": there.content["comment"]} if there else {"shelf": Favourite.Shelf.WANT}
    form = FavouriteForm(request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            actions.keep(actor_of(request, patron), patron.pk, record, values["shelf"], values["comment"])
        except TooMany:
            form.add_error(None, gettext("この一覧はいっぱいです。いらなくなった資料を外してください。"))
        else:
            messages.success(request, gettext("お気に入りに登録しました。"))
            return redirect(_list(values["shelf"]))
    context = {"record": record, "form": form, "there": there, "tab": "favourites"}
    return render(request, "mypage/favourite.html", context, status=422 if form.errors else 200)


@require_POST
@patron_page
def drop_favourite(request: HttpRequest, patron: Patron, favourite_id: int) -> HttpResponse:
    """Take a title off its list; sent twice, the second time finds it gone."""
    there = queries.favourite(patron.pk, favourite_id)
    if there is not None and actions.let_go(actor_of(request, patron), patron.pk, favourite_id):
        messages.success(request, gettext("一覧から外しました。"))
    return redirect(_list(there.shelf if there else Favourite.Shelf.WANT))


@patron_page
def reading(request: HttpRequest, patron: Patron) -> HttpResponse:
    """The record of reading, or the question whether one is wanted."""
    consent = queries.reading_of(patron.pk)
    years = queries.reading_years(patron.pk) if consent else []
    context = {
        "patron": patron,
        "consent": consent,
        "years": years,
        "count": sum(len(year.entries) for year in years),
        "tab": "reading",
    }
    return render(request, "mypage/reading.html", context)


@require_POST
@patron_page
def begin_reading(request: HttpRequest, patron: Patron) -> HttpResponse:
    """Consent; the box says so."""
    if request.POST.get("consent") != "yes":
        messages.error(request, gettext("説明を読み、「記録を残すことに同意する」に印を付けてください。"))
    else:
        actions.begin_reading(actor_of(request, patron), patron.pk)
        messages.success(request, gettext("これから借りる資料の記録を残します。"))
    return redirect("mypage:reading")


@require_POST
@patron_page
def end_reading(request: HttpRequest, patron: Patron) -> HttpResponse:
    """Withdraw the consent: everything goes at once."""
    actions.end_reading(actor_of(request, patron), patron.pk)
    messages.success(request, gettext("読書記録をすべて消去しました。これから借りる資料の記録も残しません。"))
    return redirect("mypage:reading")


@require_POST
@patron_page
def forget_title(request: HttpRequest, patron: Patron) -> HttpResponse:
    """Erase one entry."""
    day, number = request.POST.get("day", ""), request.POST.get("record", "")
    sound = number.isascii() and number.isdigit() and len(number) < 18 and day[:4].isascii() and day[:4].isdigit()
    if sound and actions.forget_title(actor_of(request, patron), patron.pk, int(day[:4]), int(number), day):
        messages.success(request, gettext("記録から消しました。"))
    return redirect("mypage:reading")


@patron_page
def watches(request: HttpRequest, patron: Patron) -> HttpResponse:
    """The words of which one wants to hear, and a form for another."""
    form = WatchForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            made = actions.watch(actor_of(request, patron), patron.pk, values["field"], values["text"])
        except TooMany:
            form.add_error(None, gettext("登録できる語は30件までです。"))
        else:
            if made is not None:
                messages.success(request, gettext("登録しました。当たる資料を受け入れた翌日にお知らせします。"))
                return redirect("mypage:watches")
            form.add_error("text", gettext("文字か数字を含む語を入力してください。"))
    found = queries.watches_of(patron.pk)
    context = {"patron": patron, "form": form, "watches": found, "tab": "watches"}
    return render(request, "mypage/watches.html", context, status=422 if form.errors else 200)


@require_POST
@patron_page
def unwatch(request: HttpRequest, patron: Patron, watch_id: int) -> HttpResponse:
    """Forget words."""
    if actions.unwatch(actor_of(request, patron), patron.pk, watch_id):
        messages.success(request, gettext("登録を消しました。"))
    return redirect("mypage:watches")


@patron_page
def card(request: HttpRequest, patron: Patron) -> HttpResponse:
    """The card on the screen: NW-7, as the counter's reader and the lending machine read it."""
    return render(request, "mypage/card.html", {"patron": patron, "bars": bars(patron.card_number, 60), "tab": "card"})


@patron_page
def family(request: HttpRequest, patron: Patron) -> HttpResponse:
    """What the family has out and waits for, of those who consent at this moment. Whom one looked at is recorded."""
    members = queries.family_shown_to(patron)
    if members:
        ids = [member.pk for member in members]
        audit.record_views(actor_of(request, patron), "mypage.see_family", "patron", ids, "家族の確認")
    shown = [
        {
            "patron": member,
            "loans": loans_of(member.pk),
            "lines": [line for line in of_patron(member.pk) if not line.hold.ended_at],
        }
        for member in members
    ]
    context = {"patron": patron, "shares": queries.shares(patron.pk), "members": shown, "tab": "family"}
    return render(request, "mypage/family.html", context)


@require_POST
@patron_page
def share(request: HttpRequest, patron: Patron) -> HttpResponse:
    """Consent to be seen by the family, or withdraw it."""
    if request.POST.get("share") == "yes":
        actions.share(actor_of(request, patron), patron.pk)
        messages.success(request, gettext("家族に貸出と予約を見せることに同意しました。"))
    else:
        actions.end_share(actor_of(request, patron), patron.pk)
        messages.success(request, gettext("同意を取り消しました。家族の画面には、もう表示されません。"))
    return redirect("mypage:family")
