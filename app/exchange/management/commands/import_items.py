"""`manage import_items items.csv`: items of an earlier system, all of the file or nothing."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from app.access.actor import system
from app.catalog.actions import CatalogError
from app.exchange.actions import import_items
from app.exchange.items import OPTIONAL, RECORD, REQUIRED
from app.patrons.importing import ImportRefused


class Command(BaseCommand):
    help = (
        f"Import items from CSV (UTF-8, with or without byte order mark). Columns: {', '.join(REQUIRED)}; at least one "
        f"of {', '.join(RECORD)}; optional: {', '.join(OPTIONAL)}. The same file again changes nothing; "
        "undo_changes takes the whole file back by its change set."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            with path.open(encoding="utf-8-sig", newline="") as lines:
                made, there = import_items(system("import_items"), lines, path.name)
        except OSError as error:
            raise CommandError(f"{path}: cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise CommandError(f"{path}: not UTF-8 text ({error}); nothing was imported") from error
        except CatalogError as error:
            raise CommandError(f"{path}: {error}") from error
        except ImportRefused as refused:
            problems = "\n".join(f"{path}: {problem}" for problem in refused.problems)
            raise CommandError(f"{problems}\nnothing was imported") from refused
        self.stdout.write(f"items: new={made.created} already there={there} change set={made.change_set or 'none'}")
