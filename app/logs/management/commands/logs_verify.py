"""`manage logs_verify [--copy FILE]`: compare the archive with its seals, and these with those kept elsewhere."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from app.logs import sending
from app.logs.verifying import verify


class Command(BaseCommand):
    help = "Compare the archive of records with its seals; prints JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--copy", help="the keeper's file of seals; - for standard input")
        parser.add_argument("--since", default="", help="check the days from this one (2026/11/22); the chain always")

    def handle(self, *args: Any, **options: Any) -> None:
        copy = options["copy"]
        lines = None
        if copy:
            text = sys.stdin.read() if copy == "-" else Path(copy).read_text(encoding="utf-8")
            lines = sending.kept(text.splitlines())
        result = verify(Path(settings.LOG_ARCHIVE), lines, options["since"])
        self.stdout.write(json.dumps(result.document(), ensure_ascii=False))
