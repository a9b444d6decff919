"""Giving back: no card, one transaction, and from then on nothing says who had the item."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from app.access import actions as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.branches.models import Branch
from app.branches.queries import closing_of
from app.catalog import actions as catalog
from app.catalog.codes import ShelfStatus
from app.circulation import queries, rules
from app.circulation.actions import holding, last_borrower, sealing, statistics
from app.circulation.actions.asking import attachments_ask, restore_ask
from app.circulation.actions.compensation import stopped_note
from app.circulation.actions.in_library import note_use
from app.circulation.actions.locking import InHand, lock_item, unknown
from app.circulation.actions.operations import GIVE_BACK
from app.circulation.actions.outcome import NOTHING, Answers, Ask, NextStep, Outcome
from app.circulation.models import HandledToday, Loan, LoanStatistic
from app.web.wording import wording

COME_BACK = (ShelfStatus.MISSING, ShelfStatus.WITHDRAWN)
SHORT = "付属物が足りないまま返却"


@dataclass(frozen=True)
class Ended:
    """What came of it, and what the undoing needs: the loan that ended, the day it ended, whether that was counted."""

    outcome: Outcome
    loan: Loan | None = None
    on_date: date = date.min
    counted: bool = False


def give_back(
    actor: Actor,
    barcode: str,
    branch: Branch,
    *,
    now: datetime | None = None,
    on_date: date | None = None,
    answers: Answers = NOTHING,
    in_library: bool = False,
) -> Outcome:
    """Take one item back at a branch, whoever had it. The patron's name is in no part of the answer.

    From here on nothing says who had the item. A second scan is told apart and counted nowhere. `on_date` sets the
    day of return back (book drop); `in_library` counts an item that is not on loan as used in the house. `next_step`
    and `slips` say where the item goes; `undo` takes the return back within minutes.
    Nine SQL statements for a plain return; two more at the first of a day, three at the first of each five minutes.
    """
    access.require(actor, GIVE_BACK, branch)
    now = now or timezone.now()
    today = timezone.localdate(now)
    problem = rules.return_day_problem(on_date, today, closing_of(branch)) if on_date else ""
    if problem:
        return Outcome("bad", "bad_day", problem)
    statistics.settle_once_a_day(today)
    ended = _give_back(actor, barcode, branch, now, on_date or today, answers, in_library)
    if ended.loan is None:
        return ended.outcome
    token = sealing.seal_return(actor, ended.loan, barcode, branch.pk, ended.on_date, ended.counted, now)
    return replace(ended.outcome, undo=token)


@transaction.atomic
def _give_back(
    actor: Actor, barcode: str, branch: Branch, now: datetime, on_date: date, answers: Answers, in_library: bool
) -> Ended:
    hand = lock_item(barcode)
    if hand is None:
        return Ended(unknown(barcode))
    loans = queries.loans_to_end(hand.ids)
    loan = next((one for one in loans if one.item_id == hand.item.pk), None)
    asks = _asks(hand, loan, answers)
    if asks:
        return Ended(Outcome("warn", "ask", asks[0].text, hand.item, asks=asks))
    restored = _restore(actor, hand, answers)
    if loan is None:
        return Ended(_not_out(actor, hand, branch, now, in_library, restored))
    lent_on = timezone.localdate(loan.lent_at)
    on_date = max(on_date, lent_on)
    rest = [one for one in loans if one.pk != loan.pk and one.patron_id == loan.patron_id]
    if not rest:
        statistics.count(actor, LoanStatistic.Act.RETURN, loan.patron, hand.item, branch, on_date)
    last_borrower.keep(hand.item, loan.patron_id, timezone.localdate(now))
    Loan.objects.filter(pk=loan.pk).delete()
    statistics.handled(hand.item, HandledToday.What.RETURN, now, lent_on.replace(day=1))
    if "attachments_missing" in answers:
        catalog.note_condition(actor, hand.item, SHORT, timezone.localdate(now))
    way = holding.way_of(actor, hand.item, branch, now)
    audit.record(actor, GIVE_BACK, subject_type="branch", subject_id=branch.code)
    days_late = max(0, (on_date - loan.due_on).days)
    outcome = _returned(hand, way, days_late, len(rest), restored)
    return Ended(replace(outcome, notes=(*outcome.notes, *stopped_note(loan))), loan, on_date, not rest)


def _asks(hand: InHand, loan: Loan | None, answers: Answers) -> tuple[Ask, ...]:
    item, asks = hand.item, ()
    if item.status in COME_BACK and not {"restore", "leave"} & answers.given:
        asks = (restore_ask(item),)
    if loan is not None and not {"attachments", "attachments_missing"} & answers.given:
        asks = (*asks, *attachments_ask([item], "返却"))
    return asks


def _restore(actor: Actor, hand: InHand, answers: Answers) -> bool:
    """A missing or withdrawn item is in stock again, when the question was answered so."""
    if hand.item.status not in COME_BACK or "restore" not in answers:
        return False
    catalog.restore_to_stock(actor, hand.item)
    return True


def _not_out(actor: Actor, hand: InHand, branch: Branch, now: datetime, in_library: bool, restored: bool) -> Outcome:
    item = hand.item
    if queries.handled_since(item.pk, now - queries.SAME_SCAN) and not restored:
        return Outcome(
            "info", "same_scan", wording("circulation.returning.same_scan", "読み取り済みです（返却は1点です）。"), item
        )
    if in_library:
        return note_use(actor, item, branch, now, stack=False)
    if item.status in COME_BACK:
        step = NextStep("keep_back", wording("circulation.returning.keep_back", "棚へ出さず、担当者へ渡してください。"))
        said = wording("circulation.returning.not_out", "「{status}」の資料です。", status=item.get_status_display())
        return Outcome("warn", "not_out", f"{said}{step.text}", item, notes=_condition(hand), next_step=step)
    way = holding.way_of(actor, item, branch, now)
    said = (
        wording("circulation.returning.not_out_2", "在架へ戻しました。")
        if restored
        else wording("circulation.returning.not_out_3", "貸出中の資料ではありません。返却には数えません。")
    )
    code = "restored" if restored else "not_out"
    if restored:
        statistics.handled(item, HandledToday.What.UNDONE, now)
    return Outcome(
        "info" if restored else "warn",
        code,
        said if way.plain else f"{said}{way.step.text}",
        item,
        notes=_condition(hand),
        slips=way.slips,
        next_step=way.step,
    )


def _condition(hand: InHand) -> tuple[str, ...]:
    item = hand.item
    return (f"汚破損: {item.condition}（{item.condition_on:%Y/%m/%d}）",) if item.condition else ()


def _returned(hand: InHand, way: holding.Way, days_late: int, lacking: int, restored: bool) -> Outcome:
    """What the screen says first: a hold, then a missing piece, another library's, lateness, else that it is done."""
    item = hand.item
    late = f"（{days_late}日延滞）" if days_late else ""
    message, tone = f"返却しました{late}。", "ok"
    if days_late or lacking:
        tone = "warn"
    if lacking and item.item_set:
        message += wording(
            "circulation.returning.returned",
            "組「{name}」{count}点のうち{lacking}点不足です。",
            name=item.item_set.name,
            count=len(hand.pieces),
            lacking=lacking,
        )
    if not way.plain:
        message += way.step.text
        tone = "warn" if tone == "warn" else "info"
    notes = _condition(hand)
    if restored:
        notes = (*notes, wording("circulation.returning.returned_2", "在架へ戻しました。"))
    return Outcome(
        tone, "give_back", message, item, notes=notes, days_late=days_late, slips=way.slips, next_step=way.step
    )
