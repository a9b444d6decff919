"""One record as the public sees it. No session and no cookie; the address of a record never changes (F-OPA-027)."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from app.authorities.queries import see_also
from app.catalog import ndc
from app.catalog.codes import LANGUAGES
from app.catalog.models import BibliographicRecord, CataloguePolicy, Cover
from app.catalog.rules import isbn13
from app.catalog.spots import marked
from app.holds.queries import counts
from app.opac import details, links, queries
from app.opac.series import series_name
from app.opac.web import cached, eyes_of, terminal_of

PICTURES = ("image/jpeg", "image/png", "image/webp", "image/gif")
SHOWN_IN_PAGE = (*PICTURES, "application/pdf", "text/plain", "audio/mpeg", "video/mp4")


def _found(request: HttpRequest, record_id: int) -> BibliographicRecord:
    record = details.record_of(record_id, eyes_of(request))
    if record is None:
        raise Http404
    return record


@require_GET
def record_page(request: HttpRequest, record_id: int) -> HttpResponse:
    """One record with its items as they are now. At most seventeen SQL statements; a record that was merged leads to
    the one that stands for it."""
    record = _found(request, record_id)
    if record.stands_for is not None:
        return HttpResponseRedirect(reverse("opac:record", args=[record.stands_for]))
    eyes = eyes_of(request)
    lines = queries.item_lines([record.pk], eyes).get(record.pk, [])
    more = details.details_of(record, eyes, lines, every_issue="issues" in request.GET)
    own = {line.order for issue in more.issues for line in issue.items}
    context = {
        "record": record,
        "more": more,
        "items": [line for line in lines if line.order not in own],
        "copies": len(lines),
        "available": sum(line.available for line in lines),
        "creators": [(name, links.by_author(name)) for name in record.creators],
        "subjects": [(name, links.by_subject(name)) for name in record.subjects],
        "see_also": [(one.heading, links.by_subject(one.heading)) for one in see_also(record.subjects)],
        "series": [(name, links.in_series(series_name(name))) for name in record.series],
        "ndc_url": links.by_class(record.ndc) if ndc.is_class(record.ndc[:3]) else "",
        "language": LANGUAGES.get(record.language, record.language),
        "ndc_class": ndc.name(record.ndc[:3]) or ndc.name(record.ndc[:1]),
        "toc": marked(record.toc.splitlines(), request.GET.get("hit", "")) if more.policy.show_toc else [],
        "now": timezone.localtime(),
        "waiting": counts([record.pk]).get(record.pk, 0),
    }
    return cached(render(request, "opac/record.html", context))


@require_GET
def slip(request: HttpRequest, record_id: int) -> HttpResponse:
    """Title, call number and location to take to the shelf, on a receipt or on A4. At most five SQL statements."""
    record = _found(request, record_id)
    terminal = terminal_of(request)
    paper = request.GET.get("paper", "")
    usual = terminal.receipt_paper if terminal else "a4"
    lines = queries.item_lines([record.pk], eyes_of(request)).get(record.pk, [])
    if terminal is not None:  # what stands here comes first
        lines.sort(key=lambda line: line.branch != terminal.branch.name)
    context = {
        "record": record,
        "items": lines,
        "now": timezone.localtime(),
        "paper": paper if paper in ("58mm", "80mm", "a4") else usual,
    }
    return cached(render(request, "opac/slip.html", context))


@require_GET
def cover(request: HttpRequest, record_id: int) -> HttpResponse:
    """The picture of the cover, where the library shows covers. At most three SQL statements."""
    _found(request, record_id)
    policy = CataloguePolicy.objects.filter(pk=1).first() or CataloguePolicy()
    picture = Cover.objects.filter(record_id=record_id, media_type__in=PICTURES).first()
    if picture is None or not policy.show_cover:
        raise Http404
    response = HttpResponse(bytes(picture.image), content_type=picture.media_type)
    response["Cache-Control"] = "public, max-age=86400"
    return response


@require_GET
def digital(request: HttpRequest, record_id: int, link_id: int) -> HttpResponse:
    """A digital copy that is kept here. At most three SQL statements."""
    _found(request, record_id)
    rows = details.links_of(record_id, eyes_of(request)).defer(None)
    link = get_object_or_404(rows, pk=link_id, file__isnull=False)
    response = HttpResponse(bytes(link.file), content_type=link.media_type)
    if link.media_type not in SHOWN_IN_PAGE:  # nothing that came from outside acts in our pages
        response["Content-Disposition"] = "attachment"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@require_GET
def by_isbn(request: HttpRequest, number: str) -> HttpResponse:
    """The record with that ISBN (10 or 13 digits), for links from outside. One SQL statement."""
    wanted = isbn13(number)
    found = details.visible(eyes_of(request)).filter(isbn13=wanted).order_by("pk").first() if wanted else None
    if found is None:
        raise Http404
    return cached(HttpResponse(status=302, headers={"Location": found.get_absolute_url()}))
