"""What this area puts into the staff menu and on the first page."""

from collections.abc import Iterator

from django.urls import reverse

from app.access.actor import Actor
from app.access.home import Note, tell
from app.access.menu import MANAGEMENT, Page, put
from app.access.rules import may
from app.exports import queries
from app.exports.actions import APPROVE, LIST

put(
    Page("exports:index", "書出しファイル", LIST, MANAGEMENT, "個人情報のファイルの受取・承認・消去日", order=80),
)


@tell
def waiting(actor: Actor) -> Iterator[Note]:
    """Files that wait for this person's approval. One SQL statement, none for most people."""
    if may(actor.operations, APPROVE.code):
        count = queries.waiting_for(actor.number)
        if count:
            yield Note("warn", f"個人情報の書出しが{count}件、承認を待っています", reverse("exports:index"))
