"""`manage load_postcodes ken_all.csv [--districts districts.csv]`: postal codes in Japan Post's KEN_ALL format."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from app.access.actor import system
from app.patrons import kenall
from app.patrons.actions import load_postcodes

DATA = Path(__file__).resolve().parents[2] / "data"


class Command(BaseCommand):
    help = "Replace all postal codes by a file in KEN_ALL format (Shift_JIS or UTF-8)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, nargs="?", help="without one: the small demonstration file")
        parser.add_argument("--districts", type=Path, help="CSV: district,name,town")

    def handle(self, *args: Any, **options: Any) -> None:
        path = options["file"] or DATA / "postcodes-demo.csv"
        groups = options["districts"] or (None if options["file"] else DATA / "districts-demo.csv")
        try:
            districts = kenall.districts(text_of(groups).splitlines()) if groups else []
            count = load_postcodes(system("load_postcodes"), text_of(path).splitlines(), path.name, districts)
        except (OSError, UnicodeDecodeError, kenall.BadFile) as error:
            raise CommandError(f"{path}: {error}") from error
        self.stdout.write(f"postcodes: {count}")


def text_of(path: Path) -> str:
    """A file's text: UTF-8 when it is, else Shift_JIS as Japan Post writes it."""
    data = path.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp932")
