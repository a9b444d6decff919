from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules


class AccessConfig(AppConfig):
    """Staff, roles, operations, sign-in."""

    name = "app.access"
    label = "access"
    verbose_name = "権限"

    def ready(self) -> None:
        from app.access.actions import after_migrate

        # Every area declares its operations in actions.py; load them all so that the table is complete.
        autodiscover_modules("actions", "menu", "pages")
        post_migrate.connect(after_migrate, sender=self)
