"""Planned stops, as the console tells them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from app.access.actor import system
from app.audit import actions as audit
from app.office.models import PlannedStop


@transaction.atomic
def take(told: Any, now: datetime) -> int:
    """Keep the stops that the console tells (`{"stops": [{number, title, text, starts_at, ends_at, up}]}`).

    Returns how many. ValueError, and nothing is kept, when one of them is no planned stop.
    """
    if not isinstance(told, dict) or not isinstance(told.get("stops"), list):
        raise ValueError("no list of stops")
    for row in told["stops"]:
        number, values = _stop(row)
        PlannedStop.objects.update_or_create(number=number, defaults={**values, "told_at": now})
        audit.record(
            system("console"),
            "office.planned_stop",
            subject_type="stop",
            subject_id=number,
            detail={"up": values["up"], "starts_at": values["starts_at"].isoformat()},
        )
    return len(told["stops"])


def _stop(row: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    try:
        starts, ends = (datetime.fromisoformat(row[key]) for key in ("starts_at", "ends_at"))
        number, title, text, up = str(row["number"]), str(row["title"]), str(row["text"]), row["up"] is True
    except (KeyError, TypeError) as error:
        raise ValueError(f"a stop lacks {error}") from error
    if starts.tzinfo is None or ends.tzinfo is None or ends <= starts:
        raise ValueError(f"{number}: no span of time from {starts} to {ends}")
    if not 0 < len(number) <= 16 or len(title) > 200 or len(text) > 4000:
        raise ValueError(f"{number[:16]!r}: too long")
    return number, {"title": title, "text": text, "starts_at": starts, "ends_at": ends, "up": up}
