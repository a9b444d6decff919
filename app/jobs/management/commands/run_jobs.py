"""`manage run_jobs`: run what is due now. A systemd timer calls it each minute."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from app.jobs.actions import run_due
from app.jobs.rules import LANES


class Command(BaseCommand):
    help = "Run every job that is due, each once, whoever else does the same. Failures are recorded, not raised."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--lane", choices=LANES, help="only what runs often, or only what runs once a day")

    def handle(self, *args: Any, **options: Any) -> None:
        for run in run_due(timezone.now(), options["lane"]):
            self.stdout.write(f"{run.job} {run.state} {run.seconds:.1f}s {run.line}")
