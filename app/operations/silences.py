"""Alertmanager's silences: what is quiet until when, by whom and why. Alertmanager keeps them, the console asks."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.error import URLError
from urllib.parse import quote
from urllib.request import Request, urlopen

from app.operations.sources import TIMEOUT_SECONDS, SourceDown


@dataclass(frozen=True)
class Silence:
    """One silence that is in force or to come."""

    id: str
    alert: str
    host: str
    starts_at: datetime
    ends_at: datetime
    by: str
    reason: str


def current(url: str) -> list[Silence]:
    """Silences that are not over, those that end first first. SourceDown."""
    rows = _ask(f"{url.rstrip('/')}/api/v2/silences")
    try:
        found = [_silence(row) for row in rows if row["status"]["state"] != "expired"]
    except (KeyError, TypeError, ValueError) as error:
        raise SourceDown(f"a silence lacks {error}") from error
    return sorted(found, key=lambda silence: silence.ends_at)


def _silence(row: dict[str, object]) -> Silence:
    matchers: list[dict[str, str]] = row["matchers"]  # type: ignore[assignment]
    named = {matcher["name"]: matcher["value"] for matcher in matchers}
    starts, ends = datetime.fromisoformat(str(row["startsAt"])), datetime.fromisoformat(str(row["endsAt"]))
    alert, host = named.get("alertname", ""), named.get("host", "")
    return Silence(str(row["id"]), alert, host, starts, ends, str(row["createdBy"]), str(row["comment"]))


def begin(url: str, *, alert: str, host: str, starts_at: datetime, ends_at: datetime, by: str, reason: str) -> str:
    """Silence an alert, everywhere or of one host; returns the silence's id. SourceDown when it was refused."""
    wanted = {"alertname": alert, **({"host": host} if host else {})}
    told = {
        "matchers": [{"name": name, "value": value, "isRegex": False} for name, value in wanted.items()],
        "startsAt": starts_at.isoformat(),
        "endsAt": ends_at.isoformat(),
        "createdBy": by,
        "comment": reason,
    }
    answer = _ask(f"{url.rstrip('/')}/api/v2/silences", "POST", told)
    return str(answer["silenceID"])


def end(url: str, silence_id: str) -> None:
    """End a silence now. SourceDown when it was refused."""
    _ask(f"{url.rstrip('/')}/api/v2/silence/{quote(silence_id, safe='')}", "DELETE")


def _ask(url: str, method: str = "GET", told: object = None) -> Any:
    if not url.startswith(("http://", "https://")):
        raise SourceDown(f"not an HTTP address: {url}")
    body = json.dumps(told).encode() if told is not None else None
    request = Request(url, data=body, method=method, headers={"Content-Type": "application/json"})  # noqa: S310
    try:
        with urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - checked above
            said = answer.read()
            return json.loads(said) if said else None
    except (URLError, OSError, ValueError) as error:
        raise SourceDown(f"{type(error).__name__}: {error}") from error
