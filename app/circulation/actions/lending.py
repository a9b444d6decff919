"""Lending: a card, then items. One transaction a scan."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from app.access import actions as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.branches.models import Branch
from app.branches.queries import closing_of
from app.catalog import actions as catalog
from app.catalog.codes import LENDABLE_STATUSES, Origin, Screening
from app.catalog.models import Item
from app.circulation import queries, rules
from app.circulation.actions import holding, statistics, stops
from app.circulation.actions.asking import attachments_ask, override_ask, temporary_ask
from app.circulation.actions.cards import RENEW_CARD, renew_card, renew_card_ask
from app.circulation.actions.locking import InHand, allowed, loans_around, lock_item, lock_patron, unknown
from app.circulation.actions.operations import CHANGE_DUE, LEND, OVERRIDE
from app.circulation.actions.outcome import NOTHING, Answers, Ask, NextStep, Outcome
from app.circulation.actions.renewing import renew_held
from app.circulation.models import CounterPolicy, Loan, LoanStatistic
from app.patrons.models import Patron
from app.regulations.rules import Rule, Terms
from app.web.wording import wording


@dataclass(frozen=True)
class Scan:
    """One scan at the lending counter."""

    actor: Actor
    branch: Branch
    now: datetime
    answers: Answers
    due_on: date | None
    without_card: bool
    table: tuple[Rule, ...]

    @property
    def today(self) -> date:
        return timezone.localdate(self.now)


def lend(
    actor: Actor,
    patron_id: int,
    barcode: str,
    branch: Branch,
    *,
    now: datetime | None = None,
    answers: Answers = NOTHING,
    due_on: date | None = None,
    without_card: bool = False,
    table: tuple[Rule, ...] | None = None,
) -> Outcome:
    """Lend one item (with its set, if it is of one) to a patron at a branch.

    The same scan again answers as the first did and changes nothing; the patron's own item scanned later is
    extended, as counters do. Refusals are outcomes, not exceptions; an outcome with `asks` has changed nothing and
    waits for the same scan with answers. `due_on` is a date set by hand (permission to change due dates);
    `without_card` marks that the patron was found by name, phone and birth date. NotPermitted is raised for the
    actor, Patron.DoesNotExist for the patron. Seven SQL statements for what nobody waits for.
    """
    access.require(actor, LEND, branch)
    if due_on is not None:
        access.require(actor, CHANGE_DUE, branch)
    now = now or timezone.now()
    rule_table = table or queries.rule_table(timezone.localdate(now))
    scan = Scan(actor, branch, now, answers, due_on, without_card, rule_table)
    try:
        return _lend(scan, patron_id, barcode)
    except IntegrityError as error:
        # Somebody wrote the loan past the item's lock (a bulk loader): the constraint has the last word.
        if "circulation_item_out_once" not in str(error):
            raise
        return _elsewhere(None)


@transaction.atomic
def _lend(scan: Scan, patron_id: int, barcode: str) -> Outcome:
    patron = lock_patron(patron_id)
    if RENEW_CARD in scan.answers:
        patron = renew_card(scan.actor, patron, scan.today)
    hand = lock_item(barcode)
    if hand is None and "temporary" in scan.answers:
        try:
            catalog.register_temporary(scan.actor, scan.answers.reason, barcode, scan.branch)
        except catalog.CatalogError as problem:
            asks = temporary_ask(scan.actor, barcode)
            return Outcome("bad", "unknown_item", str(problem), asks=asks, patron=patron)
        hand = lock_item(barcode)
    if hand is None:
        return replace(unknown(barcode), asks=temporary_ask(scan.actor, barcode), patron=patron)
    around = loans_around(patron.pk, hand.ids)
    mine = [loan for loan in around if loan.patron_id == patron.pk]
    answer = _already_out(scan, hand, patron, around, mine) or _lend_free(scan, hand, patron, mine)
    return answer if answer.loans is not None else replace(answer, patron=patron, loans=_in_order(mine))


def _in_order(loans: Iterable[Loan]) -> tuple[Loan, ...]:
    return tuple(sorted(loans, key=lambda loan: (loan.due_on, loan.lent_at, loan.pk or 0)))


def _already_out(scan: Scan, hand: InHand, patron: Patron, around: list[Loan], mine: list[Loan]) -> Outcome | None:
    """The answer when the item, or another piece of its set, is out; None when all of it is here."""
    out = {loan.item_id: loan for loan in around if loan.item_id in hand.ids}
    if any(loan.patron_id != patron.pk for loan in out.values()):
        return _elsewhere(hand.item)
    loan = out.get(hand.item.pk)
    if loan is None:
        return None
    if scan.now - loan.lent_at < queries.SAME_SCAN:
        return Outcome(
            "info",
            "same_scan",
            wording("circulation.lending.same_scan", "読み取り済みです（貸出は1点です）。"),
            hand.item,
            loan.due_on,
        )
    pieces = [loan for loan in out.values() if loan.item_id in hand.ids]
    return renew_held(scan.actor, loan, pieces, patron, scan.branch, scan.now, scan.table, mine, scan.answers)


def _elsewhere(item: Item | None) -> Outcome:
    return Outcome(
        "bad",
        "on_loan",
        wording("circulation.lending.on_loan", "貸出中の資料です。返却してから、もう一度読み取ってください。"),
        item,
    )


def _lend_free(scan: Scan, hand: InHand, patron: Patron, mine: list[Loan]) -> Outcome:
    item = hand.item
    concerned = holding.concerned(hand)
    stop = holding.against_lending(scan.actor, hand, patron, scan.today) if concerned else None
    if stop is not None and not (stop.overridable and _may_pass(scan, stop.code)):
        return _refused(scan, item, (stop,))
    if not mine:
        stops.end_when_all_is_back(patron, scan.today)
    waiting = holding.waiting(item) if concerned else 0
    terms = queries.terms_for(scan.table, scan.branch.pk, patron.category_id, item, scan.today, waiting)
    verdict = _judge(scan, hand, patron, mine, terms)
    if not verdict.allowed:
        refused = _refused(scan, item, verdict.objections)
        if refused.code == "expired" and len(verdict.objections) == 1:
            return replace(refused, asks=renew_card_ask(scan.actor, patron, scan.today))
        return refused
    asks = () if "attachments" in scan.answers else attachments_ask(hand.pieces, "貸出")
    if asks:
        return Outcome("warn", "ask", asks[0].text, item, why=verdict.why, notes=_notes(item, mine), asks=asks)
    passed = (*([stop] if stop else []), *verdict.passed)
    answer = _made(scan, hand, patron, mine, verdict, passed)
    if concerned:
        holding.handed_over(scan.actor, hand, patron, scan.now)
    return answer


def _may_pass(scan: Scan, code: str) -> bool:
    return code in scan.answers and bool(scan.answers.reason) and allowed(scan.actor, OVERRIDE, scan.branch)


def _judge(scan: Scan, hand: InHand, patron: Patron, mine: list[Loan], terms: Terms) -> rules.Verdict:
    item = hand.item
    problem = next((piece for piece in hand.pieces if piece.status not in LENDABLE_STATUSES), None)
    thing = rules.Thing(
        reference_only=item.reference_only,
        restriction=item.restriction,
        shelf_problem=problem.get_status_display() if problem else "",
    )
    return rules.may_lend(
        queries.borrower(patron, mine, item),
        terms,
        closing_of(scan.branch, scan.today),
        scan.today,
        thing,
        let_pass=[code for code in scan.answers.given if _may_pass(scan, code)],
        due_on=scan.due_on,
    )


def _refused(scan: Scan, item: Item, objections: tuple[rules.Objection, ...]) -> Outcome:
    first = objections[0]
    asks: tuple[Ask, ...] = ()
    if all(objection.overridable for objection in objections) and allowed(scan.actor, OVERRIDE, scan.branch):
        asks = tuple(override_ask(objection) for objection in objections)
    step = (
        NextStep("renew_card", wording("circulation.lending.renew_card", "利用券を更新してください。"))
        if first.code == "expired"
        else None
    )
    more = tuple(objection.message for objection in objections[1:])
    return Outcome("bad", first.code, first.message, item, why=first.why, notes=more, asks=asks, next_step=step)


def _notes(item: Item, mine: list[Loan]) -> tuple[str, ...]:
    """What the counter should know of the item that stops nothing. One SQL statement when the title is out already."""
    notes = []
    if item.condition:
        notes.append(f"汚破損: {item.condition}（{item.condition_on:%Y/%m/%d}）")
    if item.record.origin == Origin.TEMPORARY:
        notes.append(wording("circulation.lending.notes", "仮登録の資料です。後で書誌に結び付けてください。"))
    if item.attachments:
        notes.append(f"付属物 {item.attachment_count}点: {item.attachments}")
    if any(loan.item.record_id == item.record_id and loan.item_id != item.pk for loan in mine):
        policy = CounterPolicy.objects.first() or CounterPolicy()
        if policy.same_title_note:
            notes.append(wording("circulation.lending.notes_2", "同じ書誌の資料をすでに借りています。"))
    return tuple(notes)


def _no_screening(item: Item, patron: Patron) -> tuple[str, ...]:
    """A group may show a film to others: it is told when the library has no right to that."""
    if not patron.category.is_group or item.record.screening != Screening.NONE:
        return ()
    return (wording("circulation.lending.no_screening", "上映権のない映像です。団体で上映することはできません。"),)


def _made(
    scan: Scan,
    hand: InHand,
    patron: Patron,
    mine: list[Loan],
    verdict: rules.Verdict,
    passed: tuple[rules.Objection, ...],
) -> Outcome:
    there = {loan.item_id for loan in mine}
    new = [
        Loan(
            item=piece,
            patron=patron,
            branch=scan.branch,
            due_on=verdict.due_on,
            lent_at=scan.now,
            terminal=scan.actor.terminal,
            without_card=scan.without_card,
        )
        for piece in hand.pieces
        if piece.pk not in there
    ]
    if len(new) == 1:
        new[0].save(force_insert=True)
    else:
        Loan.objects.bulk_create(new)
    item = hand.item
    statistics.count(
        scan.actor, LoanStatistic.Act.LEND, patron, item, scan.branch, scan.today, without_card=scan.without_card
    )
    audit.record(scan.actor, LEND, subject_type="branch", subject_id=scan.branch.code)
    if passed:
        audit.record(
            scan.actor,
            OVERRIDE,
            subject_type="patron",
            subject_id=patron.pk,
            purpose=audit.typed(scan.answers.reason),
            detail={"rules": [objection.code for objection in passed]},
        )
    message = wording("circulation.lending.made", "{due_on}までにお返しください。", due_on=f"{verdict.due_on:%m/%d}")
    if len(new) > 1 and item.item_set:
        message = f"組「{item.item_set.name}」{len(new)}点を貸し出しました。{message}"
    temporary = (
        (wording("circulation.lending.made_2", "仮登録の資料です。後で書誌に結び付けてください。"),)
        if item.record.origin == Origin.TEMPORARY
        else ()
    )
    notes = (
        *verdict.notes,
        *_notes(item, mine),
        *temporary,
        *_no_screening(item, patron),
        *(f"例外貸出: {objection.message}" for objection in passed),
    )
    return Outcome(
        "warn" if passed else "ok",
        "lend",
        message,
        item,
        verdict.due_on,
        verdict.why,
        notes,
        patron=patron,
        loans=_in_order([*mine, *new]),
    )
