"""What this area puts into the staff menu and on the first page."""

from collections.abc import Iterator

from django.urls import reverse

from app.access.actor import Actor
from app.access.home import Note, tell
from app.access.menu import MANAGEMENT, Page, put
from app.access.rules import may
from app.audit import queries
from app.audit.actions import SEARCH
from app.audit.actions.disposal import APPROVE
from app.audit.actions.watching import ACKNOWLEDGE

put(
    Page("audit:search", "監査", SEARCH, MANAGEMENT, "操作と閲覧の記録を調べます", order=90),
    Page("audit:alerts", "大量閲覧の知らせ", SEARCH, MANAGEMENT, "短い時間に多くの利用者を見た職員", order=91),
    Page("audit:keeping", "記録の保存", SEARCH, MANAGEMENT, "監査記録の封印、保存期間、廃棄の承認", order=92),
)


@tell
def notices(actor: Actor) -> Iterator[Note]:
    """Notices of mass viewing and requests for disposal that wait. At most two SQL statements, none for most people."""
    if may(actor.operations, ACKNOWLEDGE.code):
        count = queries.open_alerts()
        if count:
            yield Note("bad", f"短い時間に多くの利用者を閲覧した職員がいます（{count}件）", reverse("audit:alerts"))
    if may(actor.operations, APPROVE.code):
        count = queries.waiting_disposals()
        if count:
            yield Note("warn", f"監査記録の廃棄の申請が{count}件あります", reverse("audit:keeping"))
