from django.apps import AppConfig


class TransfersConfig(AppConfig):
    """Items on their way between places."""

    name = "app.transfers"
    label = "transfers"
    verbose_name = "回送"
