"""`manage records`: everything the console keeps, as one JSON object for the reports."""

import json
from typing import Any

from django.core.management.base import BaseCommand

from app.operations.records import everything


class Command(BaseCommand):
    help = "Prints incidents, inquiries, work, inspections, treatments, maintenance, updates, levels and registers."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(json.dumps(everything(), ensure_ascii=False, indent=1, default=str))
