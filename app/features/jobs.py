"""The work by the clock of the public lists. New arrivals, lists and notices need none: the clock is asked when they
are shown."""

from datetime import datetime

from django.utils import timezone

from app.features.actions import popular
from app.jobs.registry import job


def count(now: datetime) -> str:
    """The rankings, and the search's order by popularity, follow the counts that the night has made."""
    today = timezone.localdate(now)
    places, records = popular.count_popular(today), popular.tell_search(today)
    return f"人気の一覧 {places}件を作り、{records}件の書誌の貸出回数を検索へ渡しました。"


job("features.popular", "人気の一覧と検索の人気順", count, "00:50")
