"""The register of staff on the screen."""

import base64
from io import BytesIO
from typing import Any

import barcode
from barcode.writer import SVGWriter
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from app.access import planning, queries, sheets
from app.access.actions import second as second_factor
from app.access.actions import staff as actions
from app.access.forms import AppointmentForm, StaffForm, TableForm
from app.access.models import Appointment, Role, SecondFactor, StaffUser
from app.access.planning import StaffLine
from app.access.web import staff_page
from app.web.context import organisation


@staff_page(actions.VIEW_STAFF)
def listing(request: HttpRequest) -> HttpResponse:
    """Staff by number, fifty a page."""
    text = request.GET.get("q", "").strip()
    page = Paginator(queries.staff_list(text), 100).get_page(request.GET.get("page"))
    return render(request, "access/staff.html", {"page": page, "q": text, "today": timezone.localdate()})


def _line(data: dict[str, Any]) -> StaffLine:
    roles = tuple(sorted(role.code for role in data["roles"]))
    return StaffLine(
        planning.tidy(data["number"]),
        data["name"].strip(),
        data["branch"].pk,
        roles,
        data["valid_from"],
        data["valid_until"],
        planning.tidy(data["card"]),
    )


@staff_page(actions.MANAGE_STAFF)
def edit(request: HttpRequest, user_id: int | None = None) -> HttpResponse:
    """One member of staff: new, or as the register says."""
    user = get_object_or_404(StaffUser.objects.select_related("branch"), pk=user_id) if user_id else None
    initial = {}
    if user:
        fields = ("number", "name", "branch", "valid_from", "valid_until", "card")
        initial = {name: getattr(user, name) for name in fields}
        initial |= {"roles": user.roles.all(), "active": user.is_active}
    form = StaffForm(request.POST or None, initial=initial)
    if user:
        form.fields["number"].disabled = True
    if request.method == "POST" and form.is_valid():
        try:
            line = _line(form.cleaned_data)
            if user is None:
                return _issued(request, _add_one(request, line))
            actions.change_staff(request.actor, user.pk, line, active=form.cleaned_data["active"])
        except ValidationError as wrong:
            form.add_error(None, wrong)
        except IntegrityError:
            form.add_error("card", "この職員証番号は、ほかの職員が使っています。")
        else:
            messages.success(request, f"{line.name}さんの登録を変えました。")
            return redirect("access:staff_edit", user.pk)
    context = {"form": form, "person": user, "appointment": AppointmentForm()}
    if user:
        context["appointments"] = user.appointments.select_related("role", "branch")
        names = dict(Role.objects.values_list("code", "name"))
        spans = user.spans.select_related("branch")
        context["spans"] = [(span, "・".join(names.get(code, code) for code in span.roles)) for span in spans]
        context["enrolled"] = SecondFactor.objects.filter(staff=user, confirmed_at__isnull=False).exists()
    return render(request, "access/staff_edit.html", context, status=400 if form.errors else 200)


def _add_one(request: HttpRequest, line: StaffLine) -> list[actions.Issued]:
    """Like a table of one line, so that a number is never somebody else's."""
    known = queries.known_for_tables()
    if line.number in known.names:
        owner = known.names[line.number]
        raise ValidationError(f"職員番号「{line.number}」は、すでに{owner}さんのものです。別の人には使えません。")
    return actions.add_staff(request.actor, [line])


@staff_page(actions.MANAGE_STAFF)
def load(request: HttpRequest) -> HttpResponse:
    """A table of staff: all or none, every fault by its row."""
    form = TableForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"form": form, "columns": planning.STAFF_COLUMNS}
    if request.method == "POST" and form.is_valid():
        table = form.cleaned_data["table"]
        try:
            rows = sheets.read(table.name, table.read(sheets.LARGEST + 1))
            checked = planning.check_staff(rows, queries.known_for_tables())
            if not checked.faults:
                issued = actions.add_staff(request.actor, list(checked.lines))
                messages.success(request, f"{len(checked.lines)}人を登録しました。")
                return _issued(request, issued)
            context |= {"faults": checked.faults, "count": len(checked.lines)}
        except sheets.Unreadable as wrong:
            form.add_error("table", str(wrong))
        except ValidationError as wrong:
            form.add_error("table", wrong)
    status = 400 if form.errors or context.get("faults") else 200
    return render(request, "access/staff_import.html", context, status=status)


def _issued(request: HttpRequest, issued: list[actions.Issued]) -> HttpResponse:
    """The temporary passwords, shown this once, one slip a person."""
    return render(request, "access/issued.html", {"issued": issued})


@require_POST
@staff_page(actions.MANAGE_STAFF)
def reissue(request: HttpRequest, user_id: int) -> HttpResponse:
    """A new temporary password."""
    get_object_or_404(StaffUser, pk=user_id)
    return _issued(request, [actions.reissue_password(request.actor, user_id)])


@require_POST
@staff_page(actions.MANAGE_STAFF)
def reset_second(request: HttpRequest, user_id: int) -> HttpResponse:
    """Take away a lost authenticator."""
    get_object_or_404(StaffUser, pk=user_id)
    second_factor.reset_second_factor(request.actor, user_id)
    messages.success(request, "認証アプリの登録を消しました。次のサインインで登録し直します。")
    return redirect("access:staff_edit", user_id)


@require_POST
@staff_page(actions.MANAGE_STAFF)
def appoint(request: HttpRequest, user_id: int) -> HttpResponse:
    """A further role for a time."""
    get_object_or_404(StaffUser, pk=user_id)
    form = AppointmentForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        try:
            branch_id = data["branch"].pk if data["branch"] else None
            actions.appoint(request.actor, user_id, data["role"].code, branch_id, data["since"], data["until"])
            messages.success(request, "期間付きの役割を加えました。終了日を過ぎると自動で終わります。")
        except ValidationError as wrong:
            messages.error(request, " ".join(wrong.messages))
    else:
        messages.error(request, " ".join(text for errors in form.errors.values() for text in errors))
    return redirect("access:staff_edit", user_id)


@require_POST
@staff_page(actions.MANAGE_STAFF)
def withdraw(request: HttpRequest, appointment_id: int) -> HttpResponse:
    """End an appointment today."""
    made = get_object_or_404(Appointment, pk=appointment_id)
    actions.withdraw_appointment(request.actor, appointment_id, timezone.now())
    return redirect("access:staff_edit", made.staff_id)


@require_POST
@staff_page(actions.PRINT_STAFF)
def cards(request: HttpRequest) -> HttpResponse:
    """Staff cards with their barcode (NW-7), for printing."""
    chosen = [int(pk) for pk in request.POST.getlist("person") if pk.isdecimal()]
    people = [user for user in queries.staff_list().filter(pk__in=chosen) if user.card]
    actions.record_print(request.actor, "cards", len(people))
    made = [(user, _barcode(user.card or "")) for user in people]
    return render(request, "access/cards.html", {"cards": made, "place": organisation(settings.INVENTORY)["name"]})


def _barcode(text: str) -> str:
    """An SVG as a data address: the page may hold pictures of its own, and no markup of others."""
    kind, shown = ("codabar", f"A{text}A") if text.isdigit() else ("code128", text)
    buffer = BytesIO()
    barcode.get(kind, shown, writer=SVGWriter()).write(buffer, options={"write_text": False, "module_height": 9})
    return "data:image/svg+xml;base64," + base64.b64encode(buffer.getvalue()).decode()
