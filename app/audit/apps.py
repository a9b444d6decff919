from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AuditConfig(AppConfig):
    """The append-only record of who did or saw what."""

    name = "app.audit"
    label = "audit"
    verbose_name = "監査"

    def ready(self) -> None:
        from app.audit.privileges import after_migrate

        post_migrate.connect(after_migrate, sender=self)
