import pkgutil
from importlib import import_module

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules, module_has_submodule


class AccessConfig(AppConfig):
    """Staff, roles, operations, sign-in."""

    name = "app.access"
    label = "access"
    verbose_name = "権限"

    def ready(self) -> None:
        from app.access.actions import after_migrate

        load_actions()
        autodiscover_modules("menu", "pages")
        post_migrate.connect(after_migrate, sender=self)


def load_actions() -> None:
    """Import every area's `actions`, and of a package every module: each declares its operations, and the table of
    permissions must be complete in every process."""
    for config in apps.get_app_configs():
        if config.module and module_has_submodule(config.module, "actions"):
            actions = import_module(f"{config.name}.actions")
            for found in pkgutil.iter_modules(getattr(actions, "__path__", [])):
                import_module(f"{actions.__name__}.{found.name}")
