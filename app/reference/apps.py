from django.apps import AppConfig


class ReferenceConfig(AppConfig):
    """Questions to the library, and events that readers apply for."""

    name = "app.reference"
    label = "reference"
    verbose_name = "調べもの相談と催し"
