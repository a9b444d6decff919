from django.apps import AppConfig


class AcquisitionsConfig(AppConfig):
    """Orders to booksellers, and what arrives of them."""

    name = "app.acquisitions"
    label = "acquisitions"
    verbose_name = "発注と受入"
