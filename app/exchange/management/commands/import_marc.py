"""`manage import_marc FILE`: bibliographic records from a MARC 21 file."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from app.access.actor import system
from app.exchange.actions import import_marc


class Command(BaseCommand):
    help = "Import bibliographic records from a MARC 21 (JAPAN/MARC, UTF-8) file. The same file again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            content = path.read_bytes()
        except OSError as error:
            raise CommandError(f"{path}: cannot be read: {error.strerror}") from error
        run = import_marc(system("import_marc"), content, path.name)
        for record in run.set_aside_records.all():
            self.stderr.write(f"record {record.position} at byte {record.offset}: {record.reason}")
        self.stdout.write(
            f"{path.name}: created={run.created} updated={run.updated} "
            f"unchanged={run.unchanged} set_aside={run.set_aside}"
        )
