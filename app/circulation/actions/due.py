"""A due date set by hand, with a reason."""

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from app.access import actions as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.branches.models import Branch
from app.branches.queries import closing_of
from app.circulation import queries, rules
from app.circulation.actions.locking import lock_item, unknown
from app.circulation.actions.operations import CHANGE_DUE
from app.circulation.actions.outcome import Outcome
from app.web.wording import wording


@transaction.atomic
def change_due(
    actor: Actor, barcode: str, due_on: date, reason: str, branch: Branch, now: datetime | None = None
) -> Outcome:
    """Give a loan (and the other pieces of its set) another due date, with a reason.

    The day is an open one of the place that lent it: its closures move the date later on. Who and why stand with the
    loan while it lasts, and in the log with both dates, without patron and item.
    """
    access.require(actor, CHANGE_DUE, branch)
    now, reason = now or timezone.now(), " ".join(reason.split())[:100]
    hand = lock_item(barcode)
    if hand is None:
        return unknown(barcode)
    loans = queries.loans_to_end(hand.ids)
    loan = next((one for one in loans if one.item_id == hand.item.pk), None)
    if loan is None:
        return Outcome("bad", "not_out", wording("circulation.due.not_out", "貸出中の資料ではありません。"), hand.item)
    problem = rules.due_problem(
        due_on, timezone.localdate(now), closing_of(branch if loan.branch_id == branch.pk else loan.branch)
    )
    if not reason:
        problem = problem or wording("circulation.due.change_due", "期限を変える理由を入力してください。")
    if problem:
        return Outcome("bad", "bad_due", problem, hand.item, loan.due_on)
    if loan.due_on == due_on:
        return Outcome(
            "info",
            "same_scan",
            wording("circulation.due.same_scan", "返却期限は{due_on}です。", due_on=f"{due_on:%m/%d}"),
            hand.item,
            due_on,
        )
    before = loan.due_on
    for one in loans:
        if one.patron_id == loan.patron_id:
            one.due_on, one.due_changed_by, one.due_reason = due_on, actor.number, reason
            one.save(update_fields=["due_on", "due_changed_by", "due_reason"])
    audit.record(
        actor,
        CHANGE_DUE,
        subject_type="branch",
        subject_id=branch.code,
        purpose=audit.typed(reason),
        detail={"from": before.isoformat(), "to": due_on.isoformat()},
    )
    return Outcome(
        "ok",
        "change_due",
        wording("circulation.due.change_due_2", "返却期限を{due_on}に変更しました。", due_on=f"{due_on:%m/%d}"),
        hand.item,
        due_on,
    )
