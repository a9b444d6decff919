"""The work by the clock of the calendars."""

from datetime import datetime

from django.utils import timezone

from app.access.actor import system
from app.calendars.actions import finish, off_closed_days
from app.jobs.registry import job


def carry_on(now: datetime) -> str:
    """Changes of many dates that were cut short go on where they were."""
    return f"処理中だった期限の変更 {finish(system('calendars.carry_on'))}件を終えました。"


def check(now: datetime) -> str:
    """No due date stays on a closed day, also of loans that were being made while a closure was registered."""
    moved = off_closed_days(system("calendars.check"), timezone.localdate(now))
    return f"休館日に当たる返却期限 {moved}件を次の開館日に変えました。"


job("calendars.carry_on", "期限の一括変更の続き", carry_on, "1m")
job("calendars.check", "休館日に当たる期限の点検", check, "30m")
