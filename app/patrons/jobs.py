"""The register's work by the clock."""

from datetime import datetime

from django.utils import timezone

from app.access.actor import system
from app.jobs.registry import job
from app.patrons import actions


def erase(now: datetime) -> str:
    """Erase those whose term after withdrawal is over, and applications that nobody came for."""
    today = timezone.localdate(now)
    erased, left = actions.erase_due(system("patrons.erase"), today)
    forgotten = actions.forget_applications(today)
    waiting = f"、他の記録が残るため{left}人は見送り" if left else ""
    return f"退会者{erased}人と仮登録{forgotten}件を消去しました{waiting}。"


job("patrons.erase", "退会者と期限切れの仮登録の消去", erase, "01:10")
