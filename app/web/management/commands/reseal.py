"""`manage reseal`: seal every personal column with the first key of the ring; then the old key may go."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from app.web.actions import kept_keys, reseal, sealed_models


class Command(BaseCommand):
    help = "Seal with the first key of the ring what another key sealed. May be cut and started again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--everything", action="store_true", help="all rows: after the look-ups' secret was changed"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        for model in sealed_models():
            count = reseal(model, everything=options["everything"])
            self.stdout.write(f"{model._meta.label}: {count}")
        for name, keys in kept_keys().items():
            self.stdout.write(f"{name}: rows are never written anew; leave in the ring {', '.join(map(str, keys))}")
