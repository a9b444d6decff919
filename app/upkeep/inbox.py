"""The edge where delivered records come in: they are taken before anybody reads."""

from __future__ import annotations

from typing import Any

from app.upkeep import queries
from app.upkeep.actions.works import take_inbox


def records() -> dict[str, Any]:
    """The area's records, with what the inbox held."""
    take_inbox()
    return queries.records()
