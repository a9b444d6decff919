from django.apps import AppConfig


class RegulationsConfig(AppConfig):
    """The rule tables: limits, periods, renewals, holds, reminders, by library, patron and material."""

    name = "app.regulations"
    label = "regulations"
    verbose_name = "利用規則"
