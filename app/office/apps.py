from django.apps import AppConfig


class OfficeConfig(AppConfig):
    """The staff room: how the system stands, messages to staff, manuals, maintainers' access."""

    name = "app.office"
    label = "office"
    verbose_name = "職員室"

    def ready(self) -> None:
        from django.db.models.signals import post_migrate
        from django.utils import timezone

        from app.branches import revisions
        from app.office import queries
        from app.office.actions.manuals import after_migrate
        from app.web import context, views

        post_migrate.connect(after_migrate, sender=self)
        context.announce(lambda: queries.announced_stops(timezone.now()))
        views.at_health(revisions.look)
