from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "app.operations"
    verbose_name = "運用"
