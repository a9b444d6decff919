from django.apps import AppConfig


class CalendarsConfig(AppConfig):
    """Opening days and closures, and what a closure does to dates already given."""

    name = "app.calendars"
    label = "calendars"
    verbose_name = "開館日"
