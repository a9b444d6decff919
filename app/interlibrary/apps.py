from django.apps import AppConfig


class InterlibraryConfig(AppConfig):
    """What is borrowed from other libraries for a reader."""

    name = "app.interlibrary"
    label = "interlibrary"
    verbose_name = "相互貸借"
