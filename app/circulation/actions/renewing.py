"""Extending loans, one at a time or all that a patron has."""

from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from app.access import actions as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.branches.models import Branch
from app.branches.queries import closing_of
from app.circulation import queries, rules
from app.circulation.actions import holding, statistics
from app.circulation.actions.asking import override_ask
from app.circulation.actions.locking import allowed, loans_around, lock_item, lock_patron, unknown
from app.circulation.actions.operations import OVERRIDE, RENEW
from app.circulation.actions.outcome import NOTHING, Answers, Outcome
from app.circulation.models import Loan, LoanStatistic
from app.patrons.models import Patron
from app.regulations.rules import Rule
from app.web.wording import wording


def _may(actor: Actor, patron_id: int, branch: Branch) -> None:
    """Staff with RENEW, the system, or the patron themself; otherwise NotPermitted."""
    if actor.kind != "patron" or actor.number != str(patron_id):
        access.require(actor, RENEW, branch)


@transaction.atomic
def renew(
    actor: Actor,
    patron_id: int,
    barcode: str,
    branch: Branch,
    now: datetime | None = None,
    *,
    answers: Answers = NOTHING,
) -> Outcome:
    """Extend one of a patron's loans (with its set). Refused when others wait, too often, overdue or too early; with
    the right to override and a reason it goes on. At most eleven SQL statements."""
    _may(actor, patron_id, branch)
    now = now or timezone.now()
    patron = lock_patron(patron_id)
    hand = lock_item(barcode)
    if hand is None:
        return unknown(barcode)
    around = loans_around(patron.pk, hand.ids)
    mine = [loan for loan in around if loan.patron_id == patron.pk]
    pieces = [loan for loan in mine if loan.item_id in hand.ids]
    loan = next((loan for loan in pieces if loan.item_id == hand.item.pk), None)
    if loan is None:
        return Outcome(
            "bad",
            "not_out",
            wording("circulation.renewing.not_out", "この利用者に貸出中の資料ではありません。"),
            hand.item,
        )
    table = queries.rule_table(timezone.localdate(now))
    answer = renew_held(actor, loan, pieces, patron, branch, now, table, mine, answers)
    return replace(answer, patron=patron, loans=tuple(sorted(mine, key=lambda one: (one.due_on, one.lent_at))))


def renew_held(
    actor: Actor,
    loan: Loan,
    pieces: list[Loan],
    patron: Patron,
    branch: Branch,
    now: datetime,
    table: tuple[Rule, ...],
    mine: list[Loan],
    answers: Answers,
) -> Outcome:
    """Extend a loan and the other pieces of its set, patron and items being locked. `mine` is all the patron has."""
    _may(actor, patron.pk, branch)
    item, today = loan.item, timezone.localdate(now)
    if loan.compensation:
        said = wording("circulation.renewing.compensation", "弁償の手続き中のため延長できません。")
        return Outcome("warn", "compensation", said, item, loan.due_on)
    let_pass = answers.given if answers.reason and allowed(actor, OVERRIDE, branch) else frozenset()
    waiting = holding.waiting(item)
    verdict = rules.may_renew(
        queries.borrower(patron, mine, item),
        queries.terms_for(table, branch.pk, patron.category_id, item, today, waiting),
        # Whose closures move the date later: the place that lent it, wherever it is renewed.
        closing_of(branch if loan.branch_id == branch.pk else loan.branch, today),
        today,
        due_on=loan.due_on,
        renewed=loan.renewed,
        lent_on=timezone.localdate(loan.lent_at),
        waiting=waiting,
        let_pass=let_pass,
    )
    if not verdict.allowed:
        message, why = f"貸出中です。{verdict.message}", verdict.objections[0].why
        asks = ()
        if verdict.overridable and allowed(actor, OVERRIDE, branch):
            asks = tuple(override_ask(objection, "延長する") for objection in verdict.objections)
        return Outcome("warn", verdict.code, message, item, loan.due_on, why, asks=asks)
    for piece in pieces:
        piece.due_on = verdict.due_on
        piece.renewed += 1
        piece.save(update_fields=["due_on", "renewed"])
    statistics.count(actor, LoanStatistic.Act.RENEW, patron, item, branch, today)
    audit.record(actor, RENEW, subject_type="branch", subject_id=branch.code)
    if verdict.passed:
        audit.record(
            actor,
            OVERRIDE,
            subject_type="patron",
            subject_id=patron.pk,
            purpose=audit.typed(answers.reason),
            detail={"rules": [objection.code for objection in verdict.passed]},
        )
    message = wording("circulation.renewing.renew_held", "{due_on}まで延長しました。", due_on=f"{verdict.due_on:%m/%d}")
    return Outcome("info", "renew", message, item, verdict.due_on, verdict.why)


def renew_all(actor: Actor, patron_id: int, branch: Branch, now: datetime | None = None) -> list[Outcome]:
    """Extend everything a patron has that may be extended, each in its own transaction; one outcome for each loan
    (one for a set), the earliest due date first."""
    access.require(actor, RENEW, branch)
    outcomes, sets = [], set()
    for loan in queries.loans_of(patron_id):
        if loan.item.item_set_id is None or loan.item.item_set_id not in sets:
            sets.add(loan.item.item_set_id)
            outcomes.append(renew(actor, patron_id, loan.item.barcode, branch, now))
    return outcomes
