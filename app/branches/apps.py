from django.apps import AppConfig


class BranchesConfig(AppConfig):
    """Libraries, branch rooms, their opening days."""

    name = "app.branches"
    label = "branches"
    verbose_name = "館"
