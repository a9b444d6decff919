"""Building a slot of bitmaps anew while the other is searched, and merging what changed since into the slot in use.

Neither is seen before it is complete: a rebuild changes the one row of SearchState at its end, a merge is one
transaction. Cut short anywhere, both leave the index as it was. Documents that change meanwhile stay fresh.
"""

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import psycopg
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from app import beside
from app.catalog.codes import Origin, ShelfStatus
from app.catalog.search import availability, grams, store
from app.catalog.search.bitmaps import Slot
from app.catalog.search.broad import BORDERS
from app.catalog.search.documents import LAST, Document
from app.catalog.search.fold import VERSION
from app.catalog.search.indexing import COLUMNS, as_json, digest, index
from app.catalog.search.postings import PART, Part, borders_of
from app.catalog.search.sources import documents

BATCH = 2000
SAMPLE = 40_000
# Arrivals of the last year are sorted by the day.
RECENT_DAYS = 400
# Fewer fresh documents are read in a moment; more than so many at once take long to merge.
MERGE_FROM = 500
MERGE_MOST = 20_000
_DAY = 86_400
Progress = Callable[[str], None]

# The rank, which document numbers follow: held, borrowed often, newer (rows.rank says the same).
_NUMBER = f"""
INSERT INTO {{table}} (number, record_id)
SELECT row_number() OVER (ORDER BY h.record_id IS NULL, coalesce(d.popularity, 0) DESC, r.year DESC NULLS LAST, r.id)
       - 1, r.id
FROM catalog_bibliographicrecord AS r
LEFT JOIN (SELECT DISTINCT record_id FROM catalog_item WHERE status <> '{ShelfStatus.WITHDRAWN.value}') AS h
       ON h.record_id = r.id
LEFT JOIN catalog_searchdocument AS d ON d.record_id = r.id
WHERE r.origin <> '{Origin.TEMPORARY.value}'
  AND NOT EXISTS (SELECT FROM catalog_mergedrecord AS m WHERE m.record_id = r.id)"""
_REPAIR = f"""
INSERT INTO catalog_searchdocument ({", ".join(COLUMNS)}, digest, record_id, revision, fresh, popularity)
SELECT {", ".join(COLUMNS)}, digest, record_id, 0, false, 0
FROM jsonb_populate_recordset(NULL::catalog_searchdocument, %(rows)s::jsonb)
ON CONFLICT (record_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in COLUMNS)},
    digest = excluded.digest
WHERE (catalog_searchdocument.record_id, catalog_searchdocument.revision) IN
    (SELECT * FROM unnest(%(ids)s::bigint[], %(revisions)s::bigint[]))"""


class Busy(Exception):
    """Another process builds or merges at this moment."""


@contextmanager
def _alone() -> Iterator[None]:
    """Only one process builds or merges. The server frees the lock when the process dies."""
    if not store.rows("SELECT pg_try_advisory_lock(%(key)s)", {"key": store.BUILDING})[0][0]:
        raise Busy
    try:
        yield
    finally:
        if connection.connection is not None and not connection.connection.closed and not connection.needs_rollback:
            store.rows("SELECT pg_advisory_unlock(%(key)s)", {"key": store.BUILDING})


def rebuild(processes: int | None = None, progress: Progress = lambda line: None) -> int:
    """Make every document and the idle slot anew, then search that one; returns how many documents.

    Searching goes on, and what is edited meanwhile is found as ever. `processes` do the work side by side (as many as
    there are processors, at most four; always one inside a transaction). Busy when another rebuild or merge runs.
    """
    with _alone():
        began = time.monotonic()
        used = store.slot()
        name = "b" if used and used.name == "a" else "a"
        seen = store.rows("SELECT record_id, revision FROM catalog_searchdocument WHERE fresh")
        pending = [pk for (pk,) in store.rows("SELECT record_id FROM catalog_searchpending")]
        gone = [pk for (pk,) in store.rows("SELECT record_id FROM catalog_searchgone")]
        for kind in ("posting", "facet", "number"):
            store.rows("SELECT catalog_search_empty(%(table)s)", {"table": f"catalog_search{kind}{name}"})
        store.rows(_NUMBER.format(table=f"catalog_searchnumber{name}"))
        count = store.rows(f"SELECT count(*) FROM catalog_searchnumber{name}")[0][0]
        progress(f"numbered {count:,} ({time.monotonic() - began:.0f} s)")
        dictionary, borders = _sample(name, count)
        _copy_dictionary(name, dictionary)
        progress(f"dictionary {len(dictionary):,} ({time.monotonic() - began:.0f} s)")
        parts = [(number, start, min(start + PART, count)) for number, start in enumerate(range(0, count, PART))]
        missing: list[int] = []
        for number, found in _work(name, parts, dictionary, borders, processes):
            missing += found
            progress(f"part {number + 1} of {len(parts)} ({time.monotonic() - began:.0f} s)")
        away = availability.build(name)
        slot = Slot(name, [[0, count - 1]] if count else [], borders)
        _switch(slot, len(parts), seen, pending, gone, missing, away, int(time.monotonic() - began))
        progress(f"in use ({time.monotonic() - began:.0f} s)")
        return int(count) - len(missing)


