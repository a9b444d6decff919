"""What other areas call: `table(request, …)` answers a list as a file.

    if exports.asked(request):
        return exports.table(request, PRINT_LIST, "延滞一覧", ["資料番号", "書名"], rows)

A list with persons (`personal=True`) asks for a purpose first and then leads to the file's own page: the caller's view
is simply posted again, with everything that was posted to it before, until a purpose is there.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django import forms
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from app.access.operations import Operation
from app.exports import actions, rules
from app.exports.formats import FORMATS
from app.web.forms import OfficeForm

# Names of this form's own fields; everything else that was posted is the caller's and is posted again.
OWN = {"as", "export_purpose", "csrfmiddlewaretoken"}


class PurposeForm(OfficeForm):
    """Why a list of persons is written out, and as what."""

    export_purpose = forms.CharField(
        label="書き出す目的", max_length=200, widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"})
    )


def asked(request: HttpRequest) -> str:
    """The code of the file that was asked for (`?as=` or a posted `as`); empty when the page itself was."""
    code = request.POST.get("as") or request.GET.get("as") or ""
    return code if code in FORMATS else ""


def table(
    request: HttpRequest,
    operation: Operation,
    name: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    personal: bool = False,
    people: Collection[int | str] = (),
) -> HttpResponse:
    """The list as a file; with `personal` the page that asks for the purpose, or the way to the sealed file.

    `columns` are titles; each row has as many values: text (never turned into a number), numbers, dates. `rows` may be
    a generator (`queryset.iterator()`); it is read once and not held in memory. NotPermitted without the operation.
    `people` are the ids of the patrons in a personal list, each of whom gets a line in the audit log; it may be a list
    that the generator of the rows fills.
    """
    code = asked(request) or next(iter(FORMATS))
    actor = request.actor
    if not personal:
        try:
            stream, written = actions.write_plain(actor, operation, name, code, columns, rows)
        except actions.ExportRefused as refused:
            return _refused(request, name, refused)
        return file_answer(stream, name, code, written.replaced)
    actions.require(actor, operation)
    form = PurposeForm(request.POST if "export_purpose" in request.POST else None)
    if not form.is_valid():
        kept = [(key, value) for key, values in request.POST.lists() if key not in OWN for value in values]
        context = {
            "form": form, "name": name, "formats": FORMATS.values(), "code": code, "kept": kept,
            "titles": columns, "limits": actions.limits(),
        }  # fmt: skip
        return render(request, "exports/purpose.html", context, status=422 if form.is_bound else 200)
    try:
        made = actions.make(actor, operation, name, code, columns, rows, form.cleaned_data["export_purpose"], people)
    except actions.ExportRefused as refused:
        return _refused(request, name, refused)
    return redirect("exports:show", made.pk)


def file_answer(stream: Any, name: str, code: str, replaced: int) -> FileResponse:
    """An open binary stream as a download under a telling name."""
    kind = FORMATS[code]
    file_name = rules.file_name(name, timezone.localdate(), kind.suffix, sjis=code == "sjis", replaced=replaced)
    answer = FileResponse(stream, as_attachment=True, filename=file_name, content_type=kind.content_type)
    answer["Cache-Control"] = "no-store"
    return answer


def _refused(request: HttpRequest, name: str, refused: actions.ExportRefused) -> HttpResponse:
    return render(request, "exports/refused.html", {"name": name, "message": str(refused)}, status=422)
