"""Importing items: a CSV file becomes items, all of it or nothing, as one change set."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.db import transaction

from app.access.actions import require
from app.access.actor import Actor
from app.branches.models import Branch
from app.catalog import history
from app.catalog.actions import IMPORT, ImportOutcome, add_items
from app.catalog.codes import acquisitions, material_types, shelf_statuses
from app.catalog.models import BibliographicRecord, Change, Item
from app.exchange import items
from app.exchange.actions.previewing import SHOWN
from app.patrons.importing import ImportRefused, Problem

BATCH = 500
MOST_PROBLEMS = 100
TITLE = "所蔵の取込み"


@dataclass(frozen=True)
class ItemsPreview:
    """What a file of items would do: how many, the first new ones in words, those there already, or why not."""

    new: int = 0
    there: int = 0
    changes: list[history.Told] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@transaction.atomic
def import_items(actor: Actor, lines: Iterable[str], name: str = "") -> tuple[ImportOutcome, int]:
    """Import the items of CSV lines, all or none; returns what was made, with its one change set, and how many were
    there already.

    A number that is there already on the same record is left as it is, so the same file may be read twice; cut
    anywhere, nothing of it is there, and it is read again. ImportRefused lists every problem of the file by line and
    column (at most a hundred). Four SQL statements and those of `add_items` for every 500 lines, in one transaction.
    """
    require(actor, IMPORT)
    problems: list[Problem] = []
    made = ImportOutcome()
    there = 0
    for rows, fresh, wrong in _batches(lines):
        problems += wrong
        there += len(rows) - len(fresh)
        # After the first problem the file is only read to its end: the transaction falls anyway.
        if not problems:
            made += add_items(actor, fresh, title=f"{TITLE} {name}".strip(), into=made.change_set)
    if problems:
        problems.sort(key=lambda problem: problem.line)
        raise ImportRefused(problems[:MOST_PROBLEMS])
    return made, there


@transaction.atomic
def preview_items(actor: Actor, lines: Iterable[str], name: str = "") -> ItemsPreview:
    """Import the file, look, and roll back: nothing of it stays. A file that would be refused says why instead."""
    try:
        made, there = import_items(actor, lines, name)
    except ImportRefused as refused:
        return ItemsPreview(problems=refused.problems)
    changes = Change.objects.filter(change_set=made.change_set).select_related("change_set").order_by("pk")
    shown = ItemsPreview(made.created, there, history.in_words(changes[:SHOWN]))
    transaction.set_rollback(True)
    return shown


def _batches(lines: Iterable[str]) -> Iterator[tuple[list[items.Row], list[dict[str, Any]], list[Problem]]]:
    """The rows of every 500 lines, the values of those that are new, and every problem; until there are too many."""
    tables = _tables()
    seen: dict[str, int] = {}
    problems = 0
    source = items.read(lines)
    while problems < MOST_PROBLEMS and (batch := list(islice(source, BATCH))):
        rows: list[items.Row] = []
        found: list[Problem] = []
        for line, values in batch:
            row, wrong = items.row_of(line, values, tables)
            if row.barcode and row.barcode in seen:
                first = seen[row.barcode]
                expected, told = f"a number not used on line {first}", f"{first}行目と同じ番号です"
                wrong.append(items.Wrong(line, "barcode", row.barcode, expected, told))
            seen.setdefault(row.barcode, line)
            found += wrong
            rows.append(row)
        fresh, wrong = _fresh(rows)
        found += wrong
        problems += len(found)
        yield rows, fresh, found


def _tables() -> items.Tables:
    """What the library calls its places, materials, states and ways of acquiring, its own ones too."""
    branches = list(Branch.objects.filter(is_active=True).values_list("code", "name", "id"))
    return items.Tables(
        branches={name: pk for _, name, pk in branches} | {code: pk for code, _, pk in branches},
        materials=items.table(material_types(all_lines=True)),
        statuses=items.table(shelf_statuses()),
        acquisitions=items.table(acquisitions(all_lines=True)),
    )


def _fresh(rows: list[items.Row]) -> tuple[list[dict[str, Any]], list[Problem]]:
    """The values of those items that are not there yet, and what does not fit the catalogue."""
    known = _records(rows)
    used = dict(Item.objects.filter(barcode__in=[row.barcode for row in rows]).values_list("barcode", "record_id"))
    fresh: list[dict[str, Any]] = []
    problems: list[Problem] = []
    for row in rows:
        record_id, wrong = items.record_of(row, known)
        problems += wrong
        if row.barcode not in used:
            fresh.append(row.values | {"record_id": record_id})
        elif record_id is not None and used[row.barcode] != record_id:
            expected = f"a number that is not on an item of record {used[row.barcode]}"
            told = f"書誌番号{used[row.barcode]}の資料で使われています"
            problems.append(items.Wrong(row.line, "barcode", row.barcode, expected, told))
    return fresh, problems


def _records(rows: list[items.Row]) -> dict[tuple[str, str | int], set[int]]:
    """The records that the numbers of these lines name, by column and number. At most three SQL statements."""
    known: dict[tuple[str, str | int], set[int]] = {}
    for column, field_name in (("record_id", "pk"), ("national_number", "national_number"), ("isbn", "isbn13")):
        numbers = {row.keys[column] for row in rows if column in row.keys}
        if numbers:
            found = BibliographicRecord.objects.filter(**{f"{field_name}__in": numbers}, merged__isnull=True)
            for pk, number in found.values_list("pk", field_name):
                known.setdefault((column, number), set()).add(pk)
    return known
