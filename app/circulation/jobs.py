"""The work by the clock of the counter."""

from datetime import datetime

from django.utils import timezone

from app.catalog.actions import forget_when_registered
from app.circulation import actions
from app.jobs.registry import job


def settle(now: datetime) -> str:
    """Returns of past days become counts and their times go: nobody's reading can be put together again."""
    today = timezone.localdate(now)
    forget_when_registered(today)
    months, figures = actions.settle_returns(today), actions.shuffle_figures(today)
    return f"返却を集計し、{months}件の月別回数にしました。統計{figures}件から端末を消しました。"


def write_off(now: datetime) -> str:
    """What was compensated on past days is withdrawn, and nothing says any more who had it."""
    return f"弁償の済んだ資料を{actions.write_off(timezone.localdate(now))}点除籍しました。"


def erase(now: datetime) -> str:
    """Last borrowers past the days that the library chose go."""
    return f"直前の借受者を{actions.erase_last_borrowers(timezone.localdate(now))}件消しました。"


def end_stops(now: datetime) -> str:
    """Stops that last until everything is back end, some minutes after and never beside a return."""
    return f"全点返却により、{actions.end_all(now)}人の貸出停止を解きました。"


def forget_keys(now: datetime) -> str:
    """What undoes returns is forgotten after ten minutes also when no return comes."""
    return f"取消の鍵を{actions.forget_old_keys(now)}件消しました。"


job("circulation.settle_returns", "過去の返却の集計", settle, "00:20")
job("circulation.write_off", "弁償済み資料の除籍", write_off, "00:22")
job("circulation.last_borrowers", "直前の借受者の消去", erase, "00:25")
job("circulation.end_stops", "全点返却による停止の解除", end_stops, "5m")
job("circulation.undo_keys", "返却取消の鍵の消去", forget_keys, "5m")
