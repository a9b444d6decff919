"""`manage settle_returns`: run every night; the returns of past days become counts and their times go."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from app.circulation.actions import settle_returns


class Command(BaseCommand):
    help = "Turn the returns of past days into tallies by item and month. Idempotent; a day's first return does it too."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"tallies written: {settle_returns(timezone.localdate())}")
