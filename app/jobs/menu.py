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
from app.jobs.models import JobRun

put(Page("jobs:overview", "定時処理", VIEW, MANAGEMENT, "夜間・毎分の処理の結果と再実行", order=70))


@home.tell
def failures(actor: Actor) -> Iterator[home.Note]:
    """Jobs that failed, and in one line those that did not begin, to those who may see them. Two SQL statements."""
    if not may(actor.operations, VIEW.code):
        return
    url = reverse("jobs:overview")
    standings = queries.standings(timezone.now())
    late = [standing for standing in standings if standing.late]
    if late:
        yield home.Note("bad", f"定時処理が{len(late)}件、時刻になっても始まっていません。", url)
    for standing in standings:
        if standing.last and standing.last.state == JobRun.State.FAILED:
            yield home.Note("bad", f"定時処理「{standing.title}」が失敗しました。{standing.last.line}", url)
