"""`manage seed_registers`: bring the rows that follow from the inventory up to date."""

from typing import Any

from django.core.management.base import BaseCommand

from app.registers.seeding import seed_all


class Command(BaseCommand):
    help = "Brings rows that follow from the inventory up to date; prints each register that changed."

    def handle(self, *args: Any, **options: Any) -> None:
        for register, (new, changed) in seed_all().items():
            self.stdout.write(f"{register}: {new} new, {changed} changed")
