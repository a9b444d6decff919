from django.apps import AppConfig
from django.db.models.signals import post_migrate


class RegulationsConfig(AppConfig):
    """The rule tables: limits, periods, renewals, holds, reminders, by library, patron and material."""

    name = "app.regulations"
    label = "regulations"
    verbose_name = "利用規則"

    def ready(self) -> None:
        from app.regulations.actions import after_migrate

        post_migrate.connect(after_migrate, sender=self)
