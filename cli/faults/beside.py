"""The night's work by day: a backup and the aggregations run while counters lend and readers search (S-SW-005).

Nothing breaks here. What is measured is that nobody is refused, and how long the counter and a result page take.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

from cli import evidence, ledger
from cli.context import Context, Refused
from cli.faults.case import Case
from cli.ledger import Counters
from lab import paths
from lab.twin import OPERATOR

PAGES_PER_SECOND, PAGE_SECONDS = 2, 5
WORDS = ("こころ", "夏目漱石", "日本", "歴史", "長野", "ねこ")
READERS = 4
# After the terminals' own addresses.
FIRST_READER = 20
BACKUP = "systemctl reset-failed kura-backup@daily.service; systemctl start kura-backup@daily.service"
AGGREGATIONS = ("features.popular", "catalog.search_rebuild", "circulation.settle_returns")
AGGREGATE = (
    "cd /opt/kura/current && runuser -u kura -- env KURA_CONFIG=/etc/kura/library.json "
    "DJANGO_SETTINGS_MODULE=app.settings.library KURA_COMMAND=1 venv/bin/python -m app.manage shell --no-imports -c '"
    "from django.utils import timezone\n"
    "from app.jobs.registry import find\n"
    "for code in {codes}:\n    print(code, find(code).run(timezone.now()))\n'"
)
PATIENCE = 540.0


class Beside(Case):
    """Backups of the application and the database, and the aggregations, beside lending and searching."""

    kind = "beside"

    def __init__(self, context: Context) -> None:
        super().__init__(context, "backup-and-aggregation")
        self.title = "バックアップと集計の間の検索と貸出"
        site = context.site
        self.library, self.database = (site.service(name).hosts[0].name for name in ("library", "database"))
        self.found = ""

    @property
    def hosts(self) -> tuple[str, ...]:
        return (self.library, self.database)

    def strike(self, counters: Counters) -> str:
        before, began = counters.tally(), time.monotonic()
        counters.go()
        work = [
            Work(self, self.database, BACKUP), Work(self, self.library, BACKUP),
            Work(self, self.library, AGGREGATE.format(codes=json.dumps(AGGREGATIONS))),
        ]  # fmt: skip
        pages: list[float] = []
        refused: dict[str, int] = {}
        while not pages or any(one.is_alive() for one in work):
            seen = self._readers()
            pages += seen["milliseconds"]
            refused |= {code: refused.get(code, 0) + count for code, count in seen["refused"].items()}
        seconds, after = time.monotonic() - began, counters.tally()
        counters.go()
        scans = [1000 * value for value in after["seconds"][len(before["seconds"]) :]] or [0.0]
        unanswered = after["unanswered"] - before["unanswered"]
        failed = "; ".join(one.failed for one in work if one.failed)
        self.found = "; ".join(
            part
            for part in (
                failed,
                f"{unanswered} scans got no answer at first" if unanswered else "",
                f"pages answered with {refused}" if refused else "",
            )
            if part
        )
        self.figures = {
            "beside_seconds": evidence.figure(seconds, "s"),
            "beside_scan_p95": evidence.figure(_p95(scans), "ms"),
            "beside_page_p95": evidence.figure(_p95(pages), "ms"),
            "beside_scans_unanswered": evidence.figure(unanswered, "scans", 0),
            "beside_pages_refused": evidence.figure(sum(refused.values()), "pages", 0),
        }
        return (
            f"{seconds:.0f} s: {len(scans)} scans p95 {_p95(scans):.0f} ms, {len(pages)} pages p95 {_p95(pages):.0f} ms"
        )

    def trouble(self) -> str:
        return self.found

    def _readers(self) -> dict[str, Any]:
        """Some seconds of readers who search."""
        site = self.context.site
        with ledger.addresses(self.context, READERS, FIRST_READER) as sources:
            plan = {
                "name": site.fqdn("opac"), "address": str(site.service("library").hosts[0].address),
                "sources": sources, "ca": str(self.context.state / "ca.crt"), "rate": PAGES_PER_SECOND,
                "seconds": PAGE_SECONDS, "words": WORDS,
            }  # fmt: skip
            argv = self.context.twin.inside_argv(OPERATOR, [sys.executable, "-m", "cli.benches.search_load"])
            done = subprocess.run(
                argv, input=json.dumps(plan), stdout=subprocess.PIPE, text=True, cwd=paths.root(), check=False
            )
        if done.returncode:
            raise Refused("the readers gave up (see above)")
        seen: dict[str, Any] = json.loads(done.stdout)
        return seen


class Work(threading.Thread):
    """One command on a host in the background; `failed` says what it said when it did not succeed."""

    def __init__(self, case: Case, host: str, command: str) -> None:
        super().__init__(daemon=True)
        self.case, self.host, self.command, self.failed = case, host, command, ""
        self.start()

    def run(self) -> None:
        """Run it to its end."""
        code, said = self.case.run(self.host, self.command, PATIENCE)
        if code:
            self.failed = f"{self.host}: {said.strip()[-300:] or f'exit {code}'}"


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20, method="inclusive")[18] if len(values) > 1 else values[0]


def cases(context: Context) -> Iterator[Case]:
    """One."""
    yield Beside(context)
