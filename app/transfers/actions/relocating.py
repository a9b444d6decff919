"""一時移管: items that stand at another place or shelf until a day. The item's own row says where it stands now; the
relocation remembers where it belongs."""

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from app.access import actions as access
from app.access.actor import Actor
from app.access.operations import LIBRARIAN, declare
from app.audit import actions as audit
from app.branches.models import Branch
from app.catalog import search
from app.catalog.models import Item
from app.transfers.actions.moving import TransferRefused, plan
from app.transfers.models import Reason, Relocation

RELOCATE = declare("transfers.relocate", "資料を一時移管する", roles=(LIBRARIAN,))


@transaction.atomic
def relocate(
    actor: Actor,
    barcode: str,
    to_branch: Branch,
    until: date,
    purpose: str,
    to_location: str = "",
    now: datetime | None = None,
) -> Relocation:
    """From now until a day (with it) the item belongs to another place or shelf. TransferRefused says why not.

    An item that is not at that place is put on its way there; one on loan goes there when it comes back.
    """
    access.require(actor, RELOCATE)
    now = now or timezone.now()
    known = Item.objects.select_for_update(no_key=True).filter(barcode=barcode).values_list("pk", flat=True).first()
    item = Item.objects.select_related("branch").filter(pk=known).first()
    if item is None:
        raise TransferRefused(f"資料番号 {barcode} は登録されていません。番号を確かめてください。")
    if until < timezone.localdate(now):
        raise TransferRefused("期限は今日以後の日にしてください。")
    if not purpose.strip():
        raise TransferRefused("目的（展示の名前など）を入力してください。")
    if Relocation.objects.filter(item=item).exists():
        raise TransferRefused("この資料はすでに一時移管中です。先に戻してください。")
    if item.holds.filter(status__in=["transit", "ready"]).exists():
        raise TransferRefused("予約の取置き・回送中の資料です。予約が済んでから移してください。")
    home, location = item.branch, to_location.strip()[:40]
    if to_branch.pk == home.pk and location in ("", item.location):
        raise TransferRefused("いまと同じ館・所在です。移す先を選び直してください。")
    made = Relocation.objects.create(
        item=item,
        home_branch=home,
        home_location=item.location,
        to_branch=to_branch,
        to_location=location,
        until=until,
        purpose=purpose.strip()[:60],
    )
    item.branch, item.location = to_branch, location or item.location
    Item.objects.filter(pk=item.pk).update(branch=to_branch, location=item.location)
    search.index([item.record_id])
    if to_branch.pk != home.pk and not item.loans.exists():
        plan(item, home, to_branch, Reason.RELOCATE, now)
    audit.record(
        actor, RELOCATE, subject_type="item", subject_id=barcode, detail={"to": to_branch.code, "until": str(until)}
    )
    return made


@transaction.atomic
def end(actor: Actor, relocation_ids: list[int], now: datetime | None = None) -> int:
    """These go back: the next scan of each sends it home, or shelves it (holds.actions.in_hand); returns how many."""
    access.require(actor, RELOCATE)
    count = Relocation.objects.filter(pk__in=relocation_ids, ended_at=None).update(ended_at=now or timezone.now())
    if count:
        audit.record(actor, RELOCATE, subject_type="item", detail={"ended": count})
    return count
