from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def _seed(sender: Any, using: str, **_: Any) -> None:
    """A new library has a layout of each kind."""
    if using == "default":
        from app.labels.actions import seed

        seed()


class LabelsConfig(AppConfig):
    """Labels on items: spines, barcodes, and where they stand on the sheet."""

    name = "app.labels"
    label = "labels"
    verbose_name = "ラベル"

    def ready(self) -> None:
        post_migrate.connect(_seed, sender=self)
