from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class JobsConfig(AppConfig):
    """Work that runs by the clock: nightly and every minute, with its history and failures."""

    name = "app.jobs"
    label = "jobs"
    verbose_name = "定時処理"

    def ready(self) -> None:
        autodiscover_modules("jobs")
