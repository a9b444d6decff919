"""Keeping the index true: called by catalogue actions inside their transaction, and for a rebuild."""

from collections.abc import Iterable
from dataclasses import asdict, fields

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Q

from app.catalog.codes import ShelfStatus
from app.catalog.models import BibliographicRecord, SearchDocument
from app.catalog.search.documents import Document, build
from app.catalog.search.fold import VERSION

BATCH = 1000
_COLUMNS = [field.name for field in fields(Document)]


def index(record_ids: Iterable[int]) -> int:
    """Write the documents of these records anew, in the caller's transaction; returns how many.

    Three statements a batch.
    """
    ids = sorted(set(record_ids))
    written = 0
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        # A merged record stands for another one; searches know the other one only.
        SearchDocument.objects.filter(record__in=batch, record__merged__isnull=False).delete()
        records = (
            BibliographicRecord.objects.filter(pk__in=batch, merged__isnull=True)
            .defer("marc")
            .annotate(
                held_at=ArrayAgg(
                    "items__branch_id",
                    filter=Q(items__isnull=False) & ~Q(items__status=ShelfStatus.WITHDRAWN),
                    distinct=True,
                    default=[],
                )
            )
        )
        documents = [SearchDocument(record_id=record.pk, **asdict(build(record, record.held_at))) for record in records]
        SearchDocument.objects.bulk_create(
            documents, update_conflicts=True, unique_fields=["record"], update_fields=_COLUMNS
        )
        written += len(documents)
    return written


def stale() -> int:
    """How many records have no document, or one of an older folding."""
    return BibliographicRecord.objects.filter(merged__isnull=True).exclude(search_document__version=VERSION).count()


def rebuild() -> int:
    """Write every document anew in batches, each committed by itself while searching goes on; returns how many."""
    written = 0
    last = 0
    while True:
        ids = list(
            BibliographicRecord.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[: BATCH * 5]
        )
        if not ids:
            return written
        written += index(ids)
        last = ids[-1]
