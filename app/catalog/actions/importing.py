"""Records from an exchange format: made or brought up to date in batches, each part of one change set."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from app.access.actions import require
from app.access.actor import Actor
from app.audit import actions as audit
from app.catalog import search
from app.catalog.actions import changes
from app.catalog.actions.operations import IMPORT
from app.catalog.models import BibliographicRecord


@dataclass(frozen=True)
class ImportOutcome:
    """How many records a batch made, changed and found unchanged."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    change_set: int | None = None
    """The change set of what it did; None when it did nothing."""

    def __add__(self, other: "ImportOutcome") -> "ImportOutcome":
        return ImportOutcome(
            self.created + other.created,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            other.change_set or self.change_set,
        )


@transaction.atomic
def import_records(
    actor: Actor, batch: Iterable[Mapping[str, Any]], *, title: str = "書誌の取込み", into: int | None = None
) -> ImportOutcome:
    """Create or update records from an exchange format, matched by national number, then by control number.

    The same record again (same original bytes) is left untouched; fields that staff corrected are kept.
    One audit event for the batch, one change set of that title; `into` goes on with an earlier batch's.
    """
    require(actor, IMPORT)
    rows = list(batch)
    there = _known(rows)
    fresh: dict[str, BibliographicRecord] = {}
    changed: dict[int, tuple[BibliographicRecord, dict[str, Any]]] = {}
    unchanged = 0
    for row in rows:
        keys = _keys(row)
        known = next((there[key] for key in keys if key in there), None)
        if known is None:
            record = BibliographicRecord(**row)
            # The same record twice in one file: the later one is the newer one.
            fresh = {k: r for k, r in fresh.items() if k not in keys} | {keys[0] if keys else f"row {id(row)}": record}
        elif bytes(known.marc or b"") == row["marc"]:
            unchanged += 1
        else:
            before = {name: getattr(known, name) for name in row}
            for name, value in row.items():
                if name not in known.kept_fields:
                    setattr(known, name, value)
            known.save()
            # The same record twice in one file: what counts is how it was before the first.
            changed.setdefault(known.pk, (known, before))
    created = BibliographicRecord.objects.bulk_create(fresh.values())
    with changes.open(actor, changes.Kind.IMPORT, title, into=into) as change_set:
        for record in created:
            change_set.made(record)
        for record, before in changed.values():
            change_set.note(record, before, {name: getattr(record, name) for name in before})
        number = change_set.pk if created or changed else into
    search.index([record.pk for record in created] + list(changed))
    outcome = ImportOutcome(len(created), len(changed), unchanged, number)
    if created or changed:
        audit.record(actor, IMPORT, subject_type="record", detail={"created": len(created), "updated": len(changed)})
    return outcome


def _keys(row: Mapping[str, Any]) -> list[str]:
    """What a record is recognised by, best first."""
    return [f"{name}:{row[name]}" for name in ("national_number", "control_number") if row.get(name)]


def _known(rows: list[Mapping[str, Any]]) -> dict[str, BibliographicRecord]:
    """The records that these rows would meet, locked, by key. Two SQL statements."""
    found: dict[str, BibliographicRecord] = {}
    for name in ("national_number", "control_number"):
        numbers = [row[name] for row in rows if row.get(name)]
        for record in BibliographicRecord.objects.select_for_update().filter(**{f"{name}__in": numbers}):
            # The same row met by its other key must stay the same object.
            same = next((r for r in found.values() if r.pk == record.pk), record)
            found[f"{name}:{getattr(record, name)}"] = same
    return found
