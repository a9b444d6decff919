"""What holds do by the clock."""

from datetime import datetime

from app.access.actor import system
from app.holds.actions import nightly
from app.jobs.registry import job


def _allocate(now: datetime) -> str:
    return f"{nightly.allocate(now)}件の予約の候補を更新しました。"


def _expire(now: datetime) -> str:
    return f"{nightly.expire_old(system('holds.expire'), now)}件を期限切れで取り消しました。"


def _forget(now: datetime) -> str:
    return f"終わった予約・希望{nightly.forget(now)}件を消しました。"


def _settle(now: datetime) -> str:
    return f"書誌・所蔵{nightly.settle(now)}行を整えました。"


job("holds.allocate", "在架の資料を予約に割り当てる", _allocate, "5m")
job("holds.expire", "取置期限を過ぎた予約を取り消す", _expire, "05:10")
job("holds.forget", "終わった予約を消す", _forget, "10m")
job("holds.settle", "予約が書誌・所蔵に残す印を消す", _settle, "03:40")
