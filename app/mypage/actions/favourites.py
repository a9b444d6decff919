"""A reader's two lists: what they want to read and what they have read, each title with a word of their own."""

from datetime import date

from django.db import transaction
from django.utils import timezone

from app.access.actor import Actor
from app.audit import actions as audit
from app.catalog.models import BibliographicRecord
from app.mypage.actions.own import own
from app.mypage.models import Favourite
from app.web.sealed import blind

MOST = 1000
LONGEST_COMMENT = 1000


class TooMany(Exception):
    """The list is full."""


def mark_of(patron_id: int, record_id: int) -> str:
    """The keyed hash that lets a title stand once on a reader's lists."""
    return blind(f"{patron_id}:{record_id}", "mypage.favourite")


@transaction.atomic
def keep(
    actor: Actor, patron_id: int, record: BibliographicRecord, shelf: str, comment: str, today: date | None = None
) -> Favourite:
    """Put a title on a list with a comment, or move it to the other list, or change its comment. TooMany when the list
    holds a thousand; ValueError for a list that does not exist."""
    own(actor, patron_id)
    if shelf not in Favourite.Shelf.values:
        raise ValueError(shelf)
    mark = mark_of(patron_id, record.pk)
    there = Favourite.objects.filter(mark=mark).first()
    if (there is None or there.shelf != shelf) and (
        Favourite.objects.filter(patron=patron_id, shelf=shelf).count() >= MOST
    ):
        raise TooMany
    content = {
        "record": record.pk,
        "title": f"{record.title} {record.volume}".strip(),
        "creators": "、".join(record.creators),
        "comment": comment.strip()[:LONGEST_COMMENT],
    }
    made, _ = Favourite.objects.update_or_create(
        mark=mark,
        defaults={"patron_id": patron_id, "shelf": shelf, "content": content},
        create_defaults={
            "patron_id": patron_id,
            "shelf": shelf,
            "content": content,
            "made_on": today or timezone.localdate(),
        },
    )
    audit.record(actor, "mypage.keep", subject_type="patron", subject_id=patron_id)
    return made


@transaction.atomic
def let_go(actor: Actor, patron_id: int, favourite_id: int) -> bool:
    """Take a title off its list; False when it is not there (any more), or on somebody else's."""
    own(actor, patron_id)
    gone = Favourite.objects.filter(pk=favourite_id, patron=patron_id).delete()[0]
    if gone:
        audit.record(actor, "mypage.let_go", subject_type="patron", subject_id=patron_id)
    return bool(gone)
