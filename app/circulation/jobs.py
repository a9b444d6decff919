"""The work by the clock of the counter."""

from datetime import datetime

from django.utils import timezone

from app.circulation.actions import settle_returns
from app.jobs.registry import job


def settle(now: datetime) -> str:
    """Returns of past days become counts and their times go: nobody's reading can be put together again."""
    return f"返却を集計し、{settle_returns(timezone.localdate(now))}件の月別回数にしました。"


job("circulation.settle_returns", "過去の返却の集計", settle, "00:20")
