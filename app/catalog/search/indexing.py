"""Keeping documents true: called by catalogue actions inside their transaction."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields

from django.db import transaction

from app.catalog.codes import Origin
from app.catalog.search import store
from app.catalog.search.documents import Document
from app.catalog.search.fold import VERSION
from app.catalog.search.sources import documents

BATCH = 1000
COLUMNS = [field.name for field in fields(Document)]
_NAMES = ", ".join(COLUMNS)
_SET = ", ".join(f"{name} = excluded.{name}" for name in [*COLUMNS, "digest"])
_UPSERT = f"""
INSERT INTO catalog_searchdocument ({_NAMES}, digest, record_id, revision, fresh, popularity, number)
SELECT {_NAMES}, digest, record_id, 1, true, 0, {{number}}
FROM jsonb_populate_recordset(NULL::catalog_searchdocument, %(rows)s::jsonb) AS made ORDER BY record_id
ON CONFLICT (record_id) DO UPDATE SET {_SET}, revision = catalog_searchdocument.revision + 1, fresh = true,
    number = excluded.number"""


def digest(document: Document) -> int:
    """A number that changes with anything that the document says."""
    text = "\x00".join([str(getattr(document, name)) for name in COLUMNS])
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big", signed=True)


def as_json(made: Mapping[int, Document]) -> str:
    """Documents as the rows of a statement."""
    rows = [asdict(document) | {"record_id": pk, "digest": digest(document)} for pk, document in made.items()]
    return json.dumps(rows, ensure_ascii=False)


@transaction.atomic
def index(record_ids: Iterable[int]) -> int:
    """Write the documents of these records anew, in the caller's transaction; returns how many.

    They are found from now on by this transaction and by all when it commits. Nine SQL statements a batch, one
    more when a document goes.
    """
    ids = sorted(set(record_ids))
    if not ids:
        return 0
    store.rows("SELECT pg_advisory_xact_lock_shared(%(key)s)", {"key": store.CHANGING})
    slot = store.slot()
    number = "NULL"
    if slot:
        number = f"(SELECT max(n.number) FROM {slot.table('number')} AS n WHERE n.record_id = made.record_id)"
    written = 0
    for start in range(0, len(ids), BATCH):
        made = documents(ids[start : start + BATCH])
        lost = [pk for pk in ids[start : start + BATCH] if pk not in made]
        if lost:  # merged into another record, or a temporary one again
            store.rows("DELETE FROM catalog_searchdocument WHERE record_id = ANY (%(ids)s)", {"ids": lost})
        store.rows(_UPSERT.format(number=number), {"rows": as_json(made)})
        # Back again after it was merged: its document itself now says which number to pass over.
        store.rows("DELETE FROM catalog_searchgone WHERE record_id = ANY (%(ids)s)", {"ids": list(made)})
        written += len(made)
    return written


def later(record_ids: Iterable[int]) -> int:
    """Have the documents of very many records made after this transaction, by `tend` or `rebuild`; returns how many.

    For bulk loads. One SQL statement.
    """
    ids = sorted(set(record_ids))
    store.rows(
        "INSERT INTO catalog_searchpending (record_id) SELECT unnest(%(ids)s::bigint[]) ON CONFLICT DO NOTHING",
        {"ids": ids},
    )
    return len(ids)


def set_popularity(loans: Mapping[int, int]) -> int:
    """Keep how often records were borrowed, by record; others have none. Returns how many changed.

    Orders follow with the next rebuild, small results at once. Two SQL statements.
    """
    given = {"ids": list(loans), "loans": list(loans.values())}
    changed = store.rows(
        "UPDATE catalog_searchdocument AS d SET popularity = g.loans"
        " FROM unnest(%(ids)s::bigint[], %(loans)s::int[]) AS g (id, loans)"
        " WHERE d.record_id = g.id AND d.popularity <> g.loans RETURNING 1",
        given,
    )
    changed += store.rows(
        "UPDATE catalog_searchdocument AS d SET popularity = 0 WHERE d.popularity <> 0"
        " AND NOT EXISTS (SELECT FROM unnest(%(ids)s::bigint[]) AS g (id) WHERE g.id = d.record_id) RETURNING 1",
        given,
    )
    return len(changed)


def stale() -> int:
    """How many records are not found as they are: without a document, with one of an older folding, not yet numbered
    again after their folding changed. Temporary records of the counter are not searched for. Two SQL statements."""
    missing = store.rows(
        "SELECT count(*) FROM catalog_bibliographicrecord AS r LEFT JOIN catalog_searchdocument AS d"
        " ON d.record_id = r.id WHERE r.origin <> %(temporary)s AND (d.version IS NULL OR d.version <> %(version)s)"
        " AND NOT EXISTS (SELECT FROM catalog_mergedrecord AS m WHERE m.record_id = r.id)",
        {"version": VERSION, "temporary": Origin.TEMPORARY.value},
    )
    return int(missing[0][0])
