"""How the search talks to the database: its state, statements with bitmaps, one view of the index for one question."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection, transaction

from app.catalog.search.bitmaps import Slot
from app.catalog.search.fold import VERSION

# Whoever changes documents holds this shared, whoever changes the slot in use holds it alone, until they commit.
CHANGING = 0x4B534541
# Whoever builds or merges holds this alone, for as long as it takes.
BUILDING = 0x4B534542


def rows(statement: str, values: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """The rows of a statement."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall()) if cursor.description else []


def binary(statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The rows of a statement whose parameters or columns are bitmaps: sent as they are, not as text."""
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(statement.encode(), values, binary=True)
        return cursor.fetchall()


def slot() -> Slot | None:
    """The slot in use; None while nothing was built."""
    found = rows("SELECT slot, runs, borders FROM catalog_searchstate WHERE id = 1 AND runs <> '[]'")
    if not found:
        return None
    name, runs, borders = found[0]
    return Slot(name, _json(runs), _json(borders))


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def version() -> int:
    """The version of the folding that the slot in use was built with; ours while nothing was built."""
    found = rows("SELECT version FROM catalog_searchstate WHERE id = 1 AND runs <> '[]'")
    return int(found[0][0]) if found else VERSION


@contextmanager
def one_view(milliseconds: int) -> Iterator[None]:
    """One question: it sees one state of the index, and no statement of it takes longer than this.

    To compile a statement or to start processes for it costs more than these take.
    """
    outermost = not connection.in_atomic_block
    isolation = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; " if outermost else ""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                f"{isolation}SET LOCAL statement_timeout = {milliseconds}; SET LOCAL jit = off;"
                " SET LOCAL max_parallel_workers_per_gather = 0"
            )
        yield
        if not outermost:
            # Inside a caller's transaction the setting would outlive the savepoint.
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
