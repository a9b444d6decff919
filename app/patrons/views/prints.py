"""What is printed for or about one person: registration sheet, card face, disclosure. PDF, one press each."""

import base64
from io import BytesIO
from typing import Any

import barcode
from barcode.writer import SVGWriter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_POST

from app.access.web import staff_page
from app.circulation.queries import loans_of
from app.patrons import actions, queries
from app.patrons.actions.registering import shown
from app.patrons.forms import PurposeForm
from app.patrons.models import Patron
from app.patrons.views.common import viewed
from app.patrons.views.person import page
from app.web.context import organisation


def pdf(template: str, context: dict[str, Any]) -> bytes:
    """A template set as PDF. Nothing is fetched: pictures stand in the page as data."""
    from weasyprint import HTML, URLFetcher  # half a second to import, and only prints need it

    library = organisation(settings.INVENTORY)
    html = render_to_string(template, context | {"library": library, "printed_at": timezone.localtime()})
    fetcher = URLFetcher(allowed_protocols=["data"], fail_on_errors=True)
    made: bytes = HTML(string=html, url_fetcher=fetcher).write_pdf()
    return made


def _answer(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return response


def _barcode(number: str) -> str:
    """The number as NW-7 bars, as the address of a picture."""
    held = BytesIO()
    writer = SVGWriter()
    barcode.get("codabar", f"A{number}A", writer=writer).write(
        held, {"module_height": 9.0, "module_width": 0.22, "quiet_zone": 2.0, "write_text": False}
    )
    return "data:image/svg+xml;base64," + base64.b64encode(held.getvalue()).decode()


@require_POST
@staff_page(actions.VIEW)
def sheet(request: HttpRequest, patron_id: int) -> HttpResponse:
    """The registration sheet, for the person to check and sign."""
    patron = viewed(request, patron_id, "登録票の印刷")
    return _answer(pdf("patrons/print_sheet.html", _person(patron)), "touroku")


@require_POST
@staff_page(actions.VIEW)
def card(request: HttpRequest, patron_id: int) -> HttpResponse:
    """The card's face: number, bars, no name."""
    patron = viewed(request, patron_id, "利用券の印刷")
    context = {"patron": patron, "bars": _barcode(patron.card_number)}
    return _answer(pdf("patrons/print_card.html", context), "riyouken")


@require_POST
@staff_page(actions.DISCLOSE)
def disclosure(request: HttpRequest, patron_id: int) -> HttpResponse:
    """Everything the library holds about one person, for that person. Recorded with its purpose."""
    patron = viewed(request, patron_id, "本人への開示")
    form = PurposeForm(request.POST)
    if not form.is_valid():
        return page(request, patron, status=400, purpose=form)
    actions.record_disclosure(request.actor, patron, form.cleaned_data["purpose"])
    context = _person(patron) | {
        "purpose": form.cleaned_data["purpose"],
        "loans": loans_of(patron.pk),
        "holds": queries.holds_of([patron.pk]),
        "cards": patron.cards.all(),
        "stops": patron.stops.all(),
        "notes": patron.notes.all(),
        "changes": patron.changes.all(),
        "family": [one for one in queries.family_of(patron) if one.pk != patron.pk],
    }
    return _answer(pdf("patrons/print_disclosure.html", context), "kaiji")


def _person(patron: Patron) -> dict[str, Any]:
    rows = [(label, text) for label, text in shown(patron).items() if text]
    rows.append(("登録日", f"{patron.registered_on:%Y/%m/%d}"))
    for label, day in (
        ("住所確認日", patron.address_confirmed_on),
        ("最終利用日", patron.last_used_on),
        ("退会日", patron.withdrawn_on),
    ):
        if day:
            rows.append((label, f"{day:%Y/%m/%d}"))
    return {"patron": patron, "rows": rows}
