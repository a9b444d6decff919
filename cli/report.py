"""`./kura report quarter|month|privacy SPAN`: the reports an auditor signs, from what was measured and recorded."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from cli import docfacts, evidence, restore
from cli.context import Context, Refused
from monitoring.evidence import EvidenceError
from monitoring.reports import prometheus, quarter, spans

COUNTS = (
    "systemd-run --quiet --pipe --wait --collect --setenv=KURA_CONFIG=/etc/kura/library.json --uid=kura "
    "--setenv=DJANGO_SETTINGS_MODULE=app.settings.library --working-directory=/opt/kura/current "
    "/opt/kura/current/venv/bin/python -m app.manage report_counts --since {since} --until {until}"
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("kind", choices=["quarter", *spans.KINDS])
    parser.add_argument("period", help="2026Q3; for month and privacy also 2026-07 or 2026-07-01..2026-08-15")
    parser.add_argument("--out", type=Path, default=Path("results/reports"), help="folder (default: results/reports)")
    parser.add_argument("--json", metavar="FILE", help="how many seconds it took")


def main(context: Context) -> int:
    """Write Word, Excel and checksums, and how long it took; Refused when the period or a source is no good."""
    given, begun = context.arguments, time.monotonic()
    code = _write(context)
    took = evidence.figure(time.monotonic() - begun, "s")
    evidence.write_json(given.json, {f"report_{given.kind}_seconds": took})
    return code


def _write(context: Context) -> int:
    given = context.arguments
    zone = ZoneInfo(context.site.organisation.timezone)
    try:
        span = spans.Span.parse(given.period)
        since, until = span.bounds(zone)
        if datetime.now(zone) < since:
            raise ValueError(f"{given.period} has not begun: it starts on {span.first.isoformat()}")
        given.out.mkdir(parents=True, exist_ok=True)
        with context.progress.step(f"{given.kind} {given.period}"):
            records, counts = docfacts.records(context), library(context, since, until)
            if given.kind == "quarter":
                restore.collect(context)
                query = _query(context)
                return quarter.run(
                    context.site, given.period, given.out, query, context.state, records=records, counts=counts
                )
            issued = datetime.now(zone).date()
            for path in spans.run(context.site, given.kind, span, given.out, records, counts, issued):
                print(path)
            return 0
    except (ValueError, prometheus.PrometheusError, EvidenceError) as error:
        raise Refused(str(error)) from None


def library(context: Context, since: datetime, until: datetime) -> Mapping[str, Any] | None:
    """The library's own counts of a span, or None when it does not answer."""
    command = COUNTS.format(since=since.isoformat(), until=until.isoformat())
    found = docfacts.ask(context, "library", command)
    return json.loads(found) if found is not None else None


def _query(context: Context) -> prometheus.QueryRange:
    """Ask the twin's Prometheus from the operator's workstation."""
    service = context.site.service("prometheus")
    url = f"http://{service.hosts[0].address}:{service.listen[0].port}/api/v1/query_range"

    def query(promql: str, start: datetime, end: datetime, step: int) -> Sequence[Mapping[str, Any]]:
        form = urlencode({"query": promql, "start": start.timestamp(), "end": end.timestamp(), "step": step})
        code, out = context.twin.inside("operator", ["curl", "-s", "-m", "60", "--data", form, url])
        if code:
            raise prometheus.PrometheusError(f"Prometheus on {service.hosts[0].name} does not answer; is the twin up?")
        return prometheus.matrix(out.encode(), promql)

    return query
