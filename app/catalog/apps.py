"""Start of the catalogue app."""

from typing import Any

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules


def _without_jit(sender: type, connection: Any, **kwargs: object) -> None:
    """Switch PostgreSQL's JIT off: compiling a search query costs more than it saves (0.3 to 1 s, measured)."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET jit = off")


def _seed(sender: Any, using: str, **_: Any) -> None:
    """A new library has a range of item numbers and rules for call numbers."""
    if using == "default":
        from app.catalog.actions.numbering import seed

        seed()


class CatalogConfig(AppConfig):
    """Registers what every database connection of the library needs for searching."""

    name = "app.catalog"
    verbose_name = "目録"

    def ready(self) -> None:
        connection_created.connect(_without_jit, dispatch_uid="app.catalog.without_jit")
        post_migrate.connect(_seed, sender=self)
        autodiscover_modules("followers")
        from app.authorities import hooks
        from app.catalog.actions import changes
        from app.catalog.actions.following import reindex

        hooks.follow(reindex)
        hooks.keep(changes.open)
