"""Asking Prometheus for a quarter of measurements, in pieces that its limits allow."""

from __future__ import annotations

import json
import ssl
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

# (promql, start, end, step in seconds) → the `result` list of a Prometheus matrix:
# [{"metric": {label: value}, "values": [[unix time, "number"], …]}, …]
QueryRange = Callable[[str, datetime, datetime, int], Sequence[Mapping[str, Any]]]

POINTS = 10_000  # Prometheus refuses more than 11 000 points of one series


@dataclass(frozen=True)
class Series:
    """One series: its labels and its points (Unix seconds, value), oldest first."""

    labels: Mapping[str, str]
    points: tuple[tuple[float, float], ...]


class PrometheusError(Exception):
    """Prometheus refused a question or did not answer; the message holds the question."""


def fetch(query: QueryRange, promql: str, start: datetime, end: datetime, step: int) -> list[Series]:
    """The series of an expression at start+step, start+2·step, … end: each point speaks for the step before it.

    Values that are not numbers are left out. The list is sorted by labels.
    """
    merged: dict[tuple[tuple[str, str], ...], list[tuple[float, float]]] = {}
    piece = timedelta(seconds=step * POINTS)
    left = start
    while left < end:
        right = min(left + piece, end)
        for found in query(promql, left + timedelta(seconds=step), right, step):
            key = tuple(sorted((str(name), str(value)) for name, value in found["metric"].items()))
            numbers = ((float(moment), float(value)) for moment, value in found["values"])
            merged.setdefault(key, []).extend(point for point in numbers if point[1] == point[1])
        left = right
    return [Series(dict(key), tuple(points)) for key, points in sorted(merged.items()) if points]


def http_query(url: str, ca_file: Path | None = None, timeout: float = 60) -> QueryRange:
    """A query function for a Prometheus that this machine can reach at `url`."""
    context = ssl.create_default_context(cafile=str(ca_file)) if ca_file else None
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"{url!r} is no address of a Prometheus server: it must begin with http:// or https://")

    def query(promql: str, start: datetime, end: datetime, step: int) -> Sequence[Mapping[str, Any]]:
        form = {"query": promql, "start": start.timestamp(), "end": end.timestamp(), "step": step}
        request = urllib.request.Request(  # noqa: S310 - the scheme is checked above
            f"{url.rstrip('/')}/api/v1/query_range", urllib.parse.urlencode(form).encode()
        )
        try:
            with urllib.request.urlopen(request, timeout=timeout, context=context) as answer:  # noqa: S310
                return matrix(answer.read(), promql)
        except OSError as error:
            raise PrometheusError(f"Prometheus at {url} did not answer {promql!r}: {error}") from error

    return query


def matrix(body: bytes, promql: str) -> Sequence[Mapping[str, Any]]:
    """The `result` list of an answer of Prometheus's HTTP API. PrometheusError when it reports an error."""
    answer = json.loads(body)
    if answer.get("status") != "success":
        raise PrometheusError(f"Prometheus refused {promql!r}: {answer.get('error', 'no reason given')}")
    result: list[Mapping[str, Any]] = answer["data"]["result"]
    return result
