from django.apps import AppConfig


class AuthoritiesConfig(AppConfig):
    """Name and subject authorities: one form for each, every other form leads to it."""

    name = "app.authorities"
    label = "authorities"
    verbose_name = "典拠"
