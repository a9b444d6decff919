from django.apps import AppConfig


class CirculationConfig(AppConfig):
    """Lending and giving back."""

    name = "app.circulation"
    label = "circulation"
    verbose_name = "貸出・返却"
