from django.apps import AppConfig


class NoticesConfig(AppConfig):
    """What the library tells patrons, by mail, post and telephone."""

    name = "app.notices"
    label = "notices"
    verbose_name = "通知"
