"""`manage import_marc FILE`: bibliographic records from a MARC 21, MARCXML or TRC MARC file."""

import signal
import sys
import threading
import time
from contextlib import closing
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from app.access.actor import system
from app.catalog import search
from app.exchange.actions import BusyImport, load_marc, open_run, proceed
from app.exchange.models import ImportRun
from app.exchange.pace import polite, step_back

EVERY_SECONDS = 5.0


class Command(BaseCommand):
    help = (
        "Import bibliographic records (MARC 21, MARCXML, TRC MARC). The counter goes first: small batches with pauses,"
        " at the lowest priority. Stopped (Ctrl-C, SIGTERM) or cut, the same command goes on where it was; the same"
        " file again changes nothing. --fast is for the first load of an empty library, with the counters closed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--fast", action="store_true", help="several processes and COPY, no regard for others")
        parser.add_argument("--processes", type=int, default=2, help="with --fast (default 2)")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        self.told = self.began = time.monotonic()
        try:
            run = self.load(path, options["processes"]) if options["fast"] else self.take_in(path)
        except (OSError, ValueError) as error:
            raise CommandError(f"{path}: cannot be read: {error}") from error
        except BusyImport as error:
            raise CommandError(str(error)) from error
        for record in run.set_aside_records.defer("data"):
            self.stderr.write(f"record {record.position} at byte {record.offset}: {record.reason}")
        if run.state != ImportRun.State.DONE:
            raise CommandError(f"{path.name}: stopped at {run.percent} %; the same command goes on from there")
        self.stdout.write(
            f"{path.name}: created={run.created} updated={run.updated} deleted={run.deleted} "
            f"unchanged={run.unchanged} set_aside={run.set_aside}"
        )

    def take_in(self, path: Path) -> ImportRun:
        """The polite way: one record after another, compared with what is there."""
        wanted: list[int] = []
        before = {number: signal.signal(number, lambda *_: wanted.append(1)) for number in STOPS} if _in_main() else {}
        step_back()
        try:
            with path.open("rb") as file, closing(mmap(file.fileno(), 0, access=ACCESS_READ)) as content:
                actor = system("import_marc")
                run = open_run(actor, content, path.name)
                proceed(actor, run, content, polite(), stop=lambda: bool(wanted), progress=self.tell)
                return run
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def load(self, path: Path, processes: int) -> ImportRun:
        """The first load; then searching learns of it."""
        run = load_marc(system("import_marc"), path, processes=processes, progress=self.tell)
        self.stderr.write("the records are there; the search index is built")
        search.rebuild()
        return run

    def tell(self, run: ImportRun) -> None:
        """How far it is, now and then."""
        now = time.monotonic()
        if now - self.told >= EVERY_SECONDS:
            self.told = now
            self.stderr.write(f"{run.percent:3} %  {run.position:,} records, {run.set_aside} set aside")
            sys.stderr.flush()


STOPS = (signal.SIGINT, signal.SIGTERM)


def _in_main() -> bool:
    return threading.current_thread() is threading.main_thread()
