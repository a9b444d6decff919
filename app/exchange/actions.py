"""Imports: a file becomes records, what cannot be read is set aside, and the run is remembered."""

from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError, transaction

from app.access.actions import require
from app.access.actor import Actor
from app.catalog.actions import IMPORT, ImportOutcome, import_records
from app.exchange import marc
from app.exchange.models import ImportRun, SetAsideRecord

BATCH = 500


@dataclass
class _Run:
    """A running import: what waits for the next batch, and what came out so far."""

    actor: Actor
    row: ImportRun
    waiting: list[tuple[marc.RawRecord, dict[str, Any]]] = field(default_factory=list)
    outcome: ImportOutcome = field(default_factory=ImportOutcome)

    def set_aside(self, raw: marc.RawRecord, reason: str) -> None:
        SetAsideRecord.objects.create(
            run=self.row, position=raw.position, offset=raw.offset, reason=reason, data=raw.data
        )
        self.row.set_aside += 1

    def flush(self) -> None:
        """Import what waits in one transaction; when the database refuses the batch, record by record."""
        batch, self.waiting = self.waiting, []
        if not batch:
            return
        try:
            self.outcome += import_records(self.actor, [fields for _, fields in batch])
        except (DatabaseError, ValueError) as error:
            if len(batch) == 1:
                self.set_aside(batch[0][0], f"登録できません: {str(error).splitlines()[0]}")
                return
            for entry in batch:
                self.waiting = [entry]
                self.flush()


def import_marc(actor: Actor, content: bytes, file_name: str) -> ImportRun:
    """Import a MARC 21 file: good records load, each damaged one is set aside with its position and byte offset.

    Batches are committed one by one; the same file again changes nothing. Returns the finished run with its counts.
    """
    require(actor, IMPORT)
    run = _Run(actor, ImportRun.objects.create(file_name=file_name[-200:], actor=actor.number or actor.kind))
    for raw in marc.split(content):
        if raw.damage:
            run.set_aside(raw, raw.damage)
            continue
        try:
            fields = marc.fields_of(marc.parse(raw.data), raw.data)
        except marc.MalformedRecord as error:
            run.set_aside(raw, str(error))
            continue
        run.waiting.append((raw, fields))
        if len(run.waiting) >= BATCH:
            run.flush()
    run.flush()
    row = run.row
    row.created, row.updated, row.unchanged = run.outcome.created, run.outcome.updated, run.outcome.unchanged
    with transaction.atomic():
        row.save(update_fields=["created", "updated", "unchanged", "set_aside"])
    return row
