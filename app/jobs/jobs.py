"""The work by the clock of the areas below this one, which cannot know it."""

from datetime import datetime

from django.core.management import call_command

from app.access.actions import forget_old_failures
from app.jobs.actions import forget_old_runs
from app.jobs.registry import job


def clear_sessions(now: datetime) -> str:
    """Sessions that ended are removed."""
    call_command("clearsessions")
    return "終わったセッションを消しました。"


def forget_failures(now: datetime) -> str:
    """Misses at sign-in of past days are removed."""
    return f"古いサインイン失敗を{forget_old_failures(now)}件消しました。"


def forget_runs(now: datetime) -> str:
    """Old history of this very table."""
    return f"古い実行記録を{forget_old_runs(now)}件消しました。"


job("access.sessions", "終わったセッションの削除", clear_sessions, "00:20")
job("access.failures", "サインイン失敗の記録の削除", forget_failures, "00:25")
job("jobs.history", "定時処理の記録の整理", forget_runs, "00:30")
