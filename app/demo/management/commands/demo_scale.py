"""`manage demo_scale --scale 1.0`: a library at Nagano's full scale, generated."""

import sys
import time
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from app.demo.scale import OtherRun, Run, plan

DEFAULT_SEED = 20261122


class Command(BaseCommand):
    help = (
        "Generate records, items, patrons and a year of loans. 1.0 is 2.75 M records, 1.19 M items, 50 k patrons, "
        "1.6 M loans. Goes on where an interrupted run stopped; a finished run does nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--scale", type=float, default=1.0)
        parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
        parser.add_argument(
            "--until", type=date.fromisoformat, help="last day of the year of loans (default: yesterday)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not 0 < options["scale"] <= 2:
            raise CommandError("--scale must be above 0 and at most 2")
        began = time.monotonic()
        try:
            run = Run(plan(options["scale"], options["seed"], options["until"], timezone.localdate()), self._progress)
            run.go()
        except OtherRun as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt as error:
            raise CommandError("interrupted; the same command goes on from here", returncode=130) from error
        self.stdout.write(f"\nscale {run.plan.key}: complete, {time.monotonic() - began:.0f} s")

    def _progress(self, phase: str, done: int, batches: int, per_second: float) -> None:
        """One line that rewrites itself on a terminal, plain lines (every tenth part) otherwise."""
        line = f"{phase}: {done}/{batches} ({done * 100 // batches} %), {per_second:,.0f} rows/s"
        if sys.stdout.isatty():
            self.stdout.write(f"\r\033[K{line}", ending="" if done < batches else "\n")
        elif done == batches or done % max(1, batches // 10) == 0:
            self.stdout.write(line)
        self.stdout.flush()
