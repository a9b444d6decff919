from django.apps import AppConfig
from django.db.backends.signals import connection_created


class BranchesConfig(AppConfig):
    """Libraries, branch rooms, their opening days."""

    name = "app.branches"
    label = "branches"
    verbose_name = "館"

    def ready(self) -> None:
        import app.branches.wordings  # noqa: F401 - follows its stamp
        from app.branches.revisions import watch

        connection_created.connect(watch)
