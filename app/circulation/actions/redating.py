"""Many dates at once, set by set: what a closure does to due dates and hold-shelf dates, and the way back.

Nothing here locks patrons or items: a loan's row is written alone, so a counter waits for one statement at most.
Whoever calls has checked the permission, remembers what was moved, and writes the audit event.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection, transaction

from app.web.sealed import seal

NOTED = "holds.holdentry.text"


@dataclass(frozen=True)
class Move:
    """All dates of one branch on one day go to another day."""

    branch_id: int
    before: date
    after: date


@dataclass(frozen=True)
class Moved:
    """One loan or hold whose date was moved."""

    id: int
    before: date
    after: date


def _columns(moves: Iterable[Move]) -> list[list[object]]:
    rows = [(move.branch_id, move.before, move.after) for move in moves]
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[], [], []]


@transaction.atomic
def move_due_dates(moves: Sequence[Move], most: int) -> list[Moved]:
    """Move the due dates of open loans, at most so many; again until it returns none. One SQL statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH move AS (SELECT * FROM unnest(%s::bigint[], %s::date[], %s::date[]) AS m(branch_id, before, after)),"
            " picked AS (SELECT l.id, m.before, m.after FROM circulation_loan l JOIN move m"
            "  ON l.branch_id = m.branch_id AND l.due_on = m.before ORDER BY l.id LIMIT %s FOR UPDATE OF l)"
            " UPDATE circulation_loan l SET due_on = picked.after FROM picked WHERE l.id = picked.id"
            " RETURNING l.id, picked.before, picked.after",
            [*_columns(moves), most],
        )
        return [Moved(*row) for row in cursor.fetchall()]


@transaction.atomic
def move_shelf_dates(moves: Sequence[Move], by: str, text: str) -> list[Moved]:
    """Move the dates until which items are kept on the hold shelf, and note it in each hold's history.
    One SQL statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH move AS (SELECT * FROM unnest(%s::bigint[], %s::date[], %s::date[]) AS m(branch_id, before, after)),"
            " picked AS (SELECT h.id, m.before, m.after FROM holds_hold h JOIN move m"
            "  ON h.pickup_id = m.branch_id AND h.keep_until = m.before WHERE h.status = 'ready'"
            "  ORDER BY h.id FOR NO KEY UPDATE OF h),"
            " moved AS (UPDATE holds_hold h SET keep_until = picked.after FROM picked WHERE h.id = picked.id"
            "  RETURNING h.id, picked.before, picked.after),"
            " noted AS (INSERT INTO holds_holdentry (hold_id, at, by, kind, text)"
            "  SELECT id, now(), %s, 'extend', %s FROM moved)"
            " SELECT id, before, after FROM moved",
            [*_columns(moves), by, seal(text, NOTED)],
        )
        return [Moved(*row) for row in cursor.fetchall()]


@transaction.atomic
def put_back_due_dates(moved: Sequence[Moved]) -> int:
    """Give loans their old due date where the moved one still stands; returns how many. One SQL statement."""
    return _put_back("circulation_loan", "due_on", moved)


@transaction.atomic
def put_back_shelf_dates(moved: Sequence[Moved]) -> int:
    """The same for the hold shelf. One SQL statement."""
    return _put_back("holds_hold", "keep_until", moved)


def _put_back(table: str, column: str, moved: Sequence[Moved]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} t SET {column} = m.before"  # noqa: S608 - names from this module
            " FROM unnest(%s::bigint[], %s::date[], %s::date[]) AS m(id, before, after)"
            f" WHERE t.id = m.id AND t.{column} = m.after",
            [[row.id for row in moved], [row.before for row in moved], [row.after for row in moved]],
        )
        return int(cursor.rowcount)
