"""Importing the index of articles: a spreadsheet becomes records below the papers that they stood in."""

from collections.abc import Iterable, Mapping

from django.db import transaction

from app.access.actions import require
from app.access.actor import Actor
from app.access.sheets import Unreadable, read
from app.catalog import search
from app.catalog.actions import IMPORT, CatalogError, ImportOutcome, import_records
from app.catalog.codes import Level
from app.catalog.models import BibliographicRecord, DigitalLink
from app.exchange import articles
from app.exchange.articles import Article

MOST_PROBLEMS = 20


@transaction.atomic
def import_articles(actor: Actor, name: str, data: bytes) -> ImportOutcome:
    """Import articles from xlsx or CSV, all or none. CatalogError names the wrong lines; the same file again changes
    nothing. One change set."""
    require(actor, IMPORT)
    try:
        rows = read(name, data)
    except Unreadable as error:
        raise CatalogError(str(error)) from error
    if not rows:
        raise CatalogError("記事の行がありません。1行目に項目名を置いてください。")
    # The first line below the headings is line 2 of the sheet.
    wrong = [f"{line}行目: {why}" for line, row in enumerate(rows, 2) if (why := articles.problem(row))]
    if wrong:
        more = f" ほか{len(wrong) - MOST_PROBLEMS}行" if len(wrong) > MOST_PROBLEMS else ""
        raise CatalogError("、".join(wrong[:MOST_PROBLEMS]) + more + "。何も取り込んでいません。")
    found = [articles.article(line, row) for line, row in enumerate(rows, 2)]
    papers = _papers({one.paper for one in found})
    outcome = import_records(actor, [one.fields for one in found], title=f"記事索引 {name}")
    _below(found, papers)
    _link(found)
    search.index(
        BibliographicRecord.objects.filter(
            control_number__in=[one.fields["control_number"] for one in found]
        ).values_list("pk", flat=True)
    )
    return outcome


def _papers(titles: Iterable[str]) -> dict[str, int]:
    """The serials of these titles, where there is exactly one. One SQL statement."""
    there: dict[str, list[int]] = {}
    serials = BibliographicRecord.objects.filter(level=Level.SERIAL, title__in=titles)
    for title, pk in serials.values_list("title", "pk"):
        there.setdefault(title, []).append(pk)
    return {title: ids[0] for title, ids in there.items() if len(ids) == 1}


def _below(found: list[Article], papers: Mapping[str, int]) -> None:
    for paper, pk in papers.items():
        numbers = [one.fields["control_number"] for one in found if one.paper == paper]
        BibliographicRecord.objects.filter(control_number__in=numbers).update(parent_id=pk)


def _link(found: list[Article]) -> None:
    """Where an article can be read elsewhere."""
    linked = {one.fields["control_number"]: one.url for one in found if one.url}
    records = BibliographicRecord.objects.filter(control_number__in=linked).exclude(digital_links__label="記事")
    DigitalLink.objects.bulk_create(
        DigitalLink(record_id=pk, label="記事", url=linked[number])
        for pk, number in records.values_list("pk", "control_number")
        if number
    )
