"""`manage grant_roles`: the database roles kura_app and kura_read get exactly their privileges."""

from typing import Any

from django.core.management.base import BaseCommand

from app.audit.privileges import grant


class Command(BaseCommand):
    help = "Grant kura_app and kura_read their privileges (also done by every migrate). Run as the tables' owner."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{grant()} statements executed")
