"""From the classes and the subjects to the titles, step by step (F-OPA-010)."""

from dataclasses import replace
from urllib.parse import urlencode

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from app.authorities.models import Authority, Kind
from app.catalog import ndc
from app.catalog.asking import number
from app.catalog.narrowing import class_label
from app.catalog.search import search
from app.catalog.search.fold import fold
from app.opac import links
from app.opac.web import cached, eyes_of

SUBJECTS_A_PAGE = 100
ROWS = ("ア", "カ", "サ", "タ", "ナ", "ハ", "マ", "ヤ", "ラ", "ワ")
# The kana of each row of the syllabary, as readings begin.
_KANA = {
    "ア": "アイウエオァィゥェォヴ",
    "カ": "カキクケコガギグゲゴ",
    "サ": "サシスセソザジズゼゾ",
    "タ": "タチツテトダヂヅデド",
    "ナ": "ナニヌネノ",
    "ハ": "ハヒフヘホバビブベボパピプペポ",
    "マ": "マミムメモ",
    "ヤ": "ヤユヨ",
    "ラ": "ラリルレロ",
    "ワ": "ワヲン",
}


def first_classes() -> list[tuple[str, str]]:
    """The ten classes with the addresses of what is below them."""
    return [(class_label(digit), reverse("opac:browse", args=[digit])) for digit in ndc.below("")]


@require_GET
def browse_page(request: HttpRequest, prefix: str = "") -> HttpResponse:
    """The ten classes; or a class of one or two digits with the classes below it, each with how many titles the
    library has. Below the second level are the titles themselves. One search, none for the ten classes."""
    if not prefix:
        return cached(render(request, "opac/browse.html", {"classes": first_classes()}))
    if not (ndc.is_class(prefix) and len(prefix) < ndc.DEEPEST):
        raise Http404
    result = search(replace(links.BASE, shown_to=eyes_of(request), classes=(prefix,), size=1))
    counts = {facet.value: facet.count for facet in result.facets.get("ndc", ())}
    last = len(prefix) == ndc.DEEPEST - 1
    context = {
        "name": class_label(prefix),
        "total": result.total,
        "all_url": links.by_class(prefix),
        "above": [(class_label(one), reverse("opac:browse", args=[one])) for one in ndc.path(prefix)[:-1]],
        "below": [
            (class_label(one), counts.get(one, 0), links.by_class(one) if last else reverse("opac:browse", args=[one]))
            for one in sorted({*ndc.below(prefix), *counts})
        ],
    }
    return cached(render(request, "opac/browse.html", context))


@require_GET
def subjects_page(request: HttpRequest) -> HttpResponse:
    """Subject headings by the beginning of their reading; each leads to its titles. Two SQL statements."""
    row = request.GET.get("row", "")
    row = row if row in _KANA else ROWS[0]
    page = number(request.GET.get("page", ""), 1, 10**4) or 1
    begins = Q()
    for kana in _KANA[row]:
        begins |= Q(reading__startswith=kana)
    headings = Authority.objects.filter(begins, kind__in=(Kind.TOPIC, Kind.PLACE)).order_by("reading", "heading", "pk")
    typed = fold(request.GET.get("q", "")[:40]).replace(" ", "")
    if typed:
        headings = headings.filter(Q(key__startswith=typed) | Q(reading__startswith=typed))
    first = (page - 1) * SUBJECTS_A_PAGE
    found = list(headings.values_list("heading", "reading")[first : first + SUBJECTS_A_PAGE + 1])
    start = reverse("opac:subjects")
    context = {
        "rows": [(kana, f"{start}?{urlencode({'row': kana})}", kana == row) for kana in ROWS],
        "row": row,
        "headings": [
            (heading, reading, links.by_subject(heading)) for heading, reading in dict.fromkeys(found[:SUBJECTS_A_PAGE])
        ],
        "next_url": f"{start}?{urlencode({'row': row, 'page': page + 1})}" if len(found) > SUBJECTS_A_PAGE else "",
        "title": gettext("件名から探す"),
    }
    return cached(render(request, "opac/subjects.html", context))
