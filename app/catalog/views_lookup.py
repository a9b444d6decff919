"""Staff page at which a code is read and a record begins: our own MARC, else the national library's."""

import base64
import binascii
from typing import Any

from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from app.access.web import staff_page
from app.catalog import actions, lookup
from app.catalog.actions import merging
from app.catalog.models import BibliographicRecord, Change

_SALT = "catalog.lookup"
_HOUR = 3600


@require_http_methods(["GET", "POST"])
@staff_page(actions.EDIT_RECORD)
def look_up(request: HttpRequest) -> HttpResponse:
    """Read a code, see candidates, take one. The only record of ours opens at once, ready for its item."""
    code = request.GET.get("code", "").strip()[:60]
    temporary = request.GET.get("temporary", "")
    if request.method == "POST":
        return _take(request)
    found = lookup.candidates(code) if code else None
    if found and len(found.own) == 1 and not temporary:
        return redirect(f"/catalog/records/{found.own[0].pk}/#add")
    context = {
        "code": code,
        "temporary": temporary,
        "found": found,
        "theirs": [(fields, _packed(fields)) for fields in found.theirs] if found else [],
        "is_on": lookup.is_on(),
    }
    return render(request, "catalog/lookup.html", context)


def _packed(fields: dict[str, Any]) -> str:
    """What the national library said, signed, so that it need not be asked again when it is taken."""
    plain = {**fields, "marc": base64.b64encode(fields["marc"]).decode()}
    return signing.dumps(plain, salt=_SALT, compress=True)


def _take(request: HttpRequest) -> HttpResponse:
    try:
        fields = signing.loads(request.POST.get("fields", ""), salt=_SALT, max_age=_HOUR)
        fields["marc"] = base64.b64decode(fields["marc"])
    except (signing.BadSignature, binascii.Error, KeyError, TypeError):
        messages.error(request, "候補を表示してから時間がたちました。もう一度読み取ってください。")
        return redirect("catalog:lookup")
    title = f"国立国会図書館から取込み {fields['title'][:80]}"
    outcome = actions.import_records(request.actor, [fields], title=title)
    record_id = _record_of(outcome, fields)
    waiting = request.POST.get("temporary", "")
    if waiting.isascii() and waiting.isdigit() and len(waiting) < 19:
        try:
            merging.replace_temporary(request.actor, int(waiting), record_id)
        except actions.CatalogError as problem:
            messages.error(request, str(problem))
    messages.success(request, f"「{fields['title']}」を登録しました。")
    return redirect(f"/catalog/records/{record_id}/#add")


def _record_of(outcome: actions.ImportOutcome, fields: dict[str, Any]) -> int:
    """The record that was made or brought up to date, or that was there unchanged. One SQL statement."""
    if outcome.change_set:
        changed = Change.objects.filter(change_set_id=outcome.change_set, subject="record").order_by("-pk")
        return changed.values_list("subject_number", flat=True)[0]
    return BibliographicRecord.objects.values_list("pk", flat=True).get(national_number=fields["national_number"])
