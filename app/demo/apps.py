"""Start of the demo app."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """Names the app."""

    name = "app.demo"
    verbose_name = "実演"
