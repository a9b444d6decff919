"""`manage report_counts --since … --until …`: the library's own counts for the reports, as one JSON object."""

import json
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from app.office.counts import everything


class Command(BaseCommand):
    help = "Counts views, exports and erasures of personal data, and mails, in a span of time."

    def add_arguments(self, parser: CommandParser) -> None:
        for name in ("--since", "--until"):
            parser.add_argument(name, required=True, metavar="TIME", help="with its zone, as 2026-07-01T00:00:00+09:00")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(json.dumps(everything(_moment(options["since"]), _moment(options["until"])), indent=1))


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{text!r} is no time: write it as 2026-07-01T00:00:00+09:00") from None
    if moment.tzinfo is None:
        raise CommandError(f"{text!r} names no zone: write it as 2026-07-01T00:00:00+09:00")
    return moment
