"""What this area puts into the staff menu and on the first page."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils import timezone

from app.access import home
from app.access.actor import Actor
from app.access.menu import MANAGEMENT, Page, put
from app.access.rules import may
from app.jobs import queries
from app.jobs.actions import VIEW

put(Page("jobs:overview", "定時処理", VIEW, MANAGEMENT, "夜間・毎分の処理の結果と再実行", order=70))


@home.tell
def failures(actor: Actor) -> Iterator[home.Note]:
    """Jobs that failed or did not begin, to those who may see them. Two SQL statements."""
    if not may(actor.operations, VIEW.code):
        return
    for standing in queries.standings(timezone.now()):
        if standing.bad:
            said = (
                "始まっていません。"
                if standing.late
                else f"失敗しました。{standing.last.line if standing.last else ''}"
            )
            yield home.Note("bad", f"定時処理「{standing.title}」が{said}", reverse("jobs:overview"))
