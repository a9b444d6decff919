"""The work by the clock of the areas below this one, which cannot know it."""

from datetime import datetime

from django.core.management import call_command

from app.access.actions import forget_old_failures, postings
from app.access.actor import system
from app.jobs.actions import forget_old_runs
from app.jobs.registry import JobFailed, job


def clear_sessions(now: datetime) -> str:
    """Sessions that ended are removed."""
    call_command("clearsessions")
    return "終わったセッションを消しました。"


def forget_failures(now: datetime) -> str:
    """Misses at sign-in of past days are removed."""
    return f"古いサインイン失敗を{forget_old_failures(now)}件消しました。"


def apply_postings(now: datetime) -> str:
    """Postings whose day has come take effect."""
    tried = postings.apply_due(system("access.postings"), now)
    failed = [f"{sheet.title}: {sheet.fault}" for sheet in tried if sheet.fault]
    if failed:
        raise JobFailed("異動を発令できませんでした。" + " ".join(failed))
    return f"異動の表{len(tried)}件を発令しました。" if tried else "発令する異動はありません。"


def forget_runs(now: datetime) -> str:
    """Old history of this very table."""
    return f"古い実行記録を{forget_old_runs(now)}件消しました。"


job("access.postings", "人事異動の発令", apply_postings, "00:00")
job("access.sessions", "終わったセッションの削除", clear_sessions, "00:20")
job("access.failures", "サインイン失敗の記録の削除", forget_failures, "00:25")
job("jobs.history", "定時処理の記録の整理", forget_runs, "00:30")
