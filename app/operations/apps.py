from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "app.operations"
    verbose_name = "運用"

    def ready(self) -> None:
        """The console's own pages in its menu."""
        from app.operations import menu

        menu.add("状況", "overview", "概況", "operations:overview")
        menu.add("状況", "alerts", "警報", "operations:alerts")
        menu.add("状況", "silences", "警報の一時停止", "operations:silences")
        menu.add("状況", "hosts", "サーバ一覧", "operations:hosts")
        menu.add("状況", "runbooks", "手引き", "operations:runbooks")
        menu.add("管理", "accounts", "利用者と役割", "operations:accounts")
        menu.add("管理", "trail", "操作の記録", "operations:trail")
        menu.add("管理", "audit", "監査・検査", "operations:audit")
