from django.apps import AppConfig


class FeaturesConfig(AppConfig):
    """What the library shows its readers: new arrivals, popular titles, lists by theme, notices and pages."""

    name = "app.features"
    label = "features"
    verbose_name = "特集とお知らせ"
