"""What this area puts into the staff menu and on the first page."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils import timezone

from app.access import home
from app.access.actor import Actor
from app.access.menu import MANAGEMENT, NOTICES, Page, put
from app.access.rules import may
from app.office import queries
from app.office.actions import READ_MANUALS, READ_MESSAGES, VIEW_MAINTENANCE, VIEW_STATUS

put(
    Page("office:messages", "職員への知らせ", READ_MESSAGES, NOTICES, "館・役割別の知らせと既読", order=80),
    Page("office:manual", "手引き", READ_MANUALS, MANAGEMENT, "操作と運用の手引き(版・改訂日)", order=5),
    Page("office:status", "稼働の状態", VIEW_STATUS, MANAGEMENT, "サーバ・データベース・連携・バックアップ", order=60),
    Page("office:maintenance", "保守接続", VIEW_MAINTENANCE, MANAGEMENT, "申請・承認・作業の記録", order=80),
)


@home.tell
def unread(actor: Actor) -> Iterator[home.Note]:
    """Messages not read yet. Two SQL statements."""
    count = queries.unread(actor.number, timezone.localdate()) if may(actor.operations, READ_MESSAGES.code) else 0
    if count:
        yield home.Note("info", f"未読の知らせが{count}件あります。", reverse("office:messages"))


@home.tell
def troubles(actor: Actor) -> Iterator[home.Note]:
    """What is not well with the system. One SQL statement."""
    if may(actor.operations, VIEW_STATUS.code):
        for check in queries.troubles().exclude(code="jobs"):
            since = f"{timezone.localtime(check.since):%m/%d %H:%M}から"
            yield home.Note("bad", f"{check.group}: {check.title} {check.text}({since})", reverse("office:status"))
