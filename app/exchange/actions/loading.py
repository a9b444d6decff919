"""The first load of a full file: several processes, COPY, parts that a cut run goes on behind. For an empty library.

Nothing is compared and no change set is written: there is nothing yet that it could change. A part in which a number
turns out to be there already is done again the careful way.
"""

import multiprocessing
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection, connections, transaction
from django.db.models import F

from app.access.actions import require
from app.access.actor import Actor
from app.audit import actions as audit
from app.catalog import rules
from app.catalog.actions import IMPORT
from app.catalog.models import BibliographicRecord, CataloguePolicy
from app.exchange import formats
from app.exchange.actions.marc import open_run, set_aside, take_in
from app.exchange.formats import Entry, RawRecord
from app.exchange.models import ImportRun, LoadedPart
from app.exchange.records import MalformedRecord

PART = 10_000
CAREFUL = 500
# What no exchange format gives: the columns' own defaults stand.
_NOT_GIVEN = {"id", "parent", "part_order", "visibility", "toc", "local_class", "local_places", "local_people",
              "issuing_section", "own_fields", "kept_fields", "created_at", "updated_at"}  # fmt: skip
_FIELDS = [field for field in BibliographicRecord._meta.concrete_fields if field.name not in _NOT_GIVEN]
_COLUMNS = [field.column for field in _FIELDS]
_TYPES = {"BinaryField": "bytea", "SmallIntegerField": "int2", "PositiveIntegerField": "int4", "ArrayField": "text[]",
          "CharField": "varchar", "TextField": "text"}  # fmt: skip


@dataclass(frozen=True)
class Part:
    """So many records of a file, from a byte on; `position` records stand before it."""

    run_id: int
    path: str
    offset: int
    position: int
    edition: int
    actor: Actor


def load_marc(
    actor: Actor, path: Path, *, processes: int = 2, progress: Callable[[ImportRun], None] = lambda run: None
) -> ImportRun:
    """Load a whole file into an empty library, or go on with a load that was cut. Returns the run with its counts.

    Searching does not know the records yet: `search.rebuild()` follows.
    """
    require(actor, IMPORT)
    edition = CataloguePolicy.objects.values_list("ndc_edition", flat=True).first() or 0
    with path.open("rb") as file, closing(mmap(file.fileno(), 0, access=ACCESS_READ)) as content:
        run = open_run(actor, content, path.name)
        done = set(LoadedPart.objects.filter(run=run).values_list("offset", flat=True))
        parts = (
            Part(run.pk, str(path), offset, position, edition, actor)
            for offset, position in _parts(content)
            if offset not in done
        )
        for _ in _worked(parts, processes):
            run.refresh_from_db()
            progress(run)
    return _end(actor, run)


def _parts(content: mmap) -> Iterator[tuple[int, int]]:
    """Byte and record number before each part."""
    yield 0, 0
    for raw in formats.split(content):
        if raw.position % PART == 0 and raw.end < len(content):
            yield raw.end, raw.position


def _worked(parts: Iterator[Part], processes: int) -> Iterator[int]:
    """The parts done, in this process or in several."""
    if processes <= 1:
        yield from map(_load, parts)
        return
    # A connection must not be shared by processes: each opens its own.
    connections.close_all()
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        yield from pool.imap_unordered(_load, parts)


def _load(part: Part) -> int:
    """One part in one transaction; returns how many records."""
    with Path(part.path).open("rb") as file, closing(mmap(file.fileno(), 0, access=ACCESS_READ)) as content:
        read = _read(content, part)
    good = [entry for _, entry in read if isinstance(entry, Entry) and not entry.deletes]
    try:
        with transaction.atomic():
            _copy(good, part.edition)
            _finish(part, read, len(good))
    except (psycopg.Error, ValueError):
        with transaction.atomic():
            _finish(part, read, _carefully(part, read))
    return len(read)


