"""Where the console gets its news: Prometheus and Alertmanager over HTTP. A silent source is asked only once."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from app.operations.rules import Notified, alerts_of

TIMEOUT_SECONDS = 4
# Whatever fires, also silenced; not the heartbeat, which always does.
WANTED = urlencode({"active": "true", "silenced": "true", "inhibited": "true", "filter": 'severity!="none"'})

logger = logging.getLogger(__name__)


class SourceDown(Exception):
    """The source did not answer, or not with what was asked for."""


@dataclass(frozen=True)
class Series:
    """Measurements of one set of labels: (seconds since the epoch, value), oldest first."""

    labels: Mapping[str, str]
    points: tuple[tuple[float, float], ...]

    @property
    def last(self) -> float | None:
        """The newest value."""
        return self.points[-1][1] if self.points else None


class Prometheus:
    """Read-only questions for one page. After the first failure the rest fail at once: a page never waits twice."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._down: SourceDown | None = None

    def now(self, expr: str) -> list[Series]:
        """The newest value of every series of an expression."""
        return [_series(row["metric"], [row["value"]]) for row in self._ask("query", {"query": expr})]

    def range(self, expr: str, start: float, end: float, step: float) -> list[Series]:
        """Values between two instants (seconds since the epoch), one every `step` seconds."""
        rows = self._ask("query_range", {"query": expr, "start": f"{start}", "end": f"{end}", "step": f"{step}"})
        return [_series(row["metric"], row["values"]) for row in rows]

    def _ask(self, what: str, parameters: dict[str, str]) -> list[dict[str, Any]]:
        if self._down:
            raise self._down
        try:
            answer = _json(f"{self._url}/api/v1/{what}", urlencode({**parameters, "timeout": f"{TIMEOUT_SECONDS}s"}))
            rows: list[dict[str, Any]] = answer["data"]["result"]
        except (SourceDown, KeyError, TypeError) as error:
            logger.warning("Prometheus does not answer: %s", error)
            self._down = SourceDown(str(error))
            raise self._down from error
        return rows


def alerts(url: str) -> list[Notified]:
    """What Alertmanager holds as firing now; SourceDown when it does not answer."""
    try:
        return alerts_of(_json(f"{url.rstrip('/')}/api/v2/alerts?{WANTED}"))
    except ValueError as error:
        raise SourceDown(str(error)) from error


def _series(labels: Mapping[str, str], values: list[list[Any]]) -> Series:
    points = tuple((float(at), float(text)) for at, text in values)
    return Series(labels, tuple((at, value) for at, value in points if not math.isnan(value)))


def _json(url: str, form: str | None = None) -> Any:
    if not url.startswith(("http://", "https://")):
        raise SourceDown(f"not an HTTP address: {url}")
    request = Request(url, data=form.encode() if form else None)  # noqa: S310 - checked above
    try:
        with urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
            return json.load(answer)
    except (URLError, OSError, ValueError) as error:
        raise SourceDown(f"{type(error).__name__}: {error}") from error
