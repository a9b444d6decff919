"""Items on their way: decided, sent, arrived.

Where an item goes is decided by `app.holds.actions.in_hand`, which alone knows the holds; this module keeps the way.
Nothing here is written to the audit log with an item: arrivals and hand-overs at one desk within seconds would lay
item and patron side by side.
"""

from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from app.access import actions as access
from app.access.actor import Actor
from app.access.operations import declare
from app.audit import actions as audit
from app.branches.models import Branch
from app.branches.queries import arrival_on
from app.catalog.models import Item
from app.transfers.models import Run, Transfer

SEND = declare("transfers.send", "資料を回送する・到着を受け付ける")
VIEW = declare("transfers.view", "回送の一覧を見る", kind="view")


class TransferRefused(Exception):
    """The request cannot be carried out; the text is a sentence for the screen."""


def plan(item: Item, from_branch: Branch, to_branch: Branch, reason: str, now: datetime, note: str = "") -> Transfer:
    """Note that an item has to go from one place to another by the next run; the same again changes nothing.

    For other actions, inside their transaction, with the item locked. At most four SQL statements.
    """
    there = Transfer.objects.filter(item=item).first()
    if there is not None:
        same = (there.from_branch_id, there.to_branch_id) == (from_branch.pk, to_branch.pk)
        if same and there.reason == reason:
            return there
        there.delete()
    made = Transfer(
        item=item,
        from_branch=from_branch,
        to_branch=to_branch,
        reason=reason,
        note=note[:60],
        run=next_run(now),
        expected_on=arrival_on(to_branch, timezone.localdate(now)),
        decided_at=now,
    )
    made.save(force_insert=True)
    return made


def next_run(now: datetime) -> Run | None:
    """The first run that leaves after this moment, the first of tomorrow when today's have left. One SQL statement."""
    runs = list(Run.objects.filter(is_active=True).order_by("leaves_at"))
    clock = timezone.localtime(now).time()
    return next((run for run in runs if run.leaves_at >= clock), runs[0] if runs else None)


def finish(item_id: int, branch: Branch, now: datetime) -> bool:
    """End the item's way at this place and count it; whether it was on its way. For other actions. Two statements."""
    there = Transfer.objects.filter(item_id=item_id).first()
    if there is None:
        return False
    there.delete()
    if there.to_branch_id == branch.pk:
        _count(there, timezone.localdate(now))
    return True


def drop(item_id: int) -> None:
    """Forget the item's way: somebody has it now. For other actions. One SQL statement."""
    Transfer.objects.filter(item_id=item_id).delete()


def _count(there: Transfer, on: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO transfers_transferstatistic (on_date, from_branch_id, to_branch_id, reason, items)"
            " VALUES (%s, %s, %s, %s, 1) ON CONFLICT (on_date, from_branch_id, to_branch_id, reason)"
            " DO UPDATE SET items = transfers_transferstatistic.items + 1",
            [on, there.from_branch_id, there.to_branch_id, there.reason],
        )


@transaction.atomic
def send(
    actor: Actor,
    item: Item,
    to_branch: Branch,
    reason: str,
    from_branch: Branch | None = None,
    now: datetime | None = None,
) -> Transfer:
    """The item leaves for another place now (回送中). Sending what has been sent changes nothing.

    `from_branch` is where it stands, by default the item's own place. TransferRefused for what somebody has at home,
    what waits on a hold shelf, and what a hold wants elsewhere.
    """
    access.require(actor, SEND)
    now = now or timezone.now()
    Item.objects.select_for_update(no_key=True).get(pk=item.pk)
    _may_leave(item, to_branch)
    made = plan(item, from_branch or item.branch, to_branch, reason, now)
    if made.sent_at is None:
        made.sent_at = now
        made.save(update_fields=["sent_at"])
        audit.record(actor, SEND, subject_type="branch", subject_id=to_branch.code)
    return made


def _may_leave(item: Item, to_branch: Branch) -> None:
    # The states of holds by name: this area lies below theirs.
    if item.loans.exists():
        raise TransferRefused("貸出中の資料です。返却（F3）で受け取ってください。")
    hold = item.holds.filter(status__in=["transit", "ready"]).select_related("pickup").first()
    if hold is not None and hold.status == "ready":
        raise TransferRefused("予約の取置棚にある資料です。予約の受取館を変えるか、取置きを取り消してください。")
    if hold is not None and hold.pickup_id != to_branch.pk:
        raise TransferRefused(f"予約のため{hold.pickup.name}へ送る資料です。行き先を確かめてください。")


@transaction.atomic
def arrive(actor: Actor, item: Item, branch: Branch, now: datetime | None = None) -> bool:
    """The item's way ends at this place; whether it was on its way. Where it goes next says holds.actions.in_hand."""
    access.require(actor, SEND, branch)
    Item.objects.select_for_update(no_key=True).get(pk=item.pk)
    return finish(item.pk, branch, now or timezone.now())


@transaction.atomic
def send_all(actor: Actor, from_branch: Branch, run: Run | None, to_branch: Branch | None, now: datetime) -> int:
    """The van takes what waits here for a run (and destination); returns how many items left."""
    access.require(actor, SEND, from_branch)
    waiting = Transfer.objects.filter(from_branch=from_branch, run=run, sent_at=None)
    if to_branch is not None:
        waiting = waiting.filter(to_branch=to_branch)
    count = waiting.update(sent_at=now)
    if count:
        to = to_branch.code if to_branch else ""
        audit.record(actor, SEND, subject_type="branch", subject_id=from_branch.code, detail={"items": count, "to": to})
    return count
