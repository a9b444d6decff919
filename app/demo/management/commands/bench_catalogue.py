"""`manage bench_catalogue …`: the parts of `./kura bench search` and `scale` that run inside the application."""

import json
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from app.catalog import search
from app.catalog.models import BibliographicRecord, SearchState
from app.demo import catalogue, counting, questions

LAST_YEAR = 2026
OWN = "kura_bench_"


class Command(BaseCommand):
    help = "Load a catalogue for measuring, build its index, ask and measure. Only for a database made for it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "what",
            choices=("state", "empty", "load", "popularity", "rebuild", "ask", "register", "counter", "day", "forget"),
        )
        parser.add_argument("--records", type=int, default=3_650_000)
        parser.add_argument("--seed", type=int, default=20261122)
        parser.add_argument("--part", type=int, default=0)
        parser.add_argument("--parts", type=int, default=1)
        parser.add_argument("--each", type=int, default=40, help="questions a class")
        parser.add_argument("--patrons", type=int, default=60_000)
        parser.add_argument("--visits", type=int, default=3000, help="readers of the day")
        parser.add_argument("--rounds", type=int, default=5, help="of a hundred items each")

    def handle(self, *args: Any, **options: Any) -> None:
        if not connection.settings_dict["NAME"].startswith(OWN):
            raise CommandError(f"only for a database made for measuring, {OWN}…")
        getattr(self, options["what"])(options)

    def _said(self, line: str) -> None:
        self.stderr.write(line)
        self.stderr.flush()

    def state(self, options: dict[str, Any]) -> None:
        loaded = BibliographicRecord.objects.filter(origin="scale").count() == options["records"]
        numbered = SearchState.objects.exclude(runs=[]).exists()
        self.stdout.write(json.dumps({"loaded": loaded, "complete": loaded and numbered}))

    def empty(self, options: dict[str, Any]) -> None:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE catalog_bibliographicrecord CASCADE")
        self.stdout.write("{}")

    def load(self, options: dict[str, Any]) -> None:
        part = (options["part"], options["parts"])
        catalogue.load(options["records"], options["seed"], LAST_YEAR, part, self._said)

    def popularity(self, options: dict[str, Any]) -> None:
        self.stdout.write(json.dumps({"changed": search.set_popularity(catalogue.popularity(options["records"]))}))

    def rebuild(self, options: dict[str, Any]) -> None:
        began = time.monotonic()
        count = search.rebuild(progress=self._said)
        self.stdout.write(json.dumps({"records": count, "seconds": time.monotonic() - began}))

    def ask(self, options: dict[str, Any]) -> None:
        connection.ensure_connection()
        self.stdout.write(json.dumps(questions.measure(options["seed"], options["each"], self._said)))

    def register(self, options: dict[str, Any]) -> None:
        def told(phase: str, done: int, batches: int, per_second: float) -> None:
            self._said(f"{phase}: {done}/{batches}, {per_second:,.0f} rows/s")

        self.stdout.write(json.dumps({"patrons": counting.register(options["patrons"], options["seed"], told)}))

    def counter(self, options: dict[str, Any]) -> None:
        self.stdout.write(json.dumps(counting.measure(options["seed"], options["rounds"], self._said)))

    def day(self, options: dict[str, Any]) -> None:
        part = (options["part"], options["parts"])
        self.stdout.write(json.dumps(counting.day(options["seed"], options["visits"], part, self._said)))

    def forget(self, options: dict[str, Any]) -> None:
        self.stdout.write(json.dumps({"deleted": counting.forget()}))
