"""Importing a file of records: in small batches that a cut run goes on from, politely beside the counter."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from mmap import mmap
from zlib import crc32

from django.db import DatabaseError, connection, transaction

from app.access.actions import require
from app.access.actor import Actor
from app.audit import actions as audit
from app.catalog.actions import IMPORT, ImportOutcome, import_records
from app.catalog.actions.changes import SetUndone
from app.catalog.actions.importing import PARENT, delete_records
from app.exchange import formats
from app.exchange.formats import Entry, RawRecord
from app.exchange.models import ImportFile, ImportRun, SetAsideRecord
from app.exchange.pace import Pace, brisk
from app.exchange.records import MalformedRecord

State = ImportRun.State
_EDGE = 1 << 20
_ONE_AT_A_TIME = crc32(b"kura exchange import")

Batch = list[tuple[RawRecord, Entry]]


class BusyImport(Exception):
    """Another import is running; the text is for the screen."""


def import_marc(actor: Actor, content: bytes | mmap, file_name: str, pace: Pace | None = None) -> ImportRun:
    """Import a file (MARC 21, MARCXML, TRC MARC) to its end, or go on with it where it was cut.

    Good records load, each damaged one is set aside with its position and byte offset. Batches are committed one by
    one; the same file again changes nothing. Returns the run with its counts.
    """
    run = open_run(actor, content, file_name)
    proceed(actor, run, content, pace or brisk())
    return run


@transaction.atomic
def accept(actor: Actor, content: bytes, file_name: str) -> ImportRun:
    """A run with its file kept, for `proceed` to do in parts; the open run of the same file when there is one."""
    run = open_run(actor, content, file_name)
    ImportFile.objects.get_or_create(run=run, defaults={"content": content})
    return run


@transaction.atomic
def open_run(actor: Actor, content: bytes | mmap, file_name: str) -> ImportRun:
    """The unfinished run of this file, or a new one."""
    require(actor, IMPORT)
    print_of_file = fingerprint(content)
    there = ImportRun.objects.exclude(state=State.DONE).filter(digest=print_of_file).first()
    if there:
        return there
    run = ImportRun.objects.create(
        file_name=file_name[-200:], actor=actor.number or actor.kind, size=len(content), digest=print_of_file
    )
    audit.record(actor, IMPORT, subject_type="import", subject_id=run.pk, detail={"file": run.file_name})
    return run


def fingerprint(content: bytes | mmap) -> str:
    """What a file is recognised by: its length, its first and its last mebibyte."""
    size = len(content)
    edges = bytes(content[:_EDGE]) + bytes(content[max(size - _EDGE, 0) :])
    return hashlib.sha256(str(size).encode() + edges).hexdigest()


def proceed(
    actor: Actor,
    run: ImportRun,
    content: bytes | mmap,
    pace: Pace,
    *,
    stop: Callable[[], bool] = lambda: False,
    progress: Callable[[ImportRun], None] = lambda run: None,
) -> bool:
    """Go on with a run until its end, or until `stop` says so between two batches; True when it is done.

    BusyImport when another import is running.
    """
    require(actor, IMPORT)
    with _alone():
        run.refresh_from_db()
        if run.state == State.DONE:
            return True
        run.state = State.RUNNING
        pace.begin()
        try:
            for batch in _batches(formats.split(content, run.offset, run.position), pace.batch):
                take_batch(actor, run, batch)
                progress(run)
                pace.after(len(batch))
                if stop():
                    break
                pace.begin()
            else:
                run.offset = run.size
        except SetUndone:  # somebody took back what it had brought: that was meant for the rest of the file as well
            run.refresh_from_db()
            run.offset = run.size
        return _end(actor, run)


@transaction.atomic
def _end(actor: Actor, run: ImportRun) -> bool:
    done = run.offset >= run.size
    run.state = State.DONE if done else State.STOPPED
    run.save(update_fields=["state", "offset", "touched_at"])
    if done:
        ImportFile.objects.filter(run=run).delete()
        counts = {name: getattr(run, name) for name in ("created", "updated", "deleted", "unchanged", "set_aside")}
        audit.record(actor, IMPORT, subject_type="import", subject_id=run.pk, detail=counts)
    return done


def _batches(records: Iterator[RawRecord], size: int) -> Iterator[list[RawRecord]]:
    batch: list[RawRecord] = []
    for raw in records:
        batch.append(raw)
        if len(batch) >= size:
            yield batch
            batch = []
    if batch:
        yield batch


@transaction.atomic
def take_batch(actor: Actor, run: ImportRun, batch: list[RawRecord]) -> None:
    """One batch and how far the run is with it, in one transaction."""
    with connection.cursor() as cursor:
        # Nothing is lost that is not done again: the records and the place in the file are committed together.
        cursor.execute("SET LOCAL synchronous_commit TO off")
    understood: Batch = []
    for raw in batch:
        try:
            understood.append((raw, formats.interpret(raw)))
        except MalformedRecord as error:
            set_aside(run, raw, str(error))
    for deletes, part in _runs_of(understood):
        (_delete if deletes else take_in)(actor, run, part)
    run.offset, run.position = batch[-1].end, batch[-1].position
    run.save()


def _runs_of(batch: Batch) -> Iterable[tuple[bool, Batch]]:
    """Neighbours that are all records or all orders to delete: a file says things in their order."""
    part: Batch = []
    for entry in batch:
        if part and part[0][1].deletes != entry[1].deletes:
            yield part[0][1].deletes, part
            part = []
        part.append(entry)
    if part:
        yield part[0][1].deletes, part


def take_in(actor: Actor, run: ImportRun, batch: Batch) -> None:
    """Import a batch; when the database refuses it, record by record."""
    rows = [entry.fields | {PARENT: entry.parent_number} for _, entry in batch]
    try:
        with transaction.atomic():
            _count(run, import_records(actor, rows, title=f"取込み {run.file_name}", into=run.change_set))
    except (DatabaseError, ValueError) as error:
        if len(batch) == 1:
            set_aside(run, batch[0][0], f"登録できません: {str(error).splitlines()[0]}")
            return
        for entry in batch:
            take_in(actor, run, [entry])


def _delete(actor: Actor, run: ImportRun, batch: Batch) -> None:
    orders = [entry.fields for _, entry in batch]
    outcome, reasons = delete_records(actor, orders, title=f"取込み {run.file_name}", into=run.change_set)
    _count(run, outcome)
    for place, reason in reasons.items():
        set_aside(run, batch[place][0], reason)


def _count(run: ImportRun, outcome: ImportOutcome) -> None:
    run.created += outcome.created
    run.updated += outcome.updated
    run.unchanged += outcome.unchanged
    run.deleted += outcome.deleted
    run.change_set = outcome.change_set or run.change_set


def set_aside(run: ImportRun, raw: RawRecord, reason: str) -> None:
    """Keep a record that cannot be taken in, for repair."""
    SetAsideRecord.objects.create(run=run, position=raw.position, offset=raw.offset, reason=reason, data=raw.data)
    run.set_aside += 1


@contextmanager
def _alone() -> Iterator[None]:
    """One import at a time, over all hosts: two beside each other would take twice the counter's time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_ONE_AT_A_TIME])
        if not cursor.fetchone()[0]:
            raise BusyImport("ほかの取込みが進行中です。終わってから続きを取り込みます。")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_ONE_AT_A_TIME])
