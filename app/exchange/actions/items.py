"""Importing items: a CSV file becomes items, all of it or nothing."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

from django.db import transaction

from app.access.actions import require
from app.access.actor import Actor
from app.branches.models import Branch
from app.catalog.actions import IMPORT, add_items
from app.catalog.models import BibliographicRecord, Item
from app.exchange import items
from app.patrons.importing import ImportRefused, Problem

BATCH = 500
MOST_PROBLEMS = 100


@transaction.atomic
def import_items(actor: Actor, lines: Iterable[str]) -> tuple[int, int]:
    """Import the items of CSV lines, all or none; returns (new, already there).

    A number that is there already on the same record is left as it is, so the same file may be read twice.
    ImportRefused lists every problem of the file by line and column (at most a hundred). Four SQL statements and
    those of `add_items` for every 500 lines, in one transaction.
    """
    require(actor, IMPORT)
    branches = dict(Branch.objects.filter(is_active=True).values_list("code", "id"))
    problems: list[Problem] = []
    seen: dict[str, int] = {}
    new = there = 0
    source = items.read(lines)
    while len(problems) < MOST_PROBLEMS and (batch := list(islice(source, BATCH))):
        rows: list[items.Row] = []
        for line, values in batch:
            row, wrong = items.row_of(line, values, branches)
            if row.barcode and row.barcode in seen:
                expected = f"a number not used on line {seen[row.barcode]}"
                wrong.append(Problem(line, "barcode", row.barcode, expected))
            seen.setdefault(row.barcode, line)
            problems += wrong
            rows.append(row)
        fresh, wrong = _fresh(rows)
        problems += wrong
        there += len(rows) - len(fresh)
        # After the first problem the file is only read to its end: the transaction falls anyway.
        if not problems:
            new += add_items(actor, fresh)
    if problems:
        problems.sort(key=lambda problem: problem.line)
        raise ImportRefused(problems[:MOST_PROBLEMS])
    return new, there


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
            problems.append(Problem(row.line, "barcode", row.barcode, expected))
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
