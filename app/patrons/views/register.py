"""Finding, registering, changing. Every name shown is an event in the audit log."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from app.access.web import staff_page
from app.audit import actions as audit
from app.patrons import actions, queries, rules
from app.patrons.forms import ApplicationNumberForm, ChangeForm, RegistrationForm, SearchForm
from app.patrons.models import Patron, Postcode
from app.patrons.views.common import put_errors, sees_all, viewed
from app.web import versions

PER_PAGE = 30


def _lines(patrons: list[Patron], open_all: bool) -> list[dict[str, Any]]:
    """What tells namesakes apart: birth date and town; the lot and the rest of the address only for who sees all."""
    return [
        {"patron": one, "address": one.address if open_all else rules.masked_address(one.address)} for one in patrons
    ]


@staff_page(actions.VIEW)
def search(request: HttpRequest) -> HttpResponse:
    """Find patrons. What is asked is posted: names and birth dates do not belong into addresses, which get logged.

    A single hit opens at once; a list shows birth date and town to tell namesakes apart."""
    form = SearchForm(request.POST or None)
    page, lines, too_many = None, [], False
    if request.method == "POST" and form.is_valid():
        found = queries.search(**form.cleaned_data)
        page = Paginator(found.ids, PER_PAGE).get_page(request.POST.get("page"))
        too_many = found.too_many
        audit.record_views(request.actor, actions.VIEW, "patron", list(page), "利用者検索")
        if page.paginator.count == 1:
            return redirect("patrons:show", found.ids[0])
        lines = _lines(queries.shown(page), sees_all(request.actor))
    context = {"form": form, "page": page, "lines": lines, "too_many": too_many}
    return render(request, "patrons/search.html", context)


@staff_page(actions.REGISTER)
def register(request: HttpRequest) -> HttpResponse:
    """Register a patron; people who may be the same are shown once before the second press registers.

    With the number of an application the form comes filled in; registering uses the application up.
    """
    number = rules.plain_number(request.POST.get("application", ""))
    if request.method == "POST" and request.POST.get("act") == "take":
        return _take_application(request, number)
    form = RegistrationForm(request.POST or None, initial=_start(request))
    alike: list[Patron] = []
    if request.method == "POST" and request.POST.get("act") == "place":
        return _register_page(request, _placed(request, RegistrationForm), number)
    if request.method == "POST" and form.is_valid():
        what = form.registration()
        alike = queries.alike(what.kana, what.birth_date, what.phone)
        if alike and request.POST.get("sure") != "yes":
            audit.record_views(request.actor, actions.VIEW, "patron", [one.pk for one in alike], "二重登録の確認")
        else:
            try:
                if number:
                    patron = actions.accept_application(request.actor, number, what)
                else:
                    patron = actions.register(request.actor, what)
            except ValidationError as error:
                put_errors(form, error)
            else:
                messages.success(request, "登録しました。")
                return redirect("patrons:show", patron.pk)
    return _register_page(request, form, number, alike)


def _start(request: HttpRequest) -> dict[str, Any]:
    return {"branch": request.actor.branch_id, "use": "phone_1"}


def _register_page(
    request: HttpRequest, form: RegistrationForm, application: str = "", alike: list[Patron] | None = None
) -> HttpResponse:
    context = {
        "form": form,
        "alike": _lines(alike or [], sees_all(request.actor)),
        "title": "利用者の登録",
        "application": application,
        "number_form": ApplicationNumberForm(),
    }
    status = 400 if form.is_bound and form.errors else 200
    return render(request, "patrons/form.html", context, status=status)


def _take_application(request: HttpRequest, number: str) -> HttpResponse:
    found = queries.application(number, timezone.localdate()) if number else None
    if found is None:
        messages.error(request, "この番号の仮登録はありません。期限が切れたか、すでに登録されています。")
        return redirect("patrons:register")
    audit.record(
        request.actor,
        actions.REGISTER,
        outcome="viewed",
        subject_type="application",
        subject_id=found.pk,
        purpose="本登録",
    )
    form = RegistrationForm(initial={**_start(request), **found.content})
    return _register_page(request, form, found.number)


def _placed(request: HttpRequest, kind: type[RegistrationForm], **kwargs: Any) -> RegistrationForm:
    """The form as typed, with the address and district of its postal code put in: without JavaScript, a button."""
    data = request.POST.copy()
    found = queries.places_of(data.get("postal_code", "")) or queries.places_of(data.get("address", ""))
    if found:
        data["postal_code"] = f"{found[0].code[:3]}-{found[0].code[3:]}"
        data["address"], data["district"] = _address(found[0], data.get("address", "")), found[0].district
    form = kind(initial=data.dict(), **kwargs)
    if not found:
        messages.warning(request, "この郵便番号・町名は登録されていません。住所を入力してください。")
    return form


def _address(place: Postcode, typed: str) -> str:
    full = f"{place.city}{place.town}"
    return typed if rules.address_fits(typed, full) else full


@staff_page(actions.VIEW)
def places(request: HttpRequest) -> JsonResponse:
    """The towns of a postal code or of a name's beginning, for the page's script. One SQL statement."""
    found = queries.places_of(request.GET.get("q", ""))
    rows = [
        {"code": f"{row.code[:3]}-{row.code[3:]}", "address": f"{row.city}{row.town}", "district": row.district}
        for row in found
    ]
    return JsonResponse({"places": rows}, json_dumps_params={"ensure_ascii": False})


@staff_page(actions.CHANGE)
def edit(request: HttpRequest, patron_id: int) -> HttpResponse:
    """Change a registration. The form shows every field, so opening it is recorded as unmasking for who sees masks."""
    patron = viewed(request, patron_id, "登録内容の変更")
    if request.method != "POST" and not sees_all(request.actor):
        actions.record_unmasking(request.actor, patron, "all", "登録内容の変更")
    values = actions.editable(patron)
    card = {"card_number": patron.card_number}
    context: dict[str, Any] = {"patron": patron, "title": "登録内容の変更", "differences": None}
    if request.method == "POST" and request.POST.get("act") == "place":
        form: RegistrationForm = _placed(request, ChangeForm)
        form.initial |= card
        return render(request, "patrons/form.html", context | {"form": form, "seen": request.POST.get("seen", "")})
    form = ChangeForm(request.POST or None, initial={**values, **card})
    context |= {"form": form, "seen": request.POST.get("seen") or versions.token(values)}
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            actions.change(request.actor, patron, form.registration(), request.POST.get("seen", "missing"))
        except versions.Conflict as conflict:
            context |= versions.told(form, conflict)
            status = 409
        else:
            messages.success(request, "変更しました。")
            return redirect("patrons:show", patron.pk)
    elif request.method == "POST":
        status = 400
    return render(request, "patrons/form.html", context, status=status)
