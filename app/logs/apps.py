from django.apps import AppConfig


class LogsConfig(AppConfig):
    name = "app.logs"
    verbose_name = "ログ"

    def ready(self) -> None:
        """Only administrators see records; the auditor sees what was disposed of."""
        from app.operations import menu
        from app.operations.access import Role

        only = (Role.ADMINISTRATOR,)
        menu.add("ログ", "logs", "記録の検索", "logs:search", roles=only)
        menu.add("ログ", "machines", "機器の記録", "logs:machines", roles=only)
        menu.add("ログ", "disposals", "処分", "logs:disposals")
