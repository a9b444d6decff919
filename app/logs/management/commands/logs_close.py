"""`manage logs_close [--to COMMAND]`: close and seal past days, do approved disposals, send the seals away."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from app.logs import actions, archive, closing, disposing, queries, sending
from app.logs.rules import refusal
from app.operations import health

TEXTFILE = Path("/var/lib/prometheus/node-exporter/kura_logs_seals.prom")


class Command(BaseCommand):
    help = "Close and seal the records of past days, do approved disposals, send the seals to their keeper."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", help="command that reaches the keeper of seals")

    def handle(self, *args: Any, **options: Any) -> None:
        root = Path(settings.LOG_ARCHIVE)
        for name in closing.close(root, f"{timezone.localdate():%Y-%m-%d}"):
            self.stdout.write(f"closed {name}")
        self._dispose(root)
        trouble = self._send(root, options["to"])
        _publish(root, 0 if trouble or not options["to"] else time.time())
        if trouble:
            raise CommandError(f"the seals were not kept elsewhere: {trouble}")

    def _dispose(self, root: Path) -> None:
        years = health.site(settings.INVENTORY).contract.retention.logs_years
        for asked in queries.approved():
            if why := refusal(asked.through, timezone.localdate(), years):
                self.stderr.write(f"disposal {asked.pk} is not done: {why}")
                continue
            gone = disposing.dispose(root, asked.pk, asked.through, asked.asked_by, asked.approved_by, timezone.now())
            actions.disposal_done(asked.pk, gone.days, gone.lines, gone.bytes, timezone.now())
            self.stdout.write(f"disposal {asked.pk}: {len(gone.days)} days, {gone.lines} records")

    def _send(self, root: Path, command: str | None) -> str:
        if not command:
            return ""
        try:
            self.stdout.write(f"kept {sending.send(root, command)}")
        except (sending.NotKept, OSError, ValueError) as error:
            return str(error)
        return ""


def _publish(root: Path, kept_at: float) -> None:
    """What the alerts look at; the time of the last copy stays when there was none now."""
    if not TEXTFILE.parent.is_dir():
        return
    if not kept_at and TEXTFILE.exists():
        before = [line for line in TEXTFILE.read_text().splitlines() if line.startswith("kura_logs_kept_timestamp")]
        kept_at = float(before[0].split()[1]) if before else 0
    rows = {
        "kura_logs_sealed_timestamp_seconds": ("When the archive of records was last closed and sealed.", time.time()),
        "kura_logs_kept_timestamp_seconds": ("When the seals were last copied to their keeper.", kept_at),
        "kura_logs_archive_bytes": ("Compressed size of the closed days.", _size(root)),
    }
    text = "".join(
        f"# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value:.0f}\n" for name, (help, value) in rows.items()
    )
    part = TEXTFILE.with_suffix(".tmp")
    part.write_text(text)
    part.chmod(0o644)
    part.replace(TEXTFILE)


def _size(root: Path) -> int:
    said = list(archive.said(archive.statements(root)))
    gone = {name for row in said if "disposal" in row for name in row["days"]}
    return sum(row["bytes"] for row in said if "day" in row and row["day"] not in gone)
