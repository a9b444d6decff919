"""Start of the opac app."""

from django.apps import AppConfig


class OpacConfig(AppConfig):
    """Names the app."""

    name = "app.opac"
    verbose_name = "公開目録"