def _sample(name: str, count: int) -> tuple[frozenset[str], dict[str, list[str]]]:
    """The long grams and the borders of the alphabet, judged by some of the documents, evenly drawn."""
    step = max(count // SAMPLE, 1)
    ids = [
        pk
        for (pk,) in store.rows(
            f"SELECT record_id FROM catalog_searchnumber{name} WHERE number %% %(step)s = 0", {"step": step}
        )
    ]
    texts, titles, authors = [], [], []
    for start in range(0, len(ids), BATCH):
        for document in documents(ids[start : start + BATCH]).values():
            texts.append(tuple(getattr(document, field) for field in grams.FIELDS[:6]))
            titles.append(document.title_order)
            authors.append(document.author_order)
    dictionary = grams.dictionary(texts, count) if count > grams.FREQUENT else frozenset()
    borders = {
        "title": borders_of([key for key in titles if key != LAST], BORDERS),
        "author": borders_of([key for key in authors if key != LAST], BORDERS),
        "recent": [str(int(time.time() // _DAY) - RECENT_DAYS)],
    }
    return dictionary, borders


def _work(
    name: str,
    parts: Sequence[tuple[int, int, int]],
    dictionary: frozenset[str],
    borders: dict[str, list[str]],
    processes: int | None,
) -> Iterator[tuple[int, list[int]]]:
    """Build the parts, in as many processes as may be; yields each part and its numbers without a record."""
    many = 1 if connection.in_atomic_block else min(processes or min(os.cpu_count() or 1, 4), max(len(parts), 1))
    if many == 1:
        for part in parts:
            yield part[0], _part(name, _backend(), dictionary, borders, part)
        return
    given = (name, _backend(), dictionary, borders)
    results = beside.each(f"{__name__}:_part", many, given, [(part,) for part in parts])
    for part, found in zip(parts, results, strict=True):
        yield part[0], found


def _backend() -> int:
    """The database process of this connection."""
    return int(store.rows("SELECT pg_backend_pid()")[0][0])


_BUILDS = """
SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = %(pid)s AND objid = %(key)s
               AND classid = 0 AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"""


def _part(
    name: str, builder: int, dictionary: frozenset[str], borders: dict[str, list[str]], part: tuple[int, int, int]
) -> list[int]:
    """Make the documents and lists of one part; returns the numbers whose record is gone.

    Busy when the rebuild that this is a part of has died meanwhile. Looked at while the tables are written to: who
    empties them waits for this transaction, and so nothing of a dead rebuild gets into a later one.
    """
    number, first, last = part
    made, missing = Part(dictionary, borders), []
    for start in range(first, last, BATCH):
        found = _documents(name, start, min(start + BATCH, last))
        for at, document in found:
            if document is None:
                missing.append(at)
            else:
                made.add(at, document)
    with transaction.atomic():
        _copy_lists(name, number, made)
        if not store.rows(_BUILDS, {"pid": builder, "key": store.BUILDING})[0][0]:
            raise Busy
    return missing


@transaction.atomic
def _documents(name: str, first: int, last: int) -> list[tuple[int, Document | None]]:
    """The documents with these numbers, made from their records; those that are stored differently are mended.

    What is edited between the reading and the mending keeps its edit: its revision is another.
    """
    there = store.rows(
        f"SELECT n.number, n.record_id, d.revision, d.digest, d.version FROM catalog_searchnumber{name} AS n"
        " LEFT JOIN catalog_searchdocument AS d ON d.record_id = n.record_id"
        " WHERE n.number >= %(first)s AND n.number < %(last)s ORDER BY n.number",
        {"first": first, "last": last},
    )
    made = documents([row[1] for row in there])
    known = {pk: (stored, version) for _, pk, revision, stored, version in there if revision is not None}
    new = {pk: document for pk, document in made.items() if pk not in known}
    wrong = {pk: made[pk] for pk in known if pk in made and known[pk] != (digest(made[pk]), VERSION)}
    try:
        with transaction.atomic():
            _copy_documents(new)
    except (IntegrityError, psycopg.errors.UniqueViolation):  # somebody edited one of them at this moment
        wrong |= new
    if wrong:
        revisions = {pk: revision for _, pk, revision, *_ in there if pk in wrong and revision is not None}
        given = {"rows": as_json(wrong), "ids": list(revisions), "revisions": list(revisions.values())}
        store.rows(_REPAIR, given)
    return [(number, made.get(pk)) for number, pk, *_ in there]


def _copy(table: str, columns: str, types: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)


_TYPES = {"version": "int2", "year": "int2", "visibility": "int2", "held": "int2", "arrived": "int4"}
_TYPES |= dict.fromkeys(("branches", "inside_branches", "staff_branches"), "int4[]")


def _copy_documents(new: dict[int, Document]) -> None:
    types = ["int8", "int8", "int8", "bool", "int4", *(_TYPES.get(name, "text") for name in COLUMNS)]
    rows = ((pk, 0, digest(one), False, 0, *(getattr(one, name) for name in COLUMNS)) for pk, one in new.items())
    columns = f"record_id, revision, digest, fresh, popularity, {', '.join(COLUMNS)}"
    _copy("catalog_searchdocument", columns, types, rows)


def _copy_dictionary(name: str, dictionary: frozenset[str]) -> None:
    rows = ([gram, 0, 0, 0, b":0\x00\x00\x00\x00\x00\x00"] for gram in sorted(dictionary))
    _copy(f"catalog_searchposting{name}", "gram, field, part, count, docs", _POSTING, rows)


_POSTING = ("text", "int2", "int2", "int4", "bytea")
_FACET = ("text", "text", "int2", "int4", "bytea")


def _copy_lists(name: str, part: int, made: Part) -> None:
    postings = ((gram, field, part, many, docs) for (gram, field), many, docs in made.postings.sorted())
    _copy(f"catalog_searchposting{name}", "gram, field, part, count, docs", _POSTING, postings)
    facets = ((kind, value, part, place, docs) for (kind, value, place), _, docs in made.facets.sorted())
    _copy(f"catalog_searchfacet{name}", "kind, value, part, place, docs", _FACET, facets)


@transaction.atomic
def _switch(
    slot: Slot,
    parts: int,
    seen: Sequence[tuple[int, int]],
    pending: Sequence[int],
    gone: Sequence[int],
    missing: Sequence[int],
    away: bytes,
    seconds: int,
) -> None:
    """The built slot is in use; what did not change since the beginning is no longer fresh."""
    store.rows("SELECT pg_advisory_xact_lock(%(key)s)", {"key": store.CHANGING})
    store.rows("SELECT id FROM catalog_searchstate WHERE id = 1 FOR UPDATE")
    availability.note(away)
    _settle(seen)
    store.rows(
        f"UPDATE catalog_searchdocument AS d SET number ="
        f" (SELECT max(n.number) FROM {slot.table('number')} AS n WHERE n.record_id = d.record_id) WHERE d.fresh"
    )
    store.rows("DELETE FROM catalog_searchpending WHERE record_id = ANY (%(ids)s)", {"ids": list(pending)})
    store.rows("DELETE FROM catalog_searchgone WHERE record_id = ANY (%(ids)s)", {"ids": list(gone)})

    store.binary(
        """INSERT INTO catalog_searchstate (id, slot, version, runs, parts, borders, dead, away, built_at, seconds)
        VALUES (1, %(slot)s, %(version)s, %(runs)s::jsonb, %(parts)s, %(borders)s::jsonb, rb_build(%(missing)s::int[]),
                %(away)b::roaringbitmap, %(now)s, %(seconds)s)
        ON CONFLICT (id) DO UPDATE SET slot = excluded.slot, version = excluded.version, runs = excluded.runs,
            parts = excluded.parts, borders = excluded.borders, dead = excluded.dead, away = excluded.away,
            built_at = excluded.built_at, seconds = excluded.seconds
        RETURNING id""",
        {
            "slot": slot.name,
            "version": VERSION,
            "runs": json.dumps(slot.runs),
            "parts": parts,
            "borders": json.dumps(slot.borders),
            "missing": list(missing),
            "away": away,
            "now": timezone.now(),
            "seconds": seconds,
        },
    )


def _settle(seen: Sequence[tuple[int, int]]) -> None:
    """Documents that are as they were when they were taken are no longer fresh."""
    store.rows(
        "UPDATE catalog_searchdocument AS d SET fresh = false, number = NULL"
        " FROM unnest(%(ids)s::bigint[], %(revisions)s::bigint[]) AS s (id, revision)"
        " WHERE d.record_id = s.id AND d.revision = s.revision AND d.fresh",
        {"ids": [pk for pk, _ in seen], "revisions": [revision for _, revision in seen]},
    )


def merge(least: int = MERGE_FROM, most: int = MERGE_MOST) -> int:
    """Take fresh documents into the bitmaps in use, when there are so many; returns how many.

    What came in bulk becomes documents first. Busy when a rebuild runs.
    """
    with _alone():
        _make_pending(most)
        slot = store.slot()
        if slot is None or store.rows("SELECT count(*) FROM catalog_searchdocument WHERE fresh")[0][0] < least:
            return 0
        return _merge(slot, most)


def outdated() -> bool:
    """Whether the bitmaps must be made before the night: they are of an older folding, or there are none yet though
    there is much to find. At most three SQL statements."""
    if store.version() != VERSION:
        return True
    if store.slot() is not None:
        return False
    count = "SELECT count(*) FROM (SELECT FROM {} LIMIT %(least)s) AS part"
    waiting = ("catalog_searchdocument WHERE fresh", "catalog_searchpending")
    return any(store.rows(count.format(where), {"least": MERGE_FROM})[0][0] >= MERGE_FROM for where in waiting)


def _make_pending(most: int) -> None:
    """Make documents of records that wait, a thousand at a time."""
    waiting = [
        pk
        for (pk,) in store.rows(
            "SELECT record_id FROM catalog_searchpending ORDER BY record_id LIMIT %(most)s", {"most": most}
        )
    ]
    for start in range(0, len(waiting), 1000):
        some = waiting[start : start + 1000]
        with transaction.atomic():
            index(some)
            store.rows("DELETE FROM catalog_searchpending WHERE record_id = ANY (%(ids)s)", {"ids": some})


_FRESH = (
    "SELECT d.record_id, d.revision, d.{} FROM catalog_searchdocument AS d WHERE d.fresh"
    " ORDER BY d.held = 3, d.popularity DESC, d.year DESC NULLS LAST, d.record_id LIMIT %(most)s"
).format(", d.".join(COLUMNS))


@transaction.atomic
def _merge(slot: Slot, most: int) -> int:
    """One more run and part of the slot. Fresh documents keep being edited while this works; only its end waits."""
    taken = store.rows(_FRESH, {"most": most})
    dictionary = frozenset(
        gram for (gram,) in store.rows(f"SELECT gram FROM {slot.table('posting')} WHERE field = 0 AND part = 0")
    )
    part = store.rows("SELECT parts FROM catalog_searchstate WHERE id = 1")[0][0]
    first = slot.runs[-1][1] + 1
    made = Part(dictionary, slot.borders)
    for number, (_, _, *values) in enumerate(taken, start=first):
        made.add(number, SimpleNamespace(**dict(zip(COLUMNS, values, strict=True))))
    _copy_lists(slot.name, part, made)
    ids = [pk for pk, *_ in taken]
    store.rows("SELECT pg_advisory_xact_lock(%(key)s)", {"key": store.CHANGING})
    old = [
        number
        for (number,) in store.rows(
            "SELECT number FROM catalog_searchdocument WHERE fresh AND number IS NOT NULL AND record_id = ANY (%(ids)s)"
            f" UNION SELECT n.number FROM catalog_searchgone AS g JOIN {slot.table('number')} AS n USING (record_id)",
            {"ids": ids},
        )
    ]
    _copy(slot.table("number"), "number, record_id", ("int4", "int8"), enumerate(ids, start=first))
    availability.add(slot, first, first + len(ids) - 1)
    _settle([(pk, revision) for pk, revision, *_ in taken])
    # Edited or deleted while this worked: the new number is the one to pass over.
    store.rows(
        f"UPDATE catalog_searchdocument AS d SET number = n.number FROM {slot.table('number')} AS n"
        " WHERE n.record_id = d.record_id AND n.number >= %(first)s AND d.fresh",
        {"first": first},
    )
    gone = [
        number
        for (number,) in store.rows(
            f"SELECT n.number FROM catalog_searchgone AS g JOIN {slot.table('number')} AS n USING (record_id)"
        )
    ]
    store.rows("DELETE FROM catalog_searchgone")
    runs = [*slot.runs, [first, first + len(ids) - 1]]

    store.rows(
        "UPDATE catalog_searchstate SET runs = %(runs)s::jsonb, parts = parts + 1,"
        " dead = dead | rb_build(%(dead)s::int[]) WHERE id = 1",
        {"runs": json.dumps(runs), "dead": [*old, *gone]},
    )
    return len(ids)
