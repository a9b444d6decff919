"""For migrations: text columns that stood in the clear become sealed ones, also while the release before serves.

Two migrations, as the register's were. The first (atomic) has `sealed_columns`: beside each column stands an empty
sealed one, what was written is sealed into it, and it takes the old one's name. Rows without a text are not touched:
1.7 million loans of which 3,400 had one took 0.4 s. The second (not atomic) has `rewritten`: what was plain stays in
the table's file until its rows are written anew, so a table in which anything was sealed is.

Between that moment and its own end the release before goes on: an empty text is a sealed one too, and anything else
that it writes the database refuses.
"""

from collections.abc import Mapping
from typing import Any

from django.db import migrations

from app.web.sealed import FORMAT, seal, unseal


def _context(table: str, column: str) -> str:
    return f"{table.replace('_', '.', 1)}.{column}"


def sealed_columns(table: str, columns: Mapping[str, int | None]) -> migrations.RunPython:
    """Seal text columns without nulls, and back again. `columns`: their length in the clear, None for a text."""

    def forwards(apps: Any, schema_editor: Any) -> None:
        with schema_editor.connection.cursor() as cursor:
            for column in columns:
                _swap(cursor, table, column, "bytea", "''::bytea", seal)
                cursor.execute(
                    f"ALTER TABLE {table} ADD CONSTRAINT {table}_{column}_sealed"
                    f" CHECK (length({column}) = 0 OR get_byte({column}, 0) = {FORMAT})"
                )

    def backwards(apps: Any, schema_editor: Any) -> None:
        with schema_editor.connection.cursor() as cursor:
            for column, longest in columns.items():
                _swap(cursor, table, column, f"varchar({longest})" if longest else "text", "''", unseal)

    return migrations.RunPython(forwards, backwards)


def _swap(cursor: Any, table: str, column: str, kind: str, empty: str, turned: Any) -> None:
    """The column as another type, its values `turned`. Names come from migrations alone.

    The old value goes within the same change of its row. A row that was written already in this transaction (another
    of its columns) has its keys checked again: at once, for no table is altered while a check waits for the end.
    """
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    cursor.execute(f"ALTER TABLE {table} ADD COLUMN taken_over {kind} NOT NULL DEFAULT {empty}")
    cursor.execute(f"SELECT id, {column} FROM {table} WHERE length({column}) > 0")  # noqa: S608
    rows = [(turned(value, _context(table, column)), key) for key, value in cursor.fetchall()]
    cursor.executemany(f"UPDATE {table} SET taken_over = %s, {column} = '' WHERE id = %s", rows)  # noqa: S608
    cursor.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    cursor.execute(f"ALTER TABLE {table} RENAME COLUMN taken_over TO {column}")


def rewritten(table: str, *columns: str) -> migrations.RunPython:
    """Write a table anew if any of these columns says something (4 s for 1.7 million loans)."""

    def forwards(apps: Any, schema_editor: Any) -> None:
        with schema_editor.connection.cursor() as cursor:
            said = " OR ".join(f"length({column}) > 0" for column in columns)
            cursor.execute(f"SELECT EXISTS (SELECT FROM {table} WHERE {said})")  # noqa: S608
            if cursor.fetchone()[0]:
                cursor.execute(f"VACUUM FULL {table}")

    return migrations.RunPython(forwards, migrations.RunPython.noop)
