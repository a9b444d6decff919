"""`manage load_demo [--secrets DIR]`: the demonstration library."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from app.access.actor import system
from app.demo.library import card_number, load_demo


class Command(BaseCommand):
    help = "Load the demonstration library. Run again, it changes nothing. Prints what was made and changed=N."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--secrets", type=Path, help="folder with demo_admin, demo_librarian, demo_counter, demo_patron"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        secrets: Path | None = options["secrets"]
        if secrets is not None and not secrets.is_dir():
            raise CommandError(f"{secrets}: not a folder")
        loaded = load_demo(system("load_demo"), secrets, timezone.now())
        made = " ".join(f"{what}={number}" for what, number in loaded.counts.items())
        self.stdout.write(f"demo: {made or 'everything in place'}")
        for number in (1, 2):
            self.stdout.write(f"patron card {number}: {card_number(number)}")
        self.stdout.write(f"changed={loaded.changed}")
