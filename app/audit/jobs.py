"""What this area does by the clock. Sealing has a timer of its own, because its key is not the application's."""

from datetime import datetime

from app.audit.actions import disposal, watching
from app.jobs.registry import job


def watch(now: datetime) -> str:
    """Notice mass viewing."""
    return f"新しい知らせ {watching.look(now)}件"


def months(now: datetime) -> str:
    """Keep partitions ahead."""
    return f"{disposal.make_months()}か月分の入れ物を作りました。"


def dispose(now: datetime) -> str:
    """Carry out the approved disposals."""
    return " ".join(disposal.carry_out()) or "廃棄するものはありません。"


job("audit.watch", "個人情報の大量閲覧の検知", watch, "1m")
job("audit.months", "監査記録の月ごとの入れ物の用意", months, "01:10")
job("audit.dispose", "承認された監査記録の廃棄", dispose, "02:20")
