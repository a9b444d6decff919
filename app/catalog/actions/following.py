"""What the catalogue does when authorities change, and what it tells them of its records' headings."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from app.access.actions import require
from app.access.actor import Actor
from app.authorities import actions as authorities
from app.authorities.actions import Taken
from app.catalog import history, search
from app.catalog.actions.operations import IMPORT
from app.catalog.codes import MarcFormat
from app.catalog.headings import headings
from app.catalog.models import BibliographicRecord, Change
from app.catalog.search import AnyOf, Query, Term

AT_ONCE = 300
SHOWN = 200
_PAGE = 500


def reindex(names: Iterable[str]) -> int:
    """Index anew the records that have one of these names as author or subject; returns how many. In the caller's
    transaction: the first AT_ONCE now, so that an edit is found at once, very many more soon after (`search.later`)."""
    ids = with_names(names)
    search.index(ids[:AT_ONCE])
    if ids[AT_ONCE:]:
        search.later(ids[AT_ONCE:])
    return len(ids)


def with_names(names: Iterable[str]) -> list[int]:
    """The records that have one of these names as a whole author or as the beginning of a subject."""
    found: dict[int, None] = {}
    for name in names:
        where = AnyOf((Term(name, "author", "exact"), Term(name, "subject", "prefix")))
        page = 1
        while True:
            hits = search.search(Query(where=where, size=_PAGE, page=page)).hits
            found |= dict.fromkeys(hit.record_id for hit in hits)
            if len(hits) < _PAGE:
                break
            page += 1
    return list(found)


def gather_since(actor: Actor, since: datetime | None = None) -> Taken:
    """`gather` for every record, or those changed since then, in pieces that are committed one by one."""
    made = filled = last = 0
    while True:
        rows = BibliographicRecord.objects.filter(pk__gt=last, marc_format=MarcFormat.MARC21).exclude(marc=None)
        rows = rows.filter(updated_at__gte=since) if since else rows
        ids = list(rows.order_by("pk").values_list("pk", flat=True)[:_PAGE])
        if not ids:
            return Taken(made, filled)
        taken = gather(actor, ids)
        made, filled, last = made + taken.made, filled + taken.filled, ids[-1]


def gather(actor: Actor, record_ids: Iterable[int]) -> Taken:
    """Make authorities of the headings of these records' MARC, with the numbers and readings that it gives."""
    require(actor, IMPORT)
    rows = BibliographicRecord.objects.filter(pk__in=list(record_ids), marc_format=MarcFormat.MARC21)
    marcs = rows.exclude(marc=None).values_list("marc", flat=True)
    return authorities.take_headings(heading for marc in marcs for heading in headings(bytes(marc)))


@dataclass(frozen=True)
class TablePreview:
    """What a table of authorities would do: the counts, and the first differences in words."""

    taken: Taken
    changes: list[history.Told]


@transaction.atomic
def preview_table(actor: Actor, rows: Sequence[Mapping[str, Any]]) -> TablePreview:
    """Take the table in, look, and roll back: nothing of it stays. AuthorityError as `authorities.take_table`."""
    taken = authorities.take_table(actor, rows)
    changes = Change.objects.filter(change_set=taken.change_set).select_related("change_set").order_by("pk")
    shown = TablePreview(taken, history.in_words(changes[:SHOWN]))
    transaction.set_rollback(True)
    return shown
