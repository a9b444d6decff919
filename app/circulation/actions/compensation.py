"""Compensation (弁償) for what was lost or spoilt: opened on a loan, stopped when the item comes back, or settled.

While it goes on the item stays on loan, no reminder speaks of it, and nobody with it can leave the register. Settling
marks the loan; the night ends it and withdraws the item, all of a day together: a withdrawal logged beside a patron's
page would tell who had it. An undamaged item that comes back ends everything like any return.
"""

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from app.access import actions as access
from app.access.actor import Actor, system
from app.audit import actions as audit
from app.catalog import actions as catalog
from app.catalog.codes import ShelfStatus
from app.circulation.actions.locking import lock_item
from app.circulation.actions.operations import COMPENSATE
from app.circulation.models import Loan
from app.web.wording import wording


class CompensationRefused(Exception):
    """Why it cannot be; a sentence for the screen."""


def _loan(actor: Actor, barcode: str) -> Loan:
    """The loan of an item, both locked, of a library where the actor may do this. CompensationRefused when it is
    unknown or not on loan."""
    access.require(actor, COMPENSATE)
    hand = lock_item(barcode)
    if hand is None:
        raise CompensationRefused(f"資料番号 {barcode} は登録されていません。")
    loan = Loan.objects.select_for_update(of=("self",)).select_related("branch").filter(item=hand.item).first()
    if loan is None:
        raise CompensationRefused(
            "貸出中の資料ではありません。返却済みの資料の汚破損は、汚破損メモに記録してください。"
        )
    access.require(actor, COMPENSATE, loan.branch)
    return loan


@transaction.atomic
def open_compensation(actor: Actor, barcode: str, cause: str, now: datetime | None = None) -> Loan:
    """Open a compensation for an item on loan; opened again it stays as it is."""
    if cause not in Loan.Compensation.values:
        raise CompensationRefused("弁償の事由を選んでください。")
    loan = _loan(actor, barcode)
    if not loan.compensation:
        loan.compensation, loan.compensation_on = cause, timezone.localdate(now)
        loan.save(update_fields=["compensation", "compensation_on"])
        _log(actor, loan, "opened", cause)
    return loan


@transaction.atomic
def stop_compensation(actor: Actor, barcode: str) -> None:
    """It was a mistake, or what was settled today was not: the loan goes on as an ordinary one."""
    loan = _loan(actor, barcode)
    if not loan.compensation:
        return
    step = "reopened" if loan.settled else "stopped"
    loan.settled = ""
    if step == "stopped":
        loan.compensation, loan.compensation_on = "", None
    loan.save(update_fields=["compensation", "compensation_on", "settled"])
    _log(actor, loan, step)


@transaction.atomic
def settle_compensation(actor: Actor, barcode: str, way: str) -> None:
    """The patron has made good; the coming night ends the loan and withdraws the item."""
    if way not in Loan.Settled.values:
        raise CompensationRefused("弁償の方法を選んでください。")
    loan = _loan(actor, barcode)
    if not loan.compensation:
        raise CompensationRefused("弁償の手続き中の資料ではありません。先に手続きを始めてください。")
    if loan.settled != way:
        loan.settled = way
        loan.save(update_fields=["settled"])
        _log(actor, loan, "settled", way)


def stopped_note(loan: Loan) -> tuple[str, ...]:
    """What the counter says when an item comes back whose compensation was going on, or settled today."""
    if loan.settled == Loan.Settled.MONEY:
        said = "弁償（実費の納付）が済んだ資料です。返金が要るか担当者に確かめてください。"
        return (wording("circulation.compensation.paid", said),)
    if loan.compensation:
        return (wording("circulation.compensation.stopped", "弁償の手続きを止めました。"),)
    return ()


def write_off(today: date) -> int:
    """End the loans whose compensation was settled and withdraw their items; returns how many. For the night.

    Each item in its own transaction, in the items' own order.
    """
    actor = system("circulation.write_off")
    settled = Loan.objects.exclude(settled="").order_by("item_id").values_list("pk", "item_id")
    count = 0
    for pk, item_id in list(settled):
        with transaction.atomic():
            if Loan.objects.filter(pk=pk).exclude(settled="").delete()[0]:
                catalog.update_item(actor, item_id, {"status": ShelfStatus.WITHDRAWN})
                count += 1
    return count


def _log(actor: Actor, loan: Loan, step: str, what: str = "") -> None:
    """That it happened, at which library the loan was made; neither item nor patron."""
    audit.record(
        actor, COMPENSATE, subject_type="branch", subject_id=loan.branch.code, detail={"step": step, "what": what}
    )
