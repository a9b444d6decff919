"""Sealing anew what an older key sealed."""

from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction

from app.web.sealed import MARK, WordsField, ring, sealed_fields

BATCH = 500


def sealed_models() -> list[type[models.Model]]:
    """Every table that has sealed columns."""
    return [model for model in apps.get_models() if sealed_fields(model) and model._meta.managed]


def kept_keys() -> dict[str, list[int]]:
    """The older keys with which words of append-only tables are sealed, by column: they stay in the ring.

    Reads each such table once from end to end.
    """
    found = {}
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, WordsField):
                quote = connection.ops.quote_name
                column, table = quote(str(field.column)), quote(model._meta.db_table)
                sql = f"SELECT DISTINCT split_part({column}, ':', 2)::int FROM {table} WHERE {column} LIKE %s"  # noqa: S608
                with connection.cursor() as cursor:
                    cursor.execute(sql, [f"{MARK}%"])
                    found[field.context] = sorted({row[0] for row in cursor.fetchall()} - {ring().first})
    return {name: keys for name, keys in found.items() if keys}


def reseal(model: type[models.Model], *, everything: bool = False, told: Callable[[int], None] | None = None) -> int:
    """Seal the rows of a table with the first key of the ring, and renew their keyed hashes; returns how many.

    One transaction for each batch: a run that is cut goes on where it was, for what is renewed already is passed over.
    `everything` renews all rows (after a new secret of the look-ups), in the order of their keys.
    """
    fields = sealed_fields(model)
    names = [field.attname for field in fields]
    names += [f.attname for f in model._meta.concrete_fields if getattr(f, "derived_from_sealed", False)]
    done, last = 0, None
    while True:
        with transaction.atomic():
            ids = _next(model, [str(field.column) for field in fields], last, everything)
            rows = list(model._base_manager.select_for_update().filter(pk__in=ids).order_by("pk"))
            for row in rows:
                row.save(update_fields=names)
        done += len(rows)
        if told and rows:
            told(done)
        if len(ids) < BATCH:
            return done
        last = ids[-1]


def _next(model: type[models.Model], columns: list[str], last: Any, everything: bool) -> list[Any]:
    """The keys of the next rows, beyond `last`, of which a value is sealed with another key than the first."""
    quote = connection.ops.quote_name
    table, key = quote(model._meta.db_table), quote(str(model._meta.pk.column))
    other = " OR ".join(f"(length({quote(name)}) > 0 AND get_byte({quote(name)}, 1) <> %s)" for name in columns)
    where = [] if everything else [f"({other})"]
    values: list[Any] = [] if everything else [ring().first] * len(columns)
    if last is not None:
        where.append(f"{key} > %s")
        values.append(last)
    condition = f"WHERE {' AND '.join(where)}" if where else ""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {key} FROM {table} {condition} ORDER BY {key} LIMIT {BATCH}", values)  # noqa: S608
        return [row[0] for row in cursor.fetchall()]
