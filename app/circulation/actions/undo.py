"""Taking back a loan or a return that was a mistake: the figures, the counts and the holds as they were before."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from app.access import actions as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.branches.models import Branch
from app.branches.queries import closing_of
from app.branches.rules import next_open
from app.circulation import queries
from app.circulation.actions import holding, last_borrower, sealing, statistics, stops
from app.circulation.actions.locking import InHand, lock_item, lock_patron, unknown
from app.circulation.actions.operations import SEE_BORROWER, UNDO
from app.circulation.actions.outcome import Outcome
from app.circulation.actions.sealing import Sealed
from app.circulation.models import HandledToday, Loan, LoanStatistic
from app.holds import actions as holds
from app.patrons.models import Patron
from app.patrons.queries import by_id
from app.web.wording import wording


@transaction.atomic
def undo_loan(actor: Actor, barcode: str, branch: Branch, now: datetime | None = None) -> Outcome:
    """Take back a loan of today that was a mistake: it is no return, and no figure of it stays.

    A hold that the loan had completed waits again and the item goes where it belongs (`next_step`, `slips`). Refused
    for a loan of an earlier day or one that was extended. The patron's row is not touched: a number of this
    transaction on it and on the item's would say both after the loan is gone. The same scan again changes nothing.
    """
    access.require(actor, UNDO, branch)
    now = now or timezone.now()
    hand = lock_item(barcode)
    if hand is None:
        return unknown(barcode)
    item = hand.item
    loans = queries.loans_to_end(hand.ids)
    loan = next((one for one in loans if one.item_id == item.pk), None)
    if loan is None:
        done = queries.handled_since(item.pk, now - queries.SAME_SCAN)
        said = (
            wording("circulation.undo.undo_loan", "取消済みです。")
            if done
            else wording("circulation.undo.undo_loan_2", "貸出中の資料ではありません。取り消す貸出がありません。")
        )
        return Outcome("info" if done else "warn", "same_scan" if done else "not_out", said, item)
    today = timezone.localdate(now)
    if timezone.localdate(loan.lent_at) != today or loan.renewed:
        return Outcome(
            "bad",
            "undo_too_late",
            wording("circulation.undo.undo_too_late", "当日の貸出だけ取り消せます。返却として読み取ってください。"),
            item,
            loan.due_on,
        )
    pieces = [one for one in loans if (one.patron_id, one.lent_at) == (loan.patron_id, loan.lent_at)]
    statistics.uncount(
        LoanStatistic.Act.LEND,
        loan.patron,
        item,
        loan.branch_id,
        today,
        without_card=loan.without_card,
        terminal=loan.terminal,
    )
    Loan.objects.filter(pk__in=[one.pk for one in pieces]).delete()
    lent = [piece for piece in hand.pieces if piece.pk in {one.item_id for one in pieces}]
    for piece in lent:
        statistics.handled(piece, HandledToday.What.UNDONE, now)
        holds.undo_handed_over(actor, piece, loan.patron, now)
    ways = [holding.way_of(actor, piece, branch, now) for piece in lent]
    way = next((one for one in ways if not one.plain), ways[0])
    audit.record(actor, UNDO, subject_type="branch", subject_id=branch.code, detail={"what": "loan"})
    message = f"貸出を取り消しました。{way.step.text}"
    slips = tuple(slip for one in ways for slip in one.slips)
    return Outcome("info", "undo_loan", message, item, slips=slips, next_step=way.step)


@transaction.atomic
def undo_return(actor: Actor, token: str, now: datetime | None = None) -> Outcome:
    """Put a returned item back on loan with the same patron, due date and everything else, within ten minutes.

    `token` is the `undo` of the return's outcome. What the return had set in motion ends: the item is taken off the
    hold shelf or the van's list, the hold waits at its old place, a stop that had ended with it begins again.
    """
    access.require(actor, UNDO)
    now = now or timezone.now()
    told = sealing.open_return(actor, token, now)
    if told is None:
        return Outcome(
            "bad",
            "undo_too_late",
            wording(
                "circulation.undo.undo_too_late_2",
                "この返却はもう取り消せません。取消は返却した端末で10分以内にできます。",
            ),
        )
    patron = lock_patron(told.patron_id)
    hand = lock_item(told.barcode)
    if hand is None:
        return unknown(told.barcode)
    there = Loan.objects.filter(item=hand.item).first()
    if there is not None:
        again = (there.patron_id, there.lent_at) == (told.patron_id, told.lent_at)
        said = (
            wording("circulation.undo.undo_return", "取消済みです。")
            if again
            else wording("circulation.undo.undo_return_2", "返却の後に貸し出されているため、取り消せません。")
        )
        return Outcome("info" if again else "bad", "same_scan" if again else "on_loan", said, hand.item)
    mark = HandledToday.objects.filter(item=hand.item, what=HandledToday.What.RETURN, at=told.returned_at)
    if not mark.delete()[0]:
        return Outcome(
            "bad",
            "undo_too_late",
            wording("circulation.undo.undo_too_late_3", "この返却は取消済みか、集計済みです。"),
            hand.item,
        )
    if told.counted or _set_was_counted(hand, told):
        statistics.uncount(
            LoanStatistic.Act.RETURN,
            patron,
            hand.item,
            told.return_branch_id,
            told.returned_on,
            terminal=actor.terminal,
        )
    again = holds.undo_in_hand(actor, hand.item, now) if holding.concerned(hand) else []
    loan = _again(hand, told, Branch.objects.get(pk=told.branch_id))
    last_borrower.forget(hand.item)
    if again:
        holds.look_on_shelves(again, now)
    stops.begin_again(patron, timezone.localdate(now))
    audit.record(actor, UNDO, subject_type="branch", subject_id=_code(told), detail={"what": "return"})
    message = wording(
        "circulation.undo.undo_return_3",
        "返却を取り消しました（期限 {due_on} のまま貸出中です）。",
        due_on=f"{loan.due_on:%m/%d}",
    )
    return Outcome("info", "undo_return", message, hand.item, loan.due_on)


def _set_was_counted(hand: InHand, told: Sealed) -> bool:
    """Whether the set of this piece came back completely after it: then its return was counted with another piece."""
    others = [piece.pk for piece in hand.pieces if piece.pk != hand.item.pk]
    return bool(others) and not Loan.objects.filter(item__in=others, patron_id=told.patron_id).exists()


def _again(hand: InHand, told: Sealed, branch: Branch) -> Loan:
    """The loan as it was. A due date whose day was closed meanwhile moves on, as those of all open loans did."""
    closing = closing_of(branch)
    loan = Loan(
        item=hand.item,
        patron_id=told.patron_id,
        branch=branch,
        lent_at=told.lent_at,
        due_on=next_open(told.due_on, closing) if closing.is_closed(told.due_on) else told.due_on,
        renewed=told.renewed,
        terminal=told.terminal,
        without_card=told.without_card,
        due_changed_by=told.due_changed_by,
        due_reason=told.due_reason,
        compensation=told.compensation,
        compensation_on=told.compensation_on,
    )
    loan.save(force_insert=True)
    return loan


def _code(told: Sealed) -> str:
    return Branch.objects.values_list("code", flat=True).get(pk=told.return_branch_id)


def who_returned(actor: Actor, token: str, reason: str, now: datetime | None = None) -> Patron | None:
    """Who gave an item back, within the ten minutes in which the return can be undone; None after them.

    For whoever may see borrowers. The view and its reason are recorded with the patron, without the item.
    """
    access.require(actor, SEE_BORROWER)
    told = sealing.open_return(actor, token, now or timezone.now())
    patron = by_id(told.patron_id) if told else None
    if patron is not None:
        last_borrower.record_view(actor, patron, reason)
    return patron
