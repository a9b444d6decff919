"""`manage levels_measure`: measure and keep the service levels that are due, as the timer does each night."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from app.incidents.models import Incident, Inquiry
from app.operations import sources
from app.operations.access import MACHINE
from app.operations.health import site
from app.upkeep import levels, queries, rules
from app.upkeep.actions import levels as keeping


class Command(BaseCommand):
    help = "Measure this month's service levels, and those of past months that were not measured when they were over."

    def handle(self, *args: Any, **options: Any) -> None:
        now, inventory = timezone.localtime(), site(settings.INVENTORY)
        source = sources.Prometheus(settings.PROMETHEUS_URL)
        try:
            source.now("vector(1)")
        except sources.SourceDown as error:
            # Nothing is kept: the next run measures the same months, while they can still be measured.
            raise CommandError(f"Prometheus does not answer: {error}") from None
        for month in rules.months_due(now, inventory.contract.service_from, queries.levels_measured()):
            rows = levels.measure(inventory, source, month, now, Incident.objects.all(), Inquiry.objects.all())
            unmeasured = sum(row.value is None for row in rows)
            if unmeasured == len(rows) and month != f"{now:%Y-%m}":
                self.stdout.write(f"{month}: nothing was measured then")
                continue
            keeping.keep(MACHINE, month, rows, now)
            self.stdout.write(f"{month}: {len(rows)} levels, {unmeasured} unmeasured")
