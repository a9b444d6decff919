"""The hold shelf: contacts, extensions, what is overdue for collection; and what is looked for on other shelves."""

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from app.access import actions as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.branches.models import Branch
from app.branches.queries import closing_of
from app.branches.rules import add_open_days
from app.catalog.models import Item
from app.holds.actions import shelving
from app.holds.actions.allocation import Next, look_on_shelves
from app.holds.actions.changing import cancel_as, locked_hold, log
from app.holds.actions.operations import CHANGE, CONTACT, HANDLE, HoldRefused
from app.holds.models import Contact, Hold, HoldEntry, Missed, Status
from app.web.wording import wording

REACHED = (HoldEntry.Result.SENT, HoldEntry.Result.TOLD, HoldEntry.Result.MESSAGE)


@transaction.atomic
def note_contact(
    actor: Actor, hold_id: int, method: str, result: str, text: str = "", now: datetime | None = None
) -> Hold:
    """Keep one try to tell the patron: how, with what result, who, when (F-RSV-018).

    One that reached the patron starts the shelf days, at the first time; for holds fetched together it counts for all.
    HoldRefused when the item is not ready, or others of まとめて受取 are still missing.
    """
    access.require(actor, CONTACT)
    now = now or timezone.now()
    hold = locked_hold(hold_id)
    if hold.status != Status.READY:
        raise HoldRefused("not_ready", wording("holds.shelf.not_ready", "まだ用意できていない予約です。"))
    if method not in Contact.values or result not in HoldEntry.Result.values:
        raise HoldRefused(
            "unknown_choice", wording("holds.shelf.unknown_choice", "連絡方法と結果を選び直してください。")
        )
    if not shelving.complete(hold):
        raise HoldRefused(
            "incomplete", wording("holds.shelf.incomplete", "まとめて受け取る予約です。全部そろってから連絡します。")
        )
    for one in shelving.together(hold):
        log(one, actor, HoldEntry.Kind.CONTACT, text, now, method, result)
        if result in REACHED and one.contacted_on is None:
            shelving.start_days(one, timezone.localdate(now))
    audit.record(actor, CONTACT, subject_type="hold", subject_id=hold.pk, detail={"result": result})
    hold.refresh_from_db(fields=["contacted_on", "keep_until"])
    return hold


@transaction.atomic
def extend(actor: Actor, hold_id: int, open_days: int, now: datetime | None = None, until: date | None = None) -> Hold:
    """Keep it longer: so many open days of the place from today, or until a day."""
    access.require(actor, CHANGE)
    now = now or timezone.now()
    today = timezone.localdate(now)
    hold = locked_hold(hold_id)
    if hold.status != Status.READY:
        raise HoldRefused("not_ready", wording("holds.shelf.not_ready_2", "取置中の予約ではありません。"))
    if until is None and not 1 <= open_days <= 60:
        raise HoldRefused("days", wording("holds.shelf.days", "延長する日数は1から60までの数で入力してください。"))
    last = until or add_open_days(today, open_days, closing_of(hold.pickup, today))
    if last < today:
        raise HoldRefused("days", wording("holds.shelf.days_2", "取置期限は今日より前にできません。"))
    before = f"{hold.keep_until:%m/%d}" if hold.keep_until else "なし"
    hold.keep_until = last
    hold.save(update_fields=["keep_until"])
    log(hold, actor, HoldEntry.Kind.EXTEND, f"{before}→{last:%m/%d}", now)
    audit.record(actor, CHANGE, subject_type="hold", subject_id=hold.pk, detail={"extended": True})
    return hold


@transaction.atomic
def expire(actor: Actor, hold_id: int, here: Branch | None, now: datetime | None = None) -> Next | None:
    """End a hold that was not collected in time; with `here` the next in line gets the item at once, and the answer
    carries the slip (F-RSV-014). HoldRefused when it is not past its last day."""
    now = now or timezone.now()
    last = Hold.objects.filter(pk=hold_id, status=Status.READY).values_list("keep_until", flat=True).first()
    if last is None or last >= timezone.localdate(now):
        raise HoldRefused("not_late", wording("holds.shelf.not_late", "取置期限を過ぎた予約ではありません。"))
    return cancel_as(actor, hold_id, Status.EXPIRED, now, here)


@transaction.atomic
def not_found(actor: Actor, hold_id: int, kind: str, now: datetime | None = None) -> Hold:
    """The copy that was looked for is not on its shelf, or in use: on to the next candidate (F-RSV-012).

    The copy is no candidate until it is seen again; the returned hold says what is looked for now (its `item`), or
    waits. HoldRefused when it is looked for no more.
    """
    access.require(actor, HANDLE)
    now = now or timezone.now()
    hold = locked_hold(hold_id)
    if hold.status != Status.PULL or hold.item is None:
        raise HoldRefused("not_pulled", wording("holds.shelf.not_pulled", "抜出しの対象ではなくなった予約です。"))
    if kind not in Missed.Kind.values:
        raise HoldRefused("unknown_choice", wording("holds.shelf.unknown_choice_2", "結果を選び直してください。"))
    item = hold.item
    Missed.objects.get_or_create(
        item=item, defaults={"kind": kind, "branch": item.branch, "since": timezone.localdate(now)}
    )
    shelving.back_to_queue(hold)
    log(hold, actor, HoldEntry.Kind.MISS, f"{item.branch.short} {item.call_number}", now)
    look_on_shelves([hold.record_id], now)
    return Hold.objects.select_related("item__branch", "record").get(pk=hold.pk)


@transaction.atomic
def found_again(actor: Actor, item_id: int) -> None:
    """The copy stands on its shelf after all."""
    access.require(actor, HANDLE)
    record_id = Item.objects.values_list("record_id", flat=True).get(pk=item_id)
    if Missed.objects.filter(item_id=item_id).delete()[0]:
        look_on_shelves([record_id], timezone.now())
