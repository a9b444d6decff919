"""`./kura report quarter 2026Q3`: the report an auditor signs, from what was measured."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from cli import restore
from cli.context import Context, Refused
from monitoring.evidence import EvidenceError
from monitoring.reports import prometheus, quarter


def arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("kind", choices=["quarter"])
    parser.add_argument("period", help="a quarter of the calendar, as 2026Q3")
    parser.add_argument("--out", type=Path, default=Path("results/reports"), help="folder (default: results/reports)")


def main(context: Context) -> int:
    """Write Word, Excel and checksums; Refused when the quarter or a source is no good."""
    given = context.arguments
    given.out.mkdir(parents=True, exist_ok=True)
    restore.collect(context)
    try:
        with context.progress.step(f"quarterly report {given.period}"):
            return quarter.run(context.site, given.period, given.out, _query(context), context.state)
    except (ValueError, prometheus.PrometheusError, EvidenceError) as error:
        raise Refused(str(error)) from None


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
