"""The quarterly report: Word for the reader, Excel for the data, and a list of checksums."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from inventory import Inventory
from monitoring import evidence as store
from monitoring.reports.facts import Facts, gather
from monitoring.reports.period import Quarter
from monitoring.reports.prometheus import QueryRange
from monitoring.reports.quarter_content import chapters
from office import excel, office, word
from office.document import Cover
from office.pages import chapter_pages


def run(
    site: Inventory,
    text: str,
    out: Path,
    query: QueryRange,
    state_dir: Path,
    issued: date | None = None,
    edition: str = "第1版",
    now: datetime | None = None,
    records: Mapping[str, Any] | None = None,
    counts: Mapping[str, Any] | None = None,
) -> int:
    """`./kura report quarter 2026Q3 --out DIR`: gather, write three files, print their paths. 0 when written.

    `records` and `counts` are what the console and the library say themselves; None where they did not answer.

    ValueError: `text` is no quarter, or the quarter has not begun. PrometheusError, EvidenceError: a source failed.
    """
    quarter = Quarter.parse(text, site.organisation.timezone)
    now = now or datetime.now(UTC)
    if now < quarter.start:
        raise ValueError(f"{text} has not begun: it starts on {quarter.first_day.isoformat()}")
    evidence = store.read(state_dir, since=quarter.start, until=min(quarter.end, now))
    facts = replace(gather(site, quarter, query, evidence, now), records=records, counts=counts)
    for path in write(facts, out, issued, edition):
        print(path)
    return 0


def write(facts: Facts, out: Path, issued: date | None = None, edition: str = "第1版") -> tuple[Path, Path, Path]:
    """Write the report, its data and the checksums into a folder. Equal facts give equal bytes."""
    quarter = facts.quarter
    stamp = quarter.end.astimezone(UTC).replace(tzinfo=None)
    name = f"四半期報告書_{quarter}"
    report, data, sums = out / f"{name}.docx", out / f"{name}_データ.xlsx", out / f"{name}_SHA256.txt"
    head, body = cover(facts, issued, edition), chapters(facts)
    word.write(report, head, body, stamp)
    pages = chapter_pages(report, body)
    if pages:
        word.write(report, head, body, stamp, pages)
    excel.write(data, head, body, stamp)
    sums.write_text("".join(f"{office.sha256(path)}  {path.name}\n" for path in (report, data)), encoding="utf-8")
    return report, data, sums


def cover(facts: Facts, issued: date | None, edition: str) -> Cover:
    """The first page. Without a date of issue its place stays open for the pen."""
    site, quarter = facts.site, facts.quarter
    partial = facts.until < quarter.end
    last = quarter.day(facts.until - timedelta(seconds=1)) if facts.until > quarter.start else quarter.first_day
    return Cover(
        title="システム運用 四半期報告書",
        subtitle=f"{quarter.fiscal}" + ("（暫定）" if partial else ""),
        facts=[
            ("文書番号", f"{site.organisation.document_prefix}-RPT-{quarter}"),
            ("版", edition + ("（暫定）" if partial else "")),
            ("対象期間", quarter.span),
            *([("集計の締め", f"{office.era(last)}まで（期間の途中）")] if partial else []),
            ("作成日", office.era(issued) if issued else "令和　　年　　月　　日"),
        ],
        addressee=f"{site.organisation.name}　御中",
        author=site.organisation.vendor,
    )
