"""Cancelling, changing, suspending, reordering, joining holds."""

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from app.access import actions as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.branches.models import Branch
from app.catalog.models import Item
from app.holds import rules
from app.holds.actions import shelving
from app.holds.actions.allocation import Next, in_hand, lock_around, look_on_shelves
from app.holds.actions.operations import CHANGE, REORDER, HoldRefused
from app.holds.actions.placing import may_ask
from app.holds.models import OPEN, Contact, Hold, HoldEntry, HoldSet, Status
from app.transfers import actions as transfers
from app.transfers.models import Reason, Transfer

OVER_ALREADY = "この予約はすでに終わっています。"


def locked_hold(hold_id: int) -> Hold:
    """One open hold with item and record; its item is locked before it, and with it every hold that the same act can
    touch. HoldRefused when it is over or gone."""
    seen = Hold.objects.filter(pk=hold_id).values_list("item_id", "record_id").first()
    if seen is None:
        raise HoldRefused("over", OVER_ALREADY)
    bound, record_id = seen
    if bound is not None:
        Item.objects.select_for_update(no_key=True).filter(pk=bound).first()
    around = lock_around([record_id], wide=True)
    hold = next((hold for hold in around if hold.pk == hold_id and hold.status in OPEN), None)
    if hold is None:
        raise HoldRefused("over", OVER_ALREADY)
    if hold.item_id not in (None, bound):
        raise HoldRefused("moved", "ほかの端末がこの予約を扱いました。もう一度開いてください。")
    return hold


def log(hold: Hold, actor: Actor, kind: str, text: str, now: datetime, method: str = "", result: str = "") -> None:
    """One line in the hold's own history. One SQL statement."""
    by = actor.number if actor.kind == "staff" else {"patron": "本人"}.get(actor.kind, "自動")
    HoldEntry.objects.create(hold=hold, at=now, by=by, kind=kind, text=text[:200], method=method, result=result)


@transaction.atomic
def cancel(actor: Actor, hold_id: int, now: datetime | None = None, *, here: Branch | None = None) -> Next | None:
    """Cancel an open hold, by staff or by its patron.

    An item on its way is given to the next in line when it arrives. One on the hold shelf has to be taken off: with
    `here` (staff at that shelf) it goes to the next in line at once and the answer says where; without, it joins the
    list of items to take off. HoldRefused when the hold is over.
    """
    return cancel_as(actor, hold_id, Status.CANCELLED, now or timezone.now(), here)


def cancel_as(actor: Actor, hold_id: int, status: str, now: datetime, here: Branch | None) -> Next | None:
    """The same, cancelled or expired. For other actions."""
    hold = locked_hold(hold_id)
    may_ask(actor, hold.patron_id, CHANGE)
    item, was = hold.item, hold.status
    by_self = actor.kind == "patron"
    why = "取置期限が過ぎたため" if status == Status.EXPIRED else "本人の取消" if by_self else "窓口での取消"
    shelving.end(hold, status, why, now)
    audit.record(actor, CHANGE, subject_type="hold", subject_id=hold.pk, detail={"ended": status, "was": was})
    if was == Status.PULL or hold.belongs_to_id:
        records = [hold.record_id, *_siblings(hold)]
        look_on_shelves(records, now)
    if was == Status.READY and here is not None and item is not None and here.pk == hold.pickup_id:
        return in_hand(actor, item, here, now)
    return None


def _siblings(hold: Hold) -> list[int]:
    """Records of the same set: a volume that ends lets the next one be looked for."""
    if not hold.belongs_to_id:
        return []
    return list(Hold.objects.filter(belongs_to=hold.belongs_to_id, status__in=OPEN).values_list("record_id", flat=True))


@transaction.atomic
def change(
    actor: Actor,
    hold_id: int,
    *,
    pickup: Branch | None = None,
    contact: str = "",
    note: str | None = None,
    now: datetime | None = None,
) -> Hold:
    """Another place of collection or way of telling, before and after allocation.

    On its way to the old place the item goes on from there; on the hold shelf it is put on its way from it.
    """
    now = now or timezone.now()
    hold = locked_hold(hold_id)
    may_ask(actor, hold.patron_id, CHANGE)
    said = []
    if contact and contact != hold.contact:
        if contact not in Contact.values:
            raise HoldRefused("unknown_choice", "連絡方法を選び直してください。")
        said.append(f"連絡方法 {hold.get_contact_display()}→{Contact(contact).label}")
        hold.contact = contact
    if note is not None and note != hold.note:
        hold.note = note[:100]
        said.append("覚え")
    hold.save(update_fields=["contact", "note"])
    if pickup is not None and pickup.pk != hold.pickup_id:
        if not pickup.is_active:
            raise HoldRefused("pickup_closed", "受取館に選べない館です。別の館を選んでください。")
        said.append(f"受取館 {hold.pickup.short}→{pickup.short}")
        _move(hold, pickup, now)
    if said:
        log(hold, actor, HoldEntry.Kind.CHANGE, "、".join(said), now)
        audit.record(actor, CHANGE, subject_type="hold", subject_id=hold.pk, detail={"changed": len(said)})
    return hold


