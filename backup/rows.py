"""One table as it was at a moment beside the table as it is: which rows differ, which are gone, and putting them back.

Pure text and SQL for psql on the database host; `backup/recovery.py` runs it. A row that has changed although no act of
the application says so was changed behind its back: the audit log has an event for every act on these subjects.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

# Tables whose rows are the subject of audit events, under this name and the row's id (app/audit/subjects.py).
SUBJECTS = {"patrons_patron": "patron", "catalog_item": "item", "catalog_record": "record", "holds_hold": "hold"}
# The database refuses every change of these to everybody; only a superuser past the triggers puts a row back.
APPEND_ONLY = ("audit_auditevent", "audit_auditseal")
NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
Choice = Literal["missing", "changed", "both"]

COLUMNS = """
SELECT json_build_object(
  'columns', (SELECT json_agg(quote_ident(attname) ORDER BY attnum) FROM pg_attribute
              WHERE attrelid = t AND attnum > 0 AND NOT attisdropped AND attgenerated = ''),
  'keys', (SELECT json_agg(quote_ident(a.attname) ORDER BY k.place) FROM pg_index i
           CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (number, place)
           JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
           WHERE i.indrelid = t AND i.indisprimary))
FROM (SELECT to_regclass('public.{table}') AS t) AS one WHERE t IS NOT NULL
"""


class RowsError(Exception):
    """The table cannot be compared; the text says why."""


@dataclass(frozen=True)
class Table:
    """A table with the columns that it has both now and at the moment."""

    name: str
    columns: tuple[str, ...]
    keys: tuple[str, ...]
    beside: str  # schema of the copy from the moment

    @property
    def live(self) -> str:
        """The table as it is."""
        return f'public."{self.name}"'

    @property
    def then(self) -> str:
        """The table as it was."""
        return f'"{self.beside}"."{self.name}"'

    @property
    def shared(self) -> str:
        """The columns, for SQL."""
        return ", ".join(self.columns)

    @property
    def on(self) -> str:
        """Equality of keys between `then` and `live`."""
        return " AND ".join(f"l.{key} = t.{key}" for key in self.keys)


def table(name: str, now: str, then: str, beside: str) -> Table:
    """The table from the two answers of COLUMNS; RowsError when it is not there on both sides or has no key."""
    if not now.strip() or not then.strip():
        where = "now" if not now.strip() else "at that moment"
        raise RowsError(f"there is no table {name} {where}")
    live, past = json.loads(now), json.loads(then)
    if not live["keys"]:
        raise RowsError(f"{name} has no primary key: its rows cannot be told apart")
    columns = tuple(name for name in live["columns"] if name in past["columns"])
    return Table(name, columns, tuple(live["keys"]), beside)


def make_beside(one: Table) -> str:
    """SQL that makes the empty copy; a former one of the same moment goes."""
    copy = f"CREATE UNLOGGED TABLE {one.then} (LIKE {one.live})"
    return f'DROP SCHEMA IF EXISTS "{one.beside}" CASCADE; CREATE SCHEMA "{one.beside}"; {copy};'


def differences(one: Table, since: str, limit: int = 1000) -> str:
    """SQL whose answer is JSON: rows then and now, and of those that differ the key, how, and the acts since then."""
    subject = SUBJECTS.get(one.name)
    key = f"coalesce(t.{one.keys[0]}, l.{one.keys[0]})::text"
    row = ", ".join(f"{{}}.{column}::text" for column in one.columns)
    acts = (
        f"(SELECT count(*) FROM audit_auditevent e WHERE e.at >= '{since}' AND e.outcome = 'done'"  # noqa: S608
        f" AND e.subject_type = '{subject}' AND e.subject_id = d.key)"
        if subject
        else "NULL::bigint"
    )
    return f"""
WITH d AS (
  SELECT {key} AS key,
         CASE WHEN l.{one.keys[0]} IS NULL THEN 'missing' WHEN t.{one.keys[0]} IS NULL THEN 'added'
              ELSE 'changed' END AS how
  FROM {one.then} t FULL JOIN {one.live} l ON {one.on}
  WHERE l.{one.keys[0]} IS NULL OR t.{one.keys[0]} IS NULL
     OR ROW({row.format(*["t"] * len(one.columns))}) IS DISTINCT FROM ROW({row.format(*["l"] * len(one.columns))}))
SELECT json_build_object(
  'then', (SELECT count(*) FROM {one.then}), 'now', (SELECT count(*) FROM {one.live}),
  'counts', (SELECT coalesce(json_object_agg(how, n), '{{}}') FROM (SELECT how, count(*) AS n FROM d GROUP BY how) c),
  'rows', (SELECT coalesce(json_agg(json_build_object('key', key, 'how', how, 'acts', {acts}) ORDER BY key), '[]')
           FROM (SELECT * FROM d ORDER BY how DESC, key LIMIT {limit}) d))
"""  # noqa: S608


def unexplained(rows: Sequence[dict[str, object]]) -> list[str]:
    """Keys of rows that were changed or removed although no act of the application on them is in the audit log."""
    return [str(row["key"]) for row in rows if row["how"] in ("changed", "missing") and row["acts"] == 0]


def put_back(one: Table, keys: Sequence[str], moment: str, by: str) -> str:
    """SQL that puts these rows back as they were, in one transaction, with an audit event for each of the subjects.

    Foreign keys and triggers hold as for every write, except for tables that are append-only by trigger.
    """
    chosen = ", ".join("'" + key.replace("'", "''") + "'" for key in keys)
    others = [column for column in one.columns if column not in one.keys]
    update = ", ".join(f"{column} = excluded.{column}" for column in others)
    conflict = f"DO UPDATE SET {update}" if others else "DO NOTHING"
    past = "SET LOCAL session_replication_role = replica;" if one.name in APPEND_ONLY else ""
    subject = SUBJECTS.get(one.name, "table")
    detail = json.dumps({"table": one.name, "moment": moment}).replace("'", "''")
    return f"""
BEGIN;
{past}
INSERT INTO {one.live} ({one.shared}) OVERRIDING SYSTEM VALUE
  SELECT {one.shared} FROM {one.then} WHERE {one.keys[0]}::text IN ({chosen})
  ON CONFLICT ({", ".join(one.keys)}) {conflict};
SET LOCAL session_replication_role = origin;
INSERT INTO audit_auditevent
    (actor_kind, actor, operation, outcome, subject_type, subject_id, purpose, request_id, detail)
  SELECT 'system', '{by.replace("'", "''")[:40]}', 'data.restore', 'done', '{subject}', {one.keys[0]}::text,
         'バックアップからの復元', '', '{detail}'::jsonb
  FROM {one.then} WHERE {one.keys[0]}::text IN ({chosen});
COMMIT;
"""  # noqa: S608
