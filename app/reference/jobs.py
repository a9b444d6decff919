"""The work by the clock of questions and events."""

from datetime import datetime

from app.jobs.registry import job
from app.reference.actions import events


def forget(now: datetime) -> str:
    """Who came to an event is forgotten thirty days after it."""
    return f"終わった催し {events.forget(now)}件の申込者を消しました。"


job("reference.forget", "終わった催しの申込者の消去", forget, "01:20")
