"""Staff pages of labels: spine labels, barcode labels, layouts."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from app.access.web import staff_page
from app.labels import actions, queries, rules, sheets
from app.labels.forms import AgainForm, LayoutForm, NumbersForm, SheetFields, SpineForm, TierForm
from app.labels.models import Layout, NumberRun
from app.patrons.views.prints import pdf


def _printed(layout: Layout, words: Sequence[Mapping[str, str]], start: int, name: str) -> HttpResponse:
    content = pdf("labels/sheet.html", sheets.context(layout, words, start))
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return response


@require_http_methods(["GET", "POST"])
@staff_page(actions.PRINT)
def spines(request: HttpRequest) -> HttpResponse:
    """Spine labels of many items or one, from any place of the sheet."""
    posted = request.method == "POST"
    start = {"barcodes": request.GET.get("barcodes", ""), "branch": request.actor.branch_id}
    form = SpineForm(request.POST if posted else None, initial=start)
    unknown: list[str] = []
    if posted and form.is_valid():
        asked = form.cleaned_data
        if asked["numbers"]:
            items, unknown = rules.in_order(asked["numbers"], queries.items_numbered(asked["numbers"]))
        else:
            days = (asked["first"], asked["last"])
            items = list(queries.items_acquired(asked["branch"].pk, *days, asked["location"], actions.MOST_LABELS))
        words = [sheets.words_of(item) for item in rules.repeated(items, asked["copies"])]  # type: ignore[arg-type]
        if unknown:
            form.add_error("barcodes", f"登録されていない番号があります: {'、'.join(unknown[:20])}")
        elif not words:
            form.add_error("first", "この間に受け入れた資料はありません。")
        else:
            return _answer(request, form, words, "se-label", "labels/spines.html")
    return render(request, "labels/spines.html", {"form": form}, status=422 if form.errors else 200)


def _answer(
    request: HttpRequest, form: SheetFields, words: Sequence[Mapping[str, str]], name: str, template: str
) -> HttpResponse:
    """The labels; or the form again with why they do not fit."""
    try:
        return _printed(form.cleaned_data["layout"], words, form.cleaned_data["start"], name)
    except rules.DoesNotFit as error:
        form.add_error("layout", str(error))
        return render(request, template, {"form": form}, status=422)


@require_GET
@staff_page(actions.PRINT)
def barcodes(request: HttpRequest) -> HttpResponse:
    """Barcode labels: new numbers, numbers again, what was drawn before."""
    return _barcodes(request)


def _barcodes(request: HttpRequest, new: NumbersForm | None = None, again: AgainForm | None = None) -> HttpResponse:
    wrong = any(form is not None and form.errors for form in (new, again))
    context = {
        "new": new or NumbersForm(auto_id="new_%s"),
        "again": again or AgainForm(auto_id="again_%s"),
        "runs": queries.runs(),
    }
    return render(request, "labels/barcodes.html", context, status=422 if wrong else 200)


@require_POST
@staff_page(actions.DRAW)
def draw(request: HttpRequest) -> HttpResponse:
    """Draw new numbers, then lead to their labels: printing those again draws nothing."""
    form = NumbersForm(request.POST, auto_id="new_%s")
    if form.is_valid():
        asked = form.cleaned_data
        try:
            run = actions.draw_numbers(request.actor, asked["token"], int(asked["number_range"]), asked["count"])
        except actions.LabelError as error:
            form.add_error("count", str(error))
        else:
            address = reverse("labels:run", args=[run.pk])
            return redirect(f"{address}?layout={asked['layout'].pk}&start={asked['start']}")
    return _barcodes(request, new=form)


@require_GET
@staff_page(actions.PRINT)
def run(request: HttpRequest, token: UUID) -> HttpResponse:
    """The labels of numbers that were drawn, as PDF."""
    drawn = NumberRun.objects.select_related("number_range").filter(pk=token).first()
    if drawn is None:
        raise Http404
    given = {"layout": request.GET.get("layout", ""), "start": request.GET.get("start", "1")}
    form = AgainForm({**given, "barcodes": "\n".join(queries.numbers_of(drawn))}, auto_id="again_%s")
    return _again(request, form)


@require_POST
@staff_page(actions.PRINT)
def again(request: HttpRequest) -> HttpResponse:
    """Labels of numbers that are there already."""
    return _again(request, AgainForm(request.POST, auto_id="again_%s"))


def _again(request: HttpRequest, form: AgainForm) -> HttpResponse:
    if form.is_valid():
        words = [sheets.words_of_number(number) for number in form.cleaned_data["barcodes"]]
        try:
            return _printed(form.cleaned_data["layout"], words, form.cleaned_data["start"], "barcode-label")
        except rules.DoesNotFit as error:
            form.add_error("layout", str(error))
    return _barcodes(request, again=form)


@require_GET
@staff_page(actions.PRINT)
def layouts(request: HttpRequest) -> HttpResponse:
    """The layouts."""
    return render(request, "labels/layouts.html", {"layouts": Layout.objects.prefetch_related("tiers")})


def _layout(layout_id: int) -> Layout:
    layout = Layout.objects.filter(pk=layout_id).first()
    if layout is None:
        raise Http404
    return layout


@require_GET
@staff_page(actions.PRINT)
def sample(request: HttpRequest, layout_id: int) -> HttpResponse:
    """A full sheet of a layout, to hold against the paper."""
    layout = _layout(layout_id)
    return _printed(layout, sheets.sample(layout), 1, "mihon")


@require_http_methods(["GET", "POST"])
@staff_page(actions.DESIGN)
def layout(request: HttpRequest, layout_id: int | None = None) -> HttpResponse:
    """Add a layout or change one: sheet, tiers, colours."""
    row = _layout(layout_id) if layout_id else None
    posted = request.method == "POST"
    made = forms.formset_factory(TierForm, extra=2 if row else 4)
    form = LayoutForm(request.POST if posted else None, initial=_start(row))
    tiers = made(request.POST, prefix="tier") if posted else made(prefix="tier", initial=_tiers(row))
    if posted and form.is_valid() and tiers.is_valid():
        values = dict(form.cleaned_data)
        colours = values.pop("colours")
        lines = [line.cleaned_data for line in tiers if line.cleaned_data.get("content")]
        try:
            saved = actions.put_layout(request.actor, values, lines, colours, layout_id)
        except actions.LabelError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"様式「{saved.name}」を保存しました。")
            return redirect("labels:layout", saved.pk)
    context = {"form": form, "tiers": tiers, "row": row}
    wrong = posted and (bool(form.errors) or not tiers.is_valid())
    return render(request, "labels/layout.html", context, status=422 if wrong else 200)


def _start(row: Layout | None) -> dict[str, Any]:
    if row is None:
        return {}
    own = {name: getattr(row, name) for name in LayoutForm.base_fields if hasattr(row, name)}
    return own | {"colours": "\n".join(f"{one.value} {one.colour}" for one in row.colours.all())}


def _tiers(row: Layout | None) -> list[dict[str, Any]]:
    names = ("content", "text", "x", "y", "width", "height", "size", "align", "bold")
    return [{name: getattr(tier, name) for name in names} for tier in row.tiers.all()] if row else []
