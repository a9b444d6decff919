"""Hands planned stops over to the library, which announces them on its own pages from seven days before.

The library keeps what it was told, so that its pages do not depend on the console.
"""

from __future__ import annotations

import json
import ssl
from datetime import datetime
from urllib.error import URLError
from urllib.request import Request, urlopen

from django.conf import settings

from app.upkeep import queries
from app.upkeep.actions import stops
from app.upkeep.models import PlannedStop

SECONDS = 5


class LibrarySilent(Exception):
    """The library did not take the announcements; the message says why."""


def announce(now: datetime) -> int:
    """Tell the library of every stop it must know of; returns how many it had not been told. LibrarySilent."""
    found = queries.announcements(now)
    untold = [row for row in found if row.told_at is None]
    if not untold:
        return 0
    if not settings.LIBRARY_URL:
        raise LibrarySilent("掲示先が設定されていません")
    _send(json.dumps({"stops": [_told(row) for row in found]}).encode())
    stops.told([row.pk for row in found], now)
    return len(untold)


def _told(row: PlannedStop) -> dict[str, object]:
    return {
        "number": row.number,
        "title": row.title,
        "text": row.public_text,
        "starts_at": row.starts_at.isoformat(),
        "ends_at": row.ends_at.isoformat(),
        "up": row.state == PlannedStop.State.APPROVED,
    }


def _send(body: bytes) -> None:
    url = settings.LIBRARY_URL
    if not url.startswith(("http://", "https://")):
        raise LibrarySilent(f"アドレスが正しくありません: {url}")
    headers = {"Authorization": f"Bearer {settings.LIBRARY_TOKEN}", "Content-Type": "application/json"}
    request = Request(url, data=body, headers=headers)  # noqa: S310 - checked above
    context = ssl.create_default_context(cafile=settings.LIBRARY_AUTHORITY or None)
    try:
        with urlopen(request, timeout=SECONDS, context=context) as answer:  # noqa: S310
            answer.read(1000)
    except (URLError, OSError) as error:
        raise LibrarySilent(str(error)) from error
