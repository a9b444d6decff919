"""Start of the exchange app."""

from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    """Names the app."""

    name = "app.exchange"
    verbose_name = "書誌交換"
