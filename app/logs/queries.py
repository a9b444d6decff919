"""Reads of this area from the console's database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.logs.models import Disposal
from app.logs.records import KINDS
from app.operations.models import Act


def disposals() -> list[Disposal]:
    """Every application, newest first. One SQL statement."""
    return list(Disposal.objects.all())


def approved() -> list[Disposal]:
    """What the night's job has to do, oldest first. One SQL statement."""
    return list(
        Disposal.objects.filter(approved_at__isnull=False, withdrawn_at__isnull=True, done_at__isnull=True).order_by(
            "pk"
        )
    )


@dataclass(frozen=True)
class Looked:
    """Somebody looked into the records."""

    at: datetime
    actor: str
    asked: str
    shown: int


# Under which names the parts of a search are told.
PARTS = {"host": "サーバ", "kind": "種類", "service": "サービス", "severity": "重さ", "words": "ことば"}


def searches(limit: int = 20) -> list[Looked]:
    """Who looked into the records last, newest first. One SQL statement."""
    return [
        Looked(act.at, act.actor, _asked(act.detail), int(act.detail.get("shown", 0)))
        for act in Act.objects.filter(event="logs.searched")[:limit]
    ]


def _asked(detail: dict[str, Any]) -> str:
    period = f"{detail.get('start', '')}–{detail.get('end', '')}".strip("–")
    parts = [
        f"{title} {KINDS.get(detail[key], detail[key]) if key == 'kind' else detail[key]}"
        for key, title in PARTS.items()
        if detail.get(key)
    ]
    return "、".join([period, *parts])


def disposal_rows() -> list[dict[str, Any]]:
    """Disposals as reports take them. One SQL statement."""
    return [
        {
            "number": row.pk,
            "through": row.through.isoformat(),
            "reason": row.reason,
            "asked_by": row.asked_by,
            "asked_at": row.asked_at.isoformat(),
            "approved_by": row.approved_by,
            "approved_at": row.approved_at.isoformat() if row.approved_at else None,
            "done_at": row.done_at.isoformat() if row.done_at else None,
            "days": row.days,
            "lines": row.lines,
            "bytes": row.bytes,
        }
        for row in disposals()
    ]
