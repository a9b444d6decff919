from django.apps import AppConfig


class LabelsConfig(AppConfig):
    """Labels on items: spines, barcodes, and where they stand on the sheet."""

    name = "app.labels"
    label = "labels"
    verbose_name = "ラベル"
