from django.apps import AppConfig


class UpkeepConfig(AppConfig):
    """Work on the appliance: runs, inspections, treatments, planned stops, updates, service levels."""

    name = "app.upkeep"
    verbose_name = "作業"

    def ready(self) -> None:
        """Pages of the menu."""
        from app.operations import menu, records
        from app.upkeep import inbox

        menu.add("状況", "levels", "サービス水準の実績", "upkeep:levels")
        menu.add("作業", "works", "作業記録", "upkeep:works")
        menu.add("作業", "inspections", "定期点検", "upkeep:inspections")
        menu.add("作業", "treatments", "分析と処置", "upkeep:treatments")
        menu.add("作業", "stops", "計画停止", "upkeep:stops")
        menu.add("作業", "updates", "修正の適用", "upkeep:updates")
        records.add(inbox.records)
