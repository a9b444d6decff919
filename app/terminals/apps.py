from django.apps import AppConfig


class TerminalsConfig(AppConfig):
    """Counter terminals: where they stand, how they sound and print; what the counter prints."""

    name = "app.terminals"
    label = "terminals"
    verbose_name = "端末"
