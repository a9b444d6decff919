"""What the console knows, for the reports: areas add their part, `manage records` prints all of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Part = Callable[[], dict[str, Any]]
_parts: list[Part] = []


def add(part: Part) -> None:
    """Let an area's part (a dictionary of names to lists or dictionaries) into the records."""
    if part not in _parts:
        _parts.append(part)


def everything() -> dict[str, Any]:
    """All parts; `registers` is there even when no area keeps any."""
    found: dict[str, Any] = {"registers": {}}
    for part in _parts:
        found |= part()
    return found
