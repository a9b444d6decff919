"""`manage undo_changes 123`: take back a change set that is too large for a page, an import for instance."""

import argparse

from django.core.management.base import BaseCommand, CommandError

from app.access.actor import system
from app.catalog.actions import CatalogError, undoing


class Command(BaseCommand):
    """Undo one change set, or say what stands on it."""

    help = "Take back a change set by its number."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """The number."""
        parser.add_argument("number", type=int, help="number of the change set, as its page's address has it")

    def handle(self, *args: object, **options: int) -> None:
        """Undo; a refusal names the first rows that stand in the way."""
        try:
            done = undoing.undo(system("undo_changes"), options["number"])
        except CatalogError as refused:
            lines = [f"{one.label}: {one.why}" for one in getattr(refused, "obstacles", ())]
            raise CommandError("\n".join([str(refused), *lines])) from refused
        self.stdout.write(f"undone rows={done.size} by={done.pk}")