def _read(content: mmap, part: Part) -> list[tuple[RawRecord, Entry | str]]:
    """The part's records, understood, or why not."""
    read: list[tuple[RawRecord, Entry | str]] = []
    for raw in formats.split(content, part.offset, part.position):
        try:
            read.append((raw, formats.interpret(raw)))
        except MalformedRecord as error:
            read.append((raw, str(error)))
        if raw.position % PART == 0:
            break
    return read


def _copy(entries: list[Entry], edition: int) -> None:
    statement = f"COPY {BibliographicRecord._meta.db_table} ({', '.join(_COLUMNS)}) FROM STDIN (FORMAT BINARY)"
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit TO off")
        with cursor.copy(statement) as copy:
            copy.set_types([_TYPES[field.get_internal_type()] for field in _FIELDS])
            for entry in entries:
                copy.write_row(row_of(entry.fields, edition))


def row_of(fields: Mapping[str, Any], edition: int) -> list[Any]:
    """The values of one record in the order of the columns."""
    chosen = rules.chosen_class(
        fields.get("ndc", ""), fields.get("ndc_edition"), fields.get("other_classes", ()), edition
    )
    values = {**fields, **dict(zip(("ndc", "ndc_edition", "other_classes"), chosen, strict=True))}
    return [values[field.name] if field.name in values else field.get_default() for field in _FIELDS]


def _carefully(part: Part, read: list[tuple[RawRecord, Entry | str]]) -> int:
    """The part by way of the ordinary import, which knows what is there; returns how many records are new."""
    run = ImportRun.objects.get(pk=part.run_id)
    before = (run.created, run.set_aside)
    good = [(raw, entry) for raw, entry in read if isinstance(entry, Entry) and not entry.deletes]
    for start in range(0, len(good), CAREFUL):
        take_in(part.actor, run, good[start : start + CAREFUL])
    ImportRun.objects.filter(pk=part.run_id).update(
        change_set=run.change_set, set_aside=F("set_aside") + run.set_aside - before[1]
    )
    return run.created - before[0]


def _finish(part: Part, read: list[tuple[RawRecord, Entry | str]], created: int) -> None:
    """What did not load stands aside, and the part is done: committed with its records."""
    run = ImportRun(pk=part.run_id)
    for raw, entry in read:
        if isinstance(entry, str):
            set_aside(run, raw, entry)
        elif entry.deletes:
            set_aside(run, raw, "一括登録では、削除の指示は行いません")
    parents = {
        entry.fields["control_number"]: entry.parent_number
        for _, entry in read
        if isinstance(entry, Entry) and entry.parent_number and entry.fields["control_number"]
    }
    LoadedPart.objects.create(run_id=part.run_id, offset=part.offset, parents=parents)
    ImportRun.objects.filter(pk=part.run_id).update(
        created=F("created") + created,
        set_aside=F("set_aside") + run.set_aside,
        position=F("position") + len(read),
        offset=F("offset") + sum(len(raw.data) for raw, _ in read),
    )


@transaction.atomic
def _end(actor: Actor, run: ImportRun) -> ImportRun:
    """Volumes go below their sets, now that both are there; the run is done."""
    for parents in LoadedPart.objects.filter(run=run).exclude(parents={}).values_list("parents", flat=True):
        above = dict(
            BibliographicRecord.objects.filter(control_number__in=set(parents.values())).values_list(
                "control_number", "pk"
            )
        )
        below = list(BibliographicRecord.objects.filter(control_number__in=parents).defer("marc"))
        for record in below:
            record.parent_id = above.get(parents[record.control_number])
            record.part_order = rules.order_of(record.volume) if record.parent_id else None
        BibliographicRecord.objects.bulk_update(below, ["parent", "part_order"], batch_size=CAREFUL)
    LoadedPart.objects.filter(run=run).delete()
    run.refresh_from_db()
    run.state, run.offset = ImportRun.State.DONE, run.size
    run.save(update_fields=["state", "offset", "touched_at"])
    counts = {name: getattr(run, name) for name in ("created", "set_aside")}
    audit.record(actor, IMPORT, subject_type="import", subject_id=run.pk, detail={"load": run.file_name, **counts})
    return run
