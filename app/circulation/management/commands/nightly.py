"""`manage nightly`: what the library does every night, by the clock."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.utils import timezone

from app.access.actions import forget_old_failures
from app.circulation.actions import settle_returns


class Command(BaseCommand):
    help = "Settle the returns of past days, remove sessions that ended and misses at sign-in of past days. Idempotent."

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        self.stdout.write(f"tallies written: {settle_returns(timezone.localdate(now))}")
        call_command("clearsessions")
        self.stdout.write("sessions that ended: removed")
        self.stdout.write(f"misses at sign-in forgotten: {forget_old_failures(now)}")
