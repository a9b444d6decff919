"""The work of this area by the clock."""

from datetime import datetime

from app.access.actor import system
from app.jobs.registry import job
from app.mypage import actions
from app.notices.actions import sending
from app.notices.codes import Kind

ACTOR = system("mypage")


def answer(now: datetime) -> str:
    """Who forgot a password or gave a new address waits in front of the screen: their mails go each minute."""
    asked = actions.answer_asks(ACTOR, now)
    sent = sending.send_due(ACTOR, now, kinds=(Kind.RESET, Kind.MAIL_CHECK))
    return f"再設定の案内{asked}件。{sent.line}。"


def copy(now: datetime) -> str:
    """What readers who asked for a record of their reading have borrowed since."""
    return f"読書記録{actions.copy_loans(ACTOR, now)}件。"


def arrivals(now: datetime) -> str:
    """Yesterday's arrivals for those who registered words that fit."""
    return f"新着の知らせ{actions.tell_arrivals(ACTOR, now)}人。"


def forget(now: datetime) -> str:
    """Links that are over, and what those kept who have left."""
    return f"消去{actions.forget(now)}件。"


job("mypage.answer", "再設定・確認のメール", answer, "1m")
job("mypage.copy", "読書記録（希望者）", copy, "5m")
job("mypage.arrivals", "登録語の新着の知らせ", arrivals, "07:30")
job("mypage.forget", "マイページの整理", forget, "01:20")
