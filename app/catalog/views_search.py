"""The staff's search over every record, by the same service and the same addresses as the public one."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from app.access.rules import may
from app.access.web import staff_page
from app.branches.models import Branch
from app.catalog import actions, narrowing, queries
from app.catalog.asking import (
    ROW_FIELDS,
    ROW_JOINERS,
    ROW_MATCHES,
    SCOPE_NAMES,
    SHOWN_ROWS,
    SORT_NAMES,
    Asked,
    read,
)
from app.catalog.codes import LENDABLE_STATUSES, ShelfStatus, material_types
from app.catalog.models import BibliographicRecord, Item
from app.catalog.rephrasing import near_titles, proposals
from app.catalog.search import Query, search
from app.circulation.queries import open_loans_for
from app.patrons.rules import plain_number

BASE = Query(scope="all", shown_to="staff", size=30)
_UNSHOWN = ("marc", "contents", "notes", "toc", "summary", "author_note", "own_fields")


@dataclass(frozen=True)
class Line:
    """One record of the list, with how many items it has and how many of them stand on the shelf."""

    record: BibliographicRecord
    items: int
    on_shelf: int


@require_GET
@staff_page(actions.VIEW)
def search_page(request: HttpRequest) -> HttpResponse:
    """Search over every record. A scanned or typed item number goes straight to its record, and so does a search with
    a single result (F-GEN-015). No person is searched for here and none is shown."""
    asked = read(request.GET, BASE)
    number = plain_number(asked.query.text)
    record_id = queries.record_with_barcode(number) if number else None
    if record_id:
        return redirect("catalog:record", record_id)
    result = search(asked.query)
    if result.total == 1 and result.hits:
        return redirect("catalog:record", result.hits[0].record_id)
    names = dict(Branch.objects.order_by("number").values_list("pk", "name"))
    nothing = asked.anything and not result.total
    context = {
        "query": asked.query,
        "result": result,
        "asked": asked.anything,
        "remarks": [*asked.remarks, *filter(None, [result.notice])],
        "rows": lines([hit.record_id for hit in result.hits]),
        "chips": narrowing.chips(asked, names),
        "groups": narrowing.groups(asked, result, names),
        "pages": narrowing.pages(asked, result.total),
        "sorts": SORT_NAMES.items(),
        "proposals": proposals(asked) if nothing else [],
        "titles": [(title, asked.to(text=title)) for title in near_titles(asked.query.text)] if nothing else [],
        "may_edit": may(request.actor.operations, actions.EDIT_RECORD.code),
    }
    return render(request, "catalog/search.html", context | _form(asked, names))


def _form(asked: Asked, branches: dict[int, str]) -> dict[str, object]:
    """What the form of conditions shows; it stands open when one of them is set."""
    query = asked.query
    return {
        "open": query.narrowed or query.scope != BASE.scope,
        "terms": narrowing.row_fields(asked.rows, SHOWN_ROWS),
        "fields": ROW_FIELDS.items(),
        "matches": ROW_MATCHES.items(),
        "joiners": ROW_JOINERS.items(),
        "scopes": SCOPE_NAMES.items(),
        "materials": [(code, label, code in query.materials) for code, label in material_types()],
        "branches": [(pk, name, pk in query.branches) for pk, name in branches.items()],
        "ndc": " ".join(query.classes),
        "kept": [("language", code) for code in query.languages] + [("audience", code) for code in query.audiences],
    }


def lines(record_ids: list[int]) -> list[Line]:
    """These records in this order with their items as they are now. Three SQL statements."""
    records = BibliographicRecord.objects.defer(*_UNSHOWN).in_bulk(record_ids)
    items = Item.objects.filter(record_id__in=record_ids).exclude(status=ShelfStatus.WITHDRAWN)
    found = list(items.values_list("pk", "record_id", "status"))
    total = Counter(record_id for _, record_id, _ in found)
    there = _on_shelf(found)
    return [Line(records[pk], total[pk], there[pk]) for pk in record_ids if pk in records]


def _on_shelf(found: Iterable[tuple[int, int, str]]) -> Counter[int]:
    """How many items of each record stand on a shelf: not on loan and not away."""
    here = [(pk, record_id) for pk, record_id, status in found if status in LENDABLE_STATUSES]
    out = open_loans_for([pk for pk, _ in here])
    return Counter(record_id for pk, record_id in here if pk not in out)
