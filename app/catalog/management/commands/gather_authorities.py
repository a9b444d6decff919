"""`manage gather_authorities`: authorities from the headings of every record; again makes none twice."""

from typing import Any

from django.core.management.base import BaseCommand

from app.access.actor import system
from app.catalog.actions.following import gather_since


class Command(BaseCommand):
    """Once after the first load; from then on the night does it for what is new."""

    help = "Make authorities of the headings of every record's MARC"

    def handle(self, **options: Any) -> None:
        taken = gather_since(system("gather"))
        self.stdout.write(f"made={taken.made} filled={taken.filled}")
