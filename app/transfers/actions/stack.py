"""書庫出納: asking for an item of the closed stack, fetching it, putting it back. Nobody's name is in it."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from app.access import actions as access
from app.access.actor import Actor
from app.access.operations import declare
from app.audit import actions as audit
from app.branches.models import Branch
from app.catalog.codes import ShelfStatus
from app.catalog.models import Item
from app.transfers.actions.moving import TransferRefused
from app.transfers.models import StackRequest

STACK = declare("transfers.stack", "書庫資料の出納を扱う")


def _item(barcode: str) -> Item:
    known = Item.objects.select_for_update(no_key=True).filter(barcode=barcode).values_list("pk", flat=True).first()
    if known is None:
        raise TransferRefused(f"資料番号 {barcode} は登録されていません。番号を確かめてください。")
    return Item.objects.select_related("record", "branch").defer("record__marc").get(pk=known)


@transaction.atomic
def request(actor: Actor, barcode: str, desk: Branch, now: datetime | None = None) -> StackRequest:
    """A desk asks for an item of the closed stack. The same again changes nothing; TransferRefused says why not."""
    access.require(actor, STACK)
    item = _item(barcode)
    if item.status != ShelfStatus.CLOSED_STACK:
        raise TransferRefused("書庫の資料ではありません。棚を見てください。")
    if item.loans.exists():
        raise TransferRefused("貸出中の資料です。")
    made, new = StackRequest.objects.get_or_create(
        item=item, defaults={"desk": desk, "requested_at": now or timezone.now()}
    )
    if not new and made.desk_id != desk.pk:
        raise TransferRefused(f"{made.desk.name}がすでに請求しています。")
    if new:
        audit.record(actor, STACK, subject_type="branch", subject_id=desk.code)
    return made


@transaction.atomic
def take_slips(actor: Actor, branch: Branch, now: datetime | None = None) -> list[StackRequest]:
    """The requests for this place's stack that were not printed yet, marked as printed: each comes out once, even when
    two pages ask. With item, record and desk."""
    access.require(actor, STACK)
    fresh = (
        StackRequest.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("item__record", "desk")
        .defer("item__record__marc")
        .filter(item__branch=branch, printed_at=None)
    )
    taken = list(fresh.order_by("requested_at", "pk"))
    StackRequest.objects.filter(pk__in=[one.pk for one in taken]).update(printed_at=now or timezone.now())
    return taken


@transaction.atomic
def scan(actor: Actor, barcode: str, now: datetime | None = None) -> tuple[Item, str]:
    """At the stack: the first scan of a requested item fetches it (`fetched`), the next puts it back (`put_back`).

    TransferRefused for an item that nobody asked for."""
    access.require(actor, STACK)
    item = _item(barcode)
    asked = StackRequest.objects.select_for_update().filter(item=item).first()
    if asked is None:
        raise TransferRefused("請求のない資料です。そのまま書庫の棚へ戻してください。")
    if asked.fetched_at is None:
        asked.fetched_at = now or timezone.now()
        asked.printed_at = asked.printed_at or asked.fetched_at
        asked.save(update_fields=["fetched_at", "printed_at"])
        done = "fetched"
    else:
        asked.delete()
        done = "put_back"
    audit.record(actor, STACK, subject_type="branch", subject_id=item.branch.code, detail={"act": done})
    return item, done
