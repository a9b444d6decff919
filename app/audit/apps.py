from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules


class AuditConfig(AppConfig):
    """The append-only record of who did or saw what."""

    name = "app.audit"
    label = "audit"
    verbose_name = "監査"

    def ready(self) -> None:
        from app.audit.privileges import after_migrate

        autodiscover_modules("subjects")
        post_migrate.connect(after_migrate, sender=self)
