"""What a scan at the counter means. Between the screen and the actions; writes nothing itself."""

from dataclasses import dataclass
from datetime import date

from django.core import signing

from app.access.actor import Actor
from app.audit import actions as audit
from app.branches.models import Branch
from app.circulation import actions, queries, rules
from app.circulation.actions import Outcome
from app.circulation.models import Loan
from app.patrons import queries as patrons
from app.patrons.actions import VIEW
from app.patrons.models import Patron
from app.patrons.rules import card_problem, plain_number

SALT = "app.circulation.counter"
OPEN_SECONDS = 30 * 60
UNREADABLE = Outcome("bad", "unreadable", "番号として読み取れません。もう一度読み取ってください。")


@dataclass(frozen=True)
class Panel:
    """The patron beside the scans: who, what is out, how much more may go out."""

    patron: Patron
    loans: list[Loan]
    late: int
    left: int
    stop: str


@dataclass(frozen=True)
class Answer:
    """One scan's outcome, and the patron who is open after it."""

    outcome: Outcome
    panel: Panel | None = None
    token: str = ""
    scanned: str = ""
    opened: bool = False


def open_token(actor: Actor, patron: Patron) -> str:
    """The right of this member of staff to go on seeing this patron: given when the card is read, and recorded then.

    It travels in the form, not in the session, so that two windows hold two patrons.
    """
    return signing.dumps([patron.pk, actor.number], salt=SALT)


def patron_of(actor: Actor, token: str) -> int | None:
    """The patron of a token that this actor got within half an hour; None otherwise."""
    try:
        patron_id, number = signing.loads(token, salt=SALT, max_age=OPEN_SECONDS)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return int(patron_id) if number == actor.number else None


def panel_of(patron: Patron, branch: Branch, today: date, table: list[rules.Rule]) -> Panel:
    """One SQL statement."""
    loans = queries.loans_of(patron.pk)
    total = rules.terms(table, branch.pk, patron.category_id, "")
    borrower = rules.Borrower(patron.valid_until, patron.stopped_until, tuple(loan.due_on for loan in loans), 0)
    against = rules.may_borrow(borrower, total, today)
    return Panel(
        patron=patron,
        loans=loans,
        late=sum(1 for loan in loans if loan.due_on < today),
        left=max(0, total.total.limit - len(loans)),
        stop=against.message if against else "",
    )


def scan_to_lend(actor: Actor, text: str, token: str, branch: Branch, today: date) -> Answer:
    """A card opens its patron (and closes the one before); an item goes to the patron who is open."""
    number = plain_number(text)
    if not number:
        return _keep(actor, UNREADABLE, token, branch, today, text)
    looks_like_card = card_problem(number) is None
    if looks_like_card:
        patron = patrons.by_card(number)
        if patron is not None:
            return _open(actor, patron, branch, today, number)
    patron_id = patron_of(actor, token)
    if patron_id is None:
        return _without_patron(actor, number, looks_like_card, branch, today)
    table = queries.rule_table()
    outcome = actions.lend(actor, patron_id, number, branch, table=table)
    if outcome.code == "unknown_item":
        patron = None if looks_like_card else patrons.by_card(number)
        if patron is not None:
            return _open(actor, patron, branch, today, number)
        if looks_like_card:
            outcome = Outcome("bad", "unknown_card", f"利用券 {number} は登録されていません。")
    return _keep(actor, outcome, token, branch, today, number, table)


def _without_patron(actor: Actor, number: str, looks_like_card: bool, branch: Branch, today: date) -> Answer:
    patron = None if looks_like_card else patrons.by_card(number)
    if patron is not None:
        return _open(actor, patron, branch, today, number)
    if looks_like_card:
        return Answer(Outcome("bad", "unknown_card", f"利用券 {number} は登録されていません。"), scanned=number)
    return Answer(Outcome("warn", "no_patron", "先に利用券を読み取ってください。"), scanned=number)


def _open(actor: Actor, patron: Patron, branch: Branch, today: date, number: str) -> Answer:
    audit.record(actor, VIEW, outcome="viewed", subject_type="patron", subject_id=patron.pk, purpose="貸出窓口")
    panel = panel_of(patron, branch, today, queries.rule_table())
    if panel.stop:
        outcome = Outcome("bad", "patron_stopped", panel.stop)
    elif panel.late or patron.message:
        late = f"延滞が{panel.late}点あります。資料を読み取ってください。"
        outcome = Outcome("warn", "patron", patron.message or late)
    else:
        outcome = Outcome("info", "patron", "資料を読み取ってください。")
    return Answer(outcome, panel, open_token(actor, patron), number, opened=True)


def _keep(
    actor: Actor,
    outcome: Outcome,
    token: str,
    branch: Branch,
    today: date,
    scanned: str,
    table: list[rules.Rule] | None = None,
) -> Answer:
    patron = outcome.patron
    if patron is None:
        patron_id = patron_of(actor, token)
        patron = patrons.by_id(patron_id) if patron_id else None
    if patron is None:
        return Answer(outcome, scanned=scanned)
    return Answer(outcome, panel_of(patron, branch, today, table or queries.rule_table()), token, scanned)


def scan_to_return(actor: Actor, text: str, branch: Branch) -> Answer:
    """An item comes back; no card is needed and nobody is shown."""
    number = plain_number(text)
    if not number:
        return Answer(UNREADABLE, scanned=text[:20])
    outcome = actions.give_back(actor, number, branch)
    if outcome.code == "unknown_item" and card_problem(number) is None:
        outcome = Outcome("warn", "card_on_return", "利用券の番号です。返却では資料だけを読み取ります（貸出はF2）。")
    return Answer(outcome, scanned=number)
