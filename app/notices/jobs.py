"""The work of this area by the clock."""

from datetime import datetime

from django.utils import timezone

from app.access.actor import system
from app.jobs.registry import job
from app.notices.actions import planning, returned, sending, settling

ACTOR = system("notices")


def tell(now: datetime) -> str:
    """What happened is planned and what is due is handed over. Receipts first: they end doubts before a retry."""
    found = returned.read(ACTOR, now)
    again = sending.resolve_unknown(ACTOR, now)
    planned = planning.plan_ready(ACTOR, now) + planning.plan_requests(ACTOR, now)
    sent = sending.send_due(ACTOR, now)
    return f"新しい通知{planned}件。{sent.line}。{found.line}。再送{again}件。"


def read_bounces(now: datetime) -> str:
    """Receipts and bounces are read."""
    return returned.read(ACTOR, now).line


def plan_day(now: datetime) -> str:
    """Notices before the due date and before a card ends, and the day's extraction of overdue loans, to be approved."""
    due = planning.plan_due(ACTOR, now)
    cards = planning.plan_cards(ACTOR, now)
    batch = planning.plan_overdue(ACTOR, now)
    overdue = batch.notices.count() if batch else 0
    return f"期限前{due}人、利用券{cards}人、督促{overdue}人（承認待ちを含む）。"


def settle(now: datetime) -> str:
    """Finished notices lose their times."""
    found = settling.settle(ACTOR, timezone.localdate(now))
    return f"不要になった通知{found['ended']}件、時刻を消した通知{found['timeless']}件、消去{found['gone']}件。"


job("notices.tell", "通知の作成と発送", tell, "5m")
job("notices.plan", "期限前・督促の抽出", plan_day, "08:00")
job("notices.settle", "通知の記録の整理", settle, "00:50")
