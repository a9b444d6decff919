"""`manage read_bounces`: read receipts and bounces now; the job `notices.tell` does the same every five minutes."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from app.notices.jobs import read_bounces


class Command(BaseCommand):
    help = "Record the notices that came back as undeliverable. Idempotent."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(read_bounces(timezone.now()))
