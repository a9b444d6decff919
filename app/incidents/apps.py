from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    """What came in: incidents, accidents with personal data, inquiries."""

    name = "app.incidents"
    verbose_name = "受付"

    def ready(self) -> None:
        """Pages of the menu; critical alerts open incidents."""
        from app.incidents import actions, queries
        from app.operations import followers, menu, records

        menu.add("受付", "incidents", "障害", "incidents:list")
        menu.add("受付", "trends", "傾向と対策", "incidents:trends")
        menu.add("受付", "inquiries", "問合せ", "incidents:inquiries")
        followers.follow_alerts(actions.follow_alert)
        records.add(queries.records)
