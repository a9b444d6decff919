from django.apps import AppConfig
from django.db.models.signals import post_migrate


class PatronsConfig(AppConfig):
    """People and groups who borrow."""

    name = "app.patrons"
    label = "patrons"
    verbose_name = "利用者"

    def ready(self) -> None:
        from app.patrons.actions import after_migrate

        post_migrate.connect(after_migrate, sender=self)
