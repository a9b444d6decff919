from django.apps import AppConfig


class HoldsConfig(AppConfig):
    """Holds, their allocation, the hold shelf; purchase requests."""

    name = "app.holds"
    label = "holds"
    verbose_name = "予約"
