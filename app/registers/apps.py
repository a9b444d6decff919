from django.apps import AppConfig
from django.db.models.signals import post_migrate


class RegistersConfig(AppConfig):
    name = "app.registers"
    verbose_name = "台帳"

    def ready(self) -> None:
        """The registers in the console's menu; rows that follow from the inventory after each migration."""
        from app.operations import menu, records
        from app.registers import queries, seeding

        menu.add("台帳", "registers", "台帳一覧", "registers:index")
        menu.add("台帳", "registers-search", "全台帳の検索", "registers:search")
        records.add(queries.records)
        post_migrate.connect(seeding.after_migration, sender=self, dispatch_uid="registers follow the inventory")
