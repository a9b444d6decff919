"""`manage sync_branches`: the inventory's places become the library's branches."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from app.access.actor import system
from app.branches.actions import sync
from inventory import load


class Command(BaseCommand):
    help = "Make the branches equal to the places of the inventory. Idempotent."

    def handle(self, *args: Any, **options: Any) -> None:
        created, changed = sync(system("sync_branches"), load(settings.INVENTORY), timezone.localdate())
        self.stdout.write(f"branches: created={created} changed={changed}")
