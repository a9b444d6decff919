"""Reading what documents are made of: records with their items, pieces, parents and the forms of their names."""

from collections.abc import Iterable, Sequence
from datetime import date
from types import SimpleNamespace
from typing import Any

from app.authorities.queries import forms_of
from app.catalog.codes import Origin, ShelfStatus
from app.catalog.search import store
from app.catalog.search.documents import READ, Around, Document, Holdings, build
from app.catalog.showing import EFFECTIVE

# Held at: branches by who sees an item there, and the day of the newest; withdrawn items count for nothing.
_ITEMS = f"""
SELECT i.record_id, array_agg(DISTINCT i.branch_id) FILTER (WHERE i.visibility = 'public'),
       array_agg(DISTINCT i.branch_id) FILTER (WHERE i.visibility = 'inside'),
       array_agg(DISTINCT i.branch_id) FILTER (WHERE i.visibility = 'staff'),
       max(coalesce(i.acquired_on, i.created_at::date))
FROM catalog_item AS i WHERE i.record_id = ANY (%(ids)s) AND i.status <> '{ShelfStatus.WITHDRAWN.value}'
GROUP BY i.record_id"""
_PIECES = """
SELECT record_id, title, title_reading, creator, creator_reading FROM catalog_contentspart
WHERE record_id = ANY (%(ids)s) ORDER BY record_id, "order\""""
_PARENTS = """
SELECT r.id, p.title, p.title_reading FROM catalog_bibliographicrecord AS r
JOIN catalog_bibliographicrecord AS p ON p.id = r.parent_id WHERE r.id = ANY (%(ids)s)"""
# Columns that are read otherwise than they stand: who sees it in effect, the texts of the library's own fields.
_SPECIAL = {
    "visibility": EFFECTIVE,
    "own_fields": "ARRAY(SELECT e.value FROM jsonb_each_text(r.own_fields) AS e)",
}
_RECORDS = f"""
SELECT r.id, {", ".join(_SPECIAL.get(name, f"r.{name}") for name in READ)}
FROM catalog_bibliographicrecord AS r WHERE r.id = ANY (%(ids)s) AND r.origin <> '{Origin.TEMPORARY.value}'
  AND NOT EXISTS (SELECT FROM catalog_mergedrecord AS m WHERE m.record_id = r.id)"""


def documents(record_ids: Iterable[int]) -> dict[int, Document]:
    """The documents of those of these records that the search knows: not what was registered at a counter, nor
    what is merged into another record.

    Six SQL statements.
    """
    ids = {"ids": list(record_ids)}
    records = {row[0]: SimpleNamespace(**dict(zip(READ, row[1:], strict=True))) for row in store.rows(_RECORDS, ids)}
    holdings = {row[0]: _holdings(row[1:]) for row in store.rows(_ITEMS, ids)}
    pieces: dict[int, list[str]] = {}
    for record_id, *texts in store.rows(_PIECES, ids):
        pieces.setdefault(record_id, []).extend(texts)
    parents = {record_id: texts for record_id, *texts in store.rows(_PARENTS, ids)}
    forms = forms_of({name for record in records.values() for name in (*record.creators, *record.subjects)})
    return {
        pk: build(record, holdings.get(pk, Holdings()), Around(forms, pieces.get(pk, ()), parents.get(pk, ())))
        for pk, record in records.items()
    }


def _holdings(row: Sequence[Any]) -> Holdings:
    public, inside, staff, newest = row
    day = newest if isinstance(newest, date) else None
    return Holdings(public or (), inside or (), staff or (), day)
