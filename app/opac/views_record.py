"""One record as the public sees it. No session and no cookie; the address of a record never changes (F-OPA-027)."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from app.catalog.codes import LANGUAGES, NDC_CLASSES
from app.catalog.search import Query
from app.holds.queries import counts
from app.opac import queries
from app.opac.forms import address
from app.opac.web import cached


@require_GET
def record_page(request: HttpRequest, record_id: int) -> HttpResponse:
    """One record with its items as they are now. At most four SQL statements."""
    record = queries.record_of(record_id)
    if record is None:
        raise Http404
    lines = queries.item_lines([record.pk]).get(record.pk, [])
    creators = [(name, address(Query(text=name, scope="held"))) for name in record.creators]
    subjects = [(name, address(Query(text=name.replace("--", " "), scope="held"))) for name in record.subjects]
    context = {
        "record": record,
        "items": lines,
        "available": sum(line.available for line in lines),
        "creators": creators,
        "subjects": subjects,
        "language": LANGUAGES.get(record.language, record.language),
        "ndc_class": NDC_CLASSES.get(record.ndc[:1], ""),
        "now": timezone.localtime(),
        "waiting": counts([record.pk]).get(record.pk, 0),
    }
    return cached(render(request, "opac/record.html", context))
