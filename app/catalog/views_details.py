"""Staff pages of what belongs to a record (volumes, contents, cover, digital copies), and of the catalogue's policy."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from app.access.web import staff_page
from app.catalog import actions, parts, showing
from app.catalog.actions import details, hierarchy
from app.catalog.actions.operations import POLICY
from app.catalog.actions.policy import put_policy
from app.catalog.forms_details import (
    CoverForm,
    DigitalForm,
    LinesForm,
    PlaceForm,
    PolicyForm,
    VolumesForm,
    contents_as_lines,
    contents_of_lines,
    fields_of_lines,
)
from app.catalog.models import BibliographicRecord, Cover
from app.catalog.pages import the_record

Act = Callable[[HttpRequest, int, dict[str, Any]], str]


def _place(request: HttpRequest, record_id: int, given: dict[str, Any]) -> str:
    hierarchy.place_below(request.actor, record_id, given["parent"], given["order"])
    return "書誌の階層を保存しました。"


def _volumes(request: HttpRequest, record_id: int, given: dict[str, Any]) -> str:
    made = hierarchy.add_volumes(request.actor, record_id, given["first"], given["last"], given["pattern"])
    return f"{len(made)}件の書誌を作りました。"


def _contents(request: HttpRequest, record_id: int, given: dict[str, Any]) -> str:
    count = details.put_contents(request.actor, record_id, contents_of_lines(given["lines"]))
    return f"内容細目{count}件を保存しました。"


def _own(request: HttpRequest, record_id: int, given: dict[str, Any]) -> str:
    details.put_own_fields(request.actor, record_id, fields_of_lines(given["lines"]))
    return "独自項目を保存しました。"


def _cover(request: HttpRequest, record_id: int, given: dict[str, Any]) -> str:
    details.put_cover(request.actor, record_id, given["image"].read(), given["source"])
    return "書影を登録しました。"


def _no_cover(request: HttpRequest, record_id: int, given: dict[str, Any]) -> str:
    details.remove_cover(request.actor, record_id)
    return "書影を外しました。"


def _digital(request: HttpRequest, record_id: int, given: dict[str, Any]) -> str:
    file = given.pop("file")
    details.put_digital(request.actor, record_id, given, file.read() if file else None)
    return "デジタル資料を結び付けました。"


def _no_digital(request: HttpRequest, record_id: int, given: dict[str, Any]) -> str:
    details.remove_digital(request.actor, record_id, given["link"])
    return "デジタル資料を外しました。"


class _LinkForm(forms.Form):
    link = forms.IntegerField()


ACTS: dict[str, tuple[type[forms.Form], Act]] = {
    "place": (PlaceForm, _place),
    "volumes": (VolumesForm, _volumes),
    "contents": (LinesForm, _contents),
    "own": (LinesForm, _own),
    "cover": (CoverForm, _cover),
    "no_cover": (forms.Form, _no_cover),
    "digital": (DigitalForm, _digital),
    "no_digital": (_LinkForm, _no_digital),
}


@require_http_methods(["GET", "POST"])
@staff_page(actions.EDIT_RECORD)
def details_page(request: HttpRequest, record_id: int) -> HttpResponse:
    """What belongs to a record; each part is saved by itself. What was typed wrong stays as it was typed."""
    record = the_record(record_id)
    act = request.POST.get("act", "")
    form: forms.Form | None = None
    if request.method == "POST" and act in ACTS:
        made, carry_out = ACTS[act]
        form = made(request.POST, request.FILES)
        if form.is_valid():
            try:
                messages.success(request, carry_out(request, record_id, dict(form.cleaned_data)))
                return redirect("catalog:details", record_id)
            except actions.CatalogError as error:
                form.add_error(None, str(error))
    context = _context(record) | ({f"{act}_form": form} if form else {})
    return render(request, "catalog/details.html", context, status=422 if form else 200)


def _context(record: BibliographicRecord) -> dict[str, Any]:
    there = parts.belongings_of(record.pk)
    own = "\n".join(f"{name}: {value}" for name, value in record.own_fields.items())
    return {
        "record": record,
        "there": there,
        "place_form": PlaceForm(initial={"parent": record.parent_id, "order": record.part_order}),
        "volumes_form": VolumesForm(),
        "contents_form": LinesForm(initial={"lines": contents_as_lines(there.contents)}),
        "own_form": LinesForm(initial={"lines": own}),
        "cover_form": CoverForm(),
        "digital_form": DigitalForm(),
    }


@require_GET
@staff_page(actions.VIEW)
def cover(request: HttpRequest, record_id: int) -> HttpResponse:
    """The cover as staff see it, shown to readers or not."""
    picture = Cover.objects.filter(record_id=record_id).first()
    if picture is None:
        raise Http404
    return HttpResponse(bytes(picture.image), content_type=picture.media_type)


@require_http_methods(["GET", "POST"])
@staff_page(POLICY)
def policy(request: HttpRequest) -> HttpResponse:
    """What the library decides about its catalogue as a whole."""
    form = PolicyForm(request.POST or None, instance=showing.policy())
    if request.method == "POST" and form.is_valid():
        put_policy(request.actor, form.cleaned_data)
        messages.success(request, "目録の方針を保存しました。分類の版の入替えは、夜間に行います。")
        return redirect("catalog:policy")
    return render(request, "catalog/policy.html", {"form": form}, status=422 if form.errors else 200)
