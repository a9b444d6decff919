from django.apps import AppConfig


class ExportsConfig(AppConfig):
    """Lists as files: Excel and CSV, with purpose and approval where they hold personal data, gone after their term."""

    name = "app.exports"
    label = "exports"
    verbose_name = "出力"
