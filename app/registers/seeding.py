"""Rows that follow from the truth elsewhere, brought up to date after each migration and by `manage seed_registers`."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import connection

from app.registers import actions
from app.registers.facts import facts
from app.registers.models import Issued
from app.registers.schema import definitions


def seed_all() -> dict[str, tuple[int, int]]:
    """Every register that follows from a fact. Returns, of those that changed, how many rows are new and changed."""
    known = facts(settings.INVENTORY)
    done = {d.id: actions.seed(d.id, known[d.seed.of]) for d in definitions().values() if d.seed}
    return {register: counts for register, counts in done.items() if any(counts)}


def after_migration(**_: Any) -> None:
    """The signal's receiver; nothing is done where the tables were taken away."""
    if Issued._meta.db_table in connection.introspection.table_names():
        seed_all()
