"""Which of one's holds belong together, and in which order they come."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from app.holds import actions as holds
from app.holds.actions import HoldRefused
from app.holds.actions.sets import arrange, dissolve
from app.holds.models import Hold
from app.holds.queries import of_patron
from app.mypage.forms import SetForm
from app.mypage.web import actor_of, patron_page
from app.patrons.models import Patron

LOOSE = ("waiting", "pull")


@patron_page
def order(request: HttpRequest, patron: Patron) -> HttpResponse:
    """Join single holds to a set by numbering them, put a set into another order, or dissolve it."""
    open_holds = [line.hold for line in of_patron(patron.pk) if not line.hold.ended_at]
    sets: dict[int, list[Hold]] = {}
    for hold in sorted(open_holds, key=lambda hold: (hold.set_order, hold.pk)):
        if hold.belongs_to_id:
            sets.setdefault(hold.belongs_to_id, []).append(hold)
    loose = [hold for hold in open_holds if not hold.belongs_to_id and hold.status in LOOSE]
    form = SetForm(request.POST if request.POST.get("act") == "join" else None)
    if request.method == "POST":
        try:
            said = _act(request, patron, form, sets, loose)
        except HoldRefused as refused:
            if not form.is_bound:
                messages.error(request, refused.message)
                return redirect("mypage:order")
            form.add_error(None, refused.message)
        else:
            messages.success(request, said)
            return redirect("mypage:order")
    shown = [{"id": pk, "set": rows[0].belongs_to, "holds": rows} for pk, rows in sets.items()]
    status = 422 if form.errors else 200
    return render(
        request, "mypage/order.html", {"sets": shown, "loose": loose, "form": form, "tab": "my"}, status=status
    )


def _act(request: HttpRequest, patron: Patron, form: SetForm, sets: dict[int, list[Hold]], loose: list[Hold]) -> str:
    actor, act = actor_of(request, patron), request.POST.get("act", "")
    if act == "join":
        wanted = _numbered(request, loose)
        if not form.is_valid():
            raise HoldRefused("unknown_choice", gettext("まとめ方を選んでください。"))
        holds.join(actor, wanted, form.cleaned_data["kind"])
        return gettext("予約をまとめました。")
    number = request.POST.get("set", "")
    mine = sets.get(int(number)) if number.isascii() and number.isdigit() and len(number) < 18 else None
    if mine is None:
        raise HoldRefused("over", gettext("この組の予約はすでに終わっています。"))
    if act == "dissolve":
        dissolve(actor, int(number))
        return gettext("組を解きました。")
    wanted = _numbered(request, mine)
    arrange(actor, int(number), wanted + [hold.pk for hold in mine if hold.pk not in wanted])
    return gettext("順序を変えました。")


def _numbered(request: HttpRequest, among: list[Hold]) -> list[int]:
    """The holds that carry a number, in the order of the numbers; equal numbers keep the order of the page."""
    given = []
    for place, hold in enumerate(among):
        text = request.POST.get(f"order_{hold.pk}", "").strip()
        if text.isascii() and text.isdigit() and len(text) <= 3:
            given.append((int(text), place, hold.pk))
    return [pk for _, _, pk in sorted(given)]
