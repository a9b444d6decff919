"""`manage import_patrons register.csv`: take over a register, all of it or nothing."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from app.access.actor import system
from app.patrons.actions import import_register
from app.patrons.importing import OPTIONAL, REQUIRED, ImportRefused


class Command(BaseCommand):
    help = f"Take over patrons from CSV (UTF-8). Columns: {', '.join(REQUIRED)}; optional: {', '.join(OPTIONAL)}."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            with path.open(encoding="utf-8-sig", newline="") as lines:
                new, there = import_register(system("import_patrons"), lines)
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{path}: {error}") from error
        except ImportRefused as refused:
            raise CommandError("\n".join(f"{path}: {problem}" for problem in refused.problems)) from refused
        self.stdout.write(f"patrons: new={new} already there={there}")
