"""Who had an item last, kept for days where the library chose so, to ask about damage that is found later."""

from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone

from app.access import actions as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.catalog.models import Item
from app.circulation.actions.operations import POLICY, SEE_BORROWER
from app.circulation.models import CounterPolicy, LastBorrower
from app.patrons.models import Patron
from app.patrons.queries import by_id

LONGEST_DAYS = 14


class PolicyRefused(Exception):
    """The policy cannot be what was asked; the text is for the screen."""


def keep(item: Item, patron_id: int, today: date) -> None:
    """Remember the last borrower, if the library decided to. `item` comes from `lock_item`, which knows.

    No SQL statement when it did not, else one.
    """
    if not getattr(item, "keep_days", None):
        return
    LastBorrower.objects.update_or_create(item=item, defaults={"patron": str(patron_id), "returned_on": today})


def forget(item: Item) -> None:
    """The return is undone: there is no last borrower. One SQL statement when the library keeps any."""
    if getattr(item, "keep_days", None):
        LastBorrower.objects.filter(item=item).delete()


def who_had(actor: Actor, barcode: str, reason: str, today: date | None = None) -> Patron | None:
    """The last borrower of an item, while it is kept; the view and its reason are recorded, without the item."""
    access.require(actor, SEE_BORROWER)
    policy = CounterPolicy.objects.first() or CounterPolicy()
    since = (today or timezone.localdate()) - timedelta(days=policy.last_borrower_days)
    kept = LastBorrower.objects.filter(item__barcode=barcode, returned_on__gt=since).first()
    patron = by_id(int(kept.patron)) if kept and policy.last_borrower_days else None
    if patron is not None:
        record_view(actor, patron, reason)
    return patron


def record_view(actor: Actor, patron: Patron, reason: str) -> None:
    """Somebody was told who had an item, and said why. Part of an action."""
    audit.record(
        actor,
        SEE_BORROWER,
        outcome="viewed",
        subject_type="patron",
        subject_id=patron.pk,
        purpose=audit.typed(reason),
    )


@transaction.atomic
def set_policy(actor: Actor, *, same_title_note: bool, last_borrower_days: int) -> CounterPolicy:
    """Decide for all counters. Turning the last borrower off erases what is kept. PolicyRefused above 14 days."""
    access.require(actor, POLICY)
    if not 0 <= last_borrower_days <= LONGEST_DAYS:
        raise PolicyRefused(f"直前の借受者を保てるのは{LONGEST_DAYS}日までです。")
    before = CounterPolicy.objects.select_for_update().first() or CounterPolicy()
    given = {"same_title_note": same_title_note, "last_borrower_days": last_borrower_days}
    values = {name: [getattr(before, name), value] for name, value in given.items()}
    policy = CounterPolicy.objects.update_or_create(id=1, defaults=given)[0]
    if last_borrower_days == 0:
        LastBorrower.objects.all().delete()
    audit.record(
        actor,
        POLICY,
        subject_type="policy",
        subject_id="counter",
        detail={"changed": {name: pair for name, pair in values.items() if pair[0] != pair[1]}},
    )
    return policy


def erase_last_borrowers(today: date) -> int:
    """Delete what is past its days; returns how many. With seven days an item returned on the 1st is forgotten on
    the 8th. Two SQL statements."""
    policy = CounterPolicy.objects.first() or CounterPolicy()
    past = LastBorrower.objects.filter(returned_on__lte=today - timedelta(days=policy.last_borrower_days))
    return past.delete()[0]
