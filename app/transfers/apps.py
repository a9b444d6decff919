from django.apps import AppConfig
from django.db.models.signals import post_migrate


class TransfersConfig(AppConfig):
    """Items on their way between places."""

    name = "app.transfers"
    label = "transfers"
    verbose_name = "回送"

    def ready(self) -> None:
        from app.transfers.actions import after_migrate

        post_migrate.connect(after_migrate, sender=self)
