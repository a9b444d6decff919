"""What this area puts into the staff menu and on the first page."""

from collections.abc import Iterator

from django.urls import reverse

from app.access import home
from app.access.actor import Actor
from app.access.menu import NOTICES, Page, put
from app.access.rules import may
from app.reference import queries
from app.reference.actions import ANSWER, APPLICANTS, VIEW

put(
    Page("reference:questions", "調べもの相談", VIEW, NOTICES, "受付・調査・回答", order=64),
    Page("reference:events", "催し", APPLICANTS, NOTICES, "案内・申込み・抽選", order=66),
)


@home.tell
def waiting(actor: Actor) -> Iterator[home.Note]:
    """Questions without an answer. One SQL statement."""
    count = queries.open_questions() if may(actor.operations, ANSWER.code) else 0
    if count:
        yield home.Note("info", f"回答していない調べもの相談が{count}件あります。", reverse("reference:questions"))
