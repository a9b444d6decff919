"""What was recorded at a counter while the line was cut is handed in: each record once, whatever happens on the way.

The thing has left the house already, so a loan is taken even against the rules, and said to be; what cannot be taken
(an unknown card, an item that is out to somebody else, one that was lent again since) stays as a contradiction until
somebody has settled it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from app.access import actions as access
from app.access.actor import Actor
from app.access.operations import declare
from app.audit import actions as audit
from app.branches.models import Branch
from app.catalog.models import Item
from app.circulation import queries
from app.circulation.actions.in_library import in_library_use
from app.circulation.actions.lending import lend
from app.circulation.actions.operations import GIVE_BACK, LEND, OVERRIDE
from app.circulation.actions.outcome import Answers, Outcome
from app.circulation.actions.returning import give_back
from app.circulation.models import Loan
from app.patrons import queries as patrons
from app.patrons.rules import plain_number
from app.terminals import offline
from app.terminals.models import OfflineRecord
from app.terminals.offline import Record
from app.terminals.slips import Slip
from app.web.tokens import unseal

OFFLINE = declare("circulation.offline", "回線断の間の記録を取り込む", kind="add")
REASON = "回線断の間の貸出"
OLDEST = timedelta(days=14)
TAKEN = frozenset({"lend", "renew", "same_scan", "give_back", "in_library", "restored"})


@dataclass(frozen=True)
class Result:
    """What became of one record. `problem` is empty when all is well; `taken` says whether it counts now."""

    id: str
    taken: bool
    problem: str = ""
    slips: tuple[Slip, ...] = ()


def take(actor: Actor, branch: Branch, sealed: Iterable[dict[str, Any]], now: datetime | None = None) -> list[Result]:
    """Take the sealed records of a terminal, in their order, each in its own transaction. A record that was handed in
    before answers as it did then and changes nothing. About twelve SQL statements a record."""
    for operation in (OFFLINE, LEND, GIVE_BACK):
        access.require(actor, operation)
    now = now or timezone.now()
    results = [_one(actor, branch, row, now) for row in sealed]
    problems = sum(1 for result in results if result.problem)
    audit.record(
        actor,
        OFFLINE,
        subject_type="branch",
        subject_id=branch.code,
        detail={"records": len(results), "problems": problems},
    )
    return results


def _one(actor: Actor, branch: Branch, row: dict[str, Any], now: datetime) -> Result:
    key = str(row.get("id", ""))
    try:
        number = UUID(key)
    except ValueError:
        return Result(key[:40], False, "記録の番号が読めません。")
    with transaction.atomic():
        known = OfflineRecord.objects.filter(pk=number).first()
        if known is not None:
            return Result(key, known.code in TAKEN, known.problem)
        record = offline.opened(key, row.get("sealed") or {})
        if record is None:
            result, code = Result(key, False, "記録を開けません。この図書館の端末の記録ではありません。"), "unreadable"
        else:
            result, code = _taken(actor, branch, record, now)
        OfflineRecord.objects.create(
            pk=number,
            branch=branch,
            on_date=timezone.localdate(now),
            code=code,
            problem=result.problem[:200],
            content=_content(record) if record and result.problem else None,
        )
    return result


def _content(record: Record) -> str:
    what = {offline.LEND: "貸出", offline.RETURN: "返却", offline.USE: "館内利用"}[record.kind]
    card = f" 利用券 {record.card}" if record.card else ""
    return f"{timezone.localtime(record.at):%m/%d %H:%M} {what}{card} 資料 {record.barcode}"


def _taken(actor: Actor, branch: Branch, record: Record, now: datetime) -> tuple[Result, str]:
    if not now - OLDEST <= record.at <= now + timedelta(minutes=5):
        return Result(str(record.id), False, "記録の時刻が正しくありません。端末の時計を確かめてください。"), "bad_time"
    # A terminal's clock may run a little ahead; nothing is written for a time that has not come.
    record = replace(record, at=min(record.at, now), barcode=plain_number(record.barcode))
    if record.kind == offline.LEND:
        return _lend(actor, branch, record)
    if record.kind == offline.RETURN:
        return _give_back(actor, branch, record)
    outcome = in_library_use(actor, record.barcode, branch, now=record.at)
    return _result(record, outcome), outcome.code


def _lend(actor: Actor, branch: Branch, record: Record) -> tuple[Result, str]:
    patron_id = _patron_of(record)
    if patron_id is None:
        return Result(str(record.id), False, "この番号の利用券は登録されていません。"), "unknown_card"
    outcome = lend(actor, patron_id, record.barcode, branch, now=record.at)
    if outcome.asks and outcome.code != "unknown_item":
        # It went over the counter: what stands against it is written down, and does not undo it.
        codes = [choice.code for ask in outcome.asks for choice in ask.choices[:1]]
        answers = Answers.of(*codes, reason=REASON)
        outcome = lend(_with_right(actor), patron_id, record.barcode, branch, now=record.at, answers=answers)
    elif outcome.tone == "bad" and outcome.code not in ("unknown_item", "on_loan", "kept"):
        answers = Answers.of(outcome.code, "attachments", reason=REASON)
        outcome = lend(_with_right(actor), patron_id, record.barcode, branch, now=record.at, answers=answers)
    passed = next((note for note in outcome.notes if note.startswith("例外貸出")), "")
    return _result(record, outcome, passed), outcome.code


def _with_right(actor: Actor) -> Actor:
    return replace(actor, operations=actor.operations | {OVERRIDE.code})


def _patron_of(record: Record) -> int | None:
    if record.card:
        patron = patrons.by_card(plain_number(record.card))
        if patron is None:
            state = patrons.card_state(plain_number(record.card))
            return state.patron_id if state else None
        return patron.pk
    return record_patron(record.token)


def record_patron(token: str) -> int | None:
    """The patron who was open when the line broke: the page had a token only."""
    said = unseal(token, "counter patron", int(OLDEST.total_seconds())) if token else None
    return int(said[0]) if said else None


def _give_back(actor: Actor, branch: Branch, record: Record) -> tuple[Result, str]:
    item = Item.objects.select_for_update(no_key=True).filter(barcode=record.barcode).first()
    loan = Loan.objects.filter(item=item).first() if item else None
    if loan is not None and loan.lent_at > record.at:
        return Result(str(record.id), False, "この返却の後に、ほかの窓口で貸し出されています。"), "lent_since"
    if item is not None and loan is None and queries.handled_since(item.pk, record.at):
        return Result(str(record.id), True), "same_scan"
    on_date = _day(record)
    answers = Answers.of("attachments", "leave")
    outcome = give_back(actor, record.barcode, branch, now=record.at, on_date=on_date, answers=answers)
    if outcome.code == "bad_day":
        outcome = give_back(actor, record.barcode, branch, now=record.at, answers=answers)
    return _result(record, outcome), outcome.code


def _day(record: Record) -> date | None:
    try:
        return date.fromisoformat(record.on_date) if record.on_date else None
    except ValueError:
        return None


def _result(record: Record, outcome: Outcome, passed: str = "") -> Result:
    """Taken without a word, taken with something to do, or not taken."""
    if outcome.code not in TAKEN:
        return Result(str(record.id), False, outcome.message)
    step = outcome.next_step
    todo = step.text if step is not None and step.kind in ("hold_shelf", "transfer", "keep_back") else ""
    return Result(str(record.id), True, passed or todo, outcome.slips)


@transaction.atomic
def settle(actor: Actor, record_id: UUID, now: datetime | None = None) -> bool:
    """Somebody has dealt with a contradiction: what was read goes. False when it was settled before."""
    access.require(actor, OFFLINE)
    row = OfflineRecord.objects.select_for_update().filter(pk=record_id, settled_on=None).exclude(problem="").first()
    if row is None:
        return False
    row.content, row.settled_by, row.settled_on = None, actor.number, timezone.localdate(now or timezone.now())
    row.save(update_fields=["content", "settled_by", "settled_on"])
    audit.record(actor, OFFLINE, subject_type="branch", subject_id=row.branch.code, detail={"settled": 1})
    return True
