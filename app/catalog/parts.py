"""Reads of what belongs to a record beside its row: volumes, contents, digital copies."""

from dataclasses import dataclass

from django.db.models import Count, F, QuerySet

from app.catalog.models import BibliographicRecord, ContentsPart, Cover, DigitalLink

MOST_SHOWN = 300


@dataclass(frozen=True)
class Belongings:
    """Everything on the page of a record's belongings."""

    volumes: list[BibliographicRecord]
    contents: list[ContentsPart]
    links: list[DigitalLink]
    has_cover: bool


def volumes_of(record_id: int) -> QuerySet[BibliographicRecord]:
    """The records below a record in their order, each with the number of its items (`held`). One SQL statement."""
    rows = BibliographicRecord.objects.filter(parent_id=record_id, merged__isnull=True)
    rows = rows.annotate(held=Count("items")).defer("marc")
    return rows.order_by(F("part_order").asc(nulls_last=True), "volume", "pk")[:MOST_SHOWN]


def belongings_of(record_id: int) -> Belongings:
    """All of it. Four SQL statements."""
    return Belongings(
        volumes=list(volumes_of(record_id)),
        contents=list(ContentsPart.objects.filter(record_id=record_id)),
        links=list(DigitalLink.objects.filter(record_id=record_id).defer("file")),
        has_cover=Cover.objects.filter(record_id=record_id).exists(),
    )
