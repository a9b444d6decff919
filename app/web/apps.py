from django.apps import AppConfig


class WebConfig(AppConfig):
    """Shared pages: base templates, styles, error pages, health, metrics. Owns no table."""

    name = "app.web"
    label = "web"
    verbose_name = "共通画面"