def _move(hold: Hold, pickup: Branch, now: datetime) -> None:
    old, was, number = hold.pickup, hold.status, hold.shelf_number
    hold.pickup = pickup
    if was in (Status.WAITING, Status.PULL):
        hold.save(update_fields=["pickup"])
        look_on_shelves([hold.record_id], now)
        return
    assert hold.item is not None
    if was == Status.READY:
        shelving.on_its_way(hold)
        transfers.plan(hold.item, old, pickup, Reason.HOLD, now, note=f"取置棚 {number} 番から")
        shelving.touch(None, hold.item_id)
        return
    hold.save(update_fields=["pickup"])
    way = Transfer.objects.select_related("from_branch").filter(item=hold.item).first()
    if way is not None and way.sent_at is None and way.from_branch_id != pickup.pk:
        transfers.plan(hold.item, way.from_branch, pickup, Reason.HOLD, now)
        shelving.touch(None, hold.item_id)


@transaction.atomic
def suspend(actor: Actor, hold_id: int, since: date | None, until: date | None, now: datetime | None = None) -> Hold:
    """Pass the hold over from one day to another, both with it, keeping its place in the queue (F-RSV-023).

    Two empty days resume it. A hold whose item is in hand already cannot be suspended.
    """
    now = now or timezone.now()
    hold = locked_hold(hold_id)
    may_ask(actor, hold.patron_id, CHANGE)
    if hold.status not in (Status.WAITING, Status.PULL):
        raise HoldRefused("allotted", "すでに資料を用意しているため、休止できません。")
    if since is not None and until is not None and until < since:
        raise HoldRefused("order", "休止の終了日は開始日より後にしてください。")
    hold.suspended_from, hold.suspended_until = since, until
    hold.save(update_fields=["suspended_from", "suspended_until"])
    said = f"休止 {since or ''}～{until or ''}" if since or until else "再開"
    log(hold, actor, HoldEntry.Kind.CHANGE, said, now)
    audit.record(actor, CHANGE, subject_type="hold", subject_id=hold.pk, detail={"suspended": bool(since or until)})
    look_on_shelves([hold.record_id], now)
    return hold


@transaction.atomic
def reorder(actor: Actor, hold_id: int, place: int, reason: str, now: datetime | None = None) -> int:
    """Move a hold to a place in its record's queue (from 1); returns its place. A reason is required (F-RSV-006).

    Only holds whose item is not in hand stand in the queue. Who, when and why stay in the hold's history and the log.
    """
    access.require(actor, REORDER)
    if not reason.strip():
        raise HoldRefused("reason", "順位を変える理由を入力してください。")
    now = now or timezone.now()
    record_id = Hold.objects.filter(pk=hold_id).values_list("record_id", flat=True).first()
    line = sorted(
        (
            hold
            for hold in lock_around([record_id] if record_id else [])
            if hold.record_id == record_id and hold.status in (Status.WAITING, Status.PULL)
        ),
        key=lambda hold: (hold.queue_at, hold.pk),
    )
    was = next((n for n, hold in enumerate(line) if hold.pk == hold_id), None)
    if was is None:
        raise HoldRefused("over", "この予約は順番待ちではありません。")
    times = rules.queue_times(hold.queue_at for hold in line)
    by_id = {hold.pk: hold for hold in line}
    order = rules.reordered([hold.pk for hold in line], was, place - 1)
    for pk, moment in zip(order, times, strict=True):
        if by_id[pk].queue_at != moment:
            by_id[pk].queue_at = moment
            by_id[pk].save(update_fields=["queue_at"])
    now_at = order.index(hold_id) + 1
    log(by_id[hold_id], actor, HoldEntry.Kind.MOVE, f"{was + 1}位→{now_at}位 {reason}", now)
    detail = {"from": was + 1, "to": now_at}
    audit.record(
        actor, REORDER, subject_type="hold", subject_id=hold_id, purpose=audit.typed(reason[:100]), detail=detail
    )
    look_on_shelves([record_id], now)
    return now_at


@transaction.atomic
def join(actor: Actor, hold_ids: list[int], kind: str, now: datetime | None = None) -> HoldSet:
    """Make a set of one patron's holds, in the given order: series, together or any. HoldRefused when they are not
    one patron's, or one of them is in a set, or in hand, already."""
    now = now or timezone.now()
    if len(set(hold_ids)) < 2 or kind not in HoldSet.Kind.values:
        raise HoldRefused("too_few", "組にする予約を2件以上選んでください。")
    records = Hold.objects.filter(pk__in=hold_ids).values_list("record_id", flat=True)
    holds = [hold for hold in lock_around(records) if hold.pk in hold_ids and hold.status in OPEN]
    if len(holds) != len(set(hold_ids)) or len({hold.patron_id for hold in holds}) != 1:
        raise HoldRefused("strangers", "同じ利用者の、続いている予約だけを組にできます。")
    may_ask(actor, holds[0].patron_id, CHANGE)
    if any(hold.belongs_to_id or hold.status in (Status.TRANSIT, Status.READY) for hold in holds):
        raise HoldRefused("allotted", "すでに用意した予約や、ほかの組の予約は組にできません。")
    made = HoldSet.objects.create(kind=kind, patron_id=holds[0].patron_id)
    for hold in holds:
        hold.belongs_to, hold.set_order = made, hold_ids.index(hold.pk) + 1
        hold.save(update_fields=["belongs_to", "set_order"])
    audit.record(actor, CHANGE, subject_type="hold", subject_id=holds[0].pk, detail={"set": kind, "size": len(holds)})
    look_on_shelves([hold.record_id for hold in holds], now)
    return made
