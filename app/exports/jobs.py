"""What this area does by the clock."""

from datetime import datetime

from app.exports import actions
from app.jobs.registry import job


def erase(now: datetime) -> str:
    """Erase the files whose term is over."""
    return f"{actions.erase_due(now)}件のファイルを消去しました。"


job("exports.erase", "期限が来た書出しファイルの消去", erase, "00:30")
