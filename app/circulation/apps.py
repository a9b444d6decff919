from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CirculationConfig(AppConfig):
    """Lending and giving back."""

    name = "app.circulation"
    label = "circulation"
    verbose_name = "貸出・返却"

    def ready(self) -> None:
        from app.circulation.actions import after_migrate

        post_migrate.connect(after_migrate, sender=self)
