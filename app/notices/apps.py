from django.apps import AppConfig
from django.db.models.signals import post_migrate


class NoticesConfig(AppConfig):
    """What the library tells patrons, by mail, post and telephone."""

    name = "app.notices"
    label = "notices"
    verbose_name = "通知"

    def ready(self) -> None:
        from app.notices.actions import after_migrate

        post_migrate.connect(after_migrate, sender=self)
