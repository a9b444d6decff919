"""What a scan or a key at the counter means. Between the screen and the actions; writes nothing itself."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from django.utils import timezone

from app.access.actor import Actor
from app.audit import actions as audit
from app.branches.models import Branch
from app.circulation import actions, queries, rules
from app.circulation.actions import Answers, Ask, Choice, Outcome
from app.circulation.models import Loan
from app.holds.queries import Ready, ready_for
from app.patrons import queries as patrons
from app.patrons.actions import VIEW, note_stopped_card, note_use
from app.patrons.models import Patron
from app.patrons.rules import CounterNote, card_problem, plain_number
from app.regulations.rules import Rule
from app.web import tokens
from app.web.wording import wording

PURPOSE = "counter patron"
OPEN_SECONDS = 30 * 60
SHOWN = 20  # loans in the panel: a patron with 200 must not make a scan slow
UNREADABLE = Outcome("bad", "unreadable", "番号として読み取れません。もう一度読み取ってください。")
NO_PATRON = Outcome("warn", "no_patron", "先に利用券を読み取ってください。")
ASK_DUE = Ask("due", "新しい返却期限と、変える理由を入力してください。", (Choice("due", "期限を変える"),), field="理由")

ASK_WHO = Ask(
    "who", "返却者を開く目的を入力してください（記録されます）。", (Choice("who", "返却者を開く"),), field="目的"
)


@dataclass(frozen=True)
class Given:
    """What the page sent: a scan or a key, with the patron who is open and the day that was chosen."""

    text: str = ""
    token: str = ""
    answers: Answers = field(default_factory=Answers)
    day: date | None = None

    @property
    def number(self) -> str:
        """The scanned number; empty when it is none."""
        return plain_number(self.text)


@dataclass(frozen=True)
class Place:
    """Where and when it was read."""

    actor: Actor
    branch: Branch
    today: date


@dataclass(frozen=True)
class Open:
    """The patron whom a token holds open, and whether they came without their card."""

    patron_id: int
    without_card: bool = False


@dataclass(frozen=True)
class Panel:
    """The patron beside the scans: who, what is out, how much more may go out. `left` is None without a limit."""

    patron: Patron
    loans: Sequence[Loan]
    today: date
    late: int
    left: int | None
    stop: str
    notes: Sequence[CounterNote] = ()
    ready: Sequence[Ready] = ()
    whole: bool = False
    """Whether notes and ready holds were read: they are when a patron is opened, and not at each scan."""

    @property
    def shown(self) -> Sequence[Loan]:
        return self.loans[:SHOWN]

    @property
    def hidden(self) -> int:
        """How many loans are not shown."""
        return max(0, len(self.loans) - SHOWN)


@dataclass(frozen=True)
class Answer:
    """One scan's outcome, and the patron who is open after it."""

    outcome: Outcome
    panel: Panel | None = None
    token: str = ""
    scanned: str = ""
    opened: bool = False
    rows: tuple[Outcome, ...] = ()
    """What goes into the list of this sitting; for a scan its own outcome."""
    undo: tuple[tuple[str, str], ...] = ()
    """What the page posts to take this back."""

    @property
    def many(self) -> int:
        """How many things changed."""
        return sum(1 for outcome in self.rows if outcome.acted)


def open_token(actor: Actor, patron_id: int, without_card: bool = False) -> str:
    """The right of this member of staff to go on seeing this patron: given when the card is read, and recorded then.

    It travels in the form, not in the session, so that two windows hold two patrons. Sealed: what a browser keeps of
    it says nothing.
    """
    return tokens.seal([patron_id, actor.number, without_card], PURPOSE)


def patron_of(actor: Actor, token: str, seconds: int = OPEN_SECONDS) -> Open | None:
    """The patron of a token that this actor got within half an hour; None otherwise."""
    said = tokens.unseal(token, PURPOSE, seconds) if token else None
    if not said or said[1] != actor.number:
        return None
    return Open(int(said[0]), bool(said[2]))


def panel_of(
    patron: Patron, place: Place, table: tuple[Rule, ...], loans: Sequence[Loan] | None = None, *, whole: bool = False
) -> Panel:
    """No SQL statement when the loans are known; `whole` adds three, seldom five."""
    known = queries.loans_of(patron.pk) if loans is None else loans
    terms = queries.total_terms(table, place.branch.pk, patron.category_id, place.today)
    borrower = queries.borrower(patron, known)
    against = list(rules.against_patron(borrower, terms, place.today))
    limit = terms.total_limit.value
    return Panel(
        patron=patron,
        loans=known,
        today=place.today,
        late=sum(1 for loan in known if loan.due_on < place.today),
        left=None if limit is None else max(0, limit - len(borrower.due_dates)),
        stop=against[0].message if against else "",
        notes=patrons.at_counter(patron, place.today) if whole else (),
        ready=ready_for(patron.pk) if whole else (),
        whole=whole,
    )


def scan_to_lend(place: Place, given: Given) -> Answer:
    """A card opens its patron (and closes the one before); an item goes to the patron who is open."""
    number = given.number
    if not number:
        return keep(place, UNREADABLE, given, scanned=given.text[:20])
    looks_like_card = card_problem(number) is None
    if looks_like_card and (patron := patrons.by_card(number)):
        if actions.RENEW_CARD in given.answers:
            patron = actions.renew_card(place.actor, patron, place.today)
        return opened(place, patron, number)
    who = patron_of(place.actor, given.token)
    if who is None:
        return _without_patron(place, number, looks_like_card)
    table = queries.rule_table(place.today)
    outcome = actions.lend(
        place.actor,
        who.patron_id,
        number,
        place.branch,
        answers=given.answers,
        due_on=given.day,
        without_card=who.without_card,
        table=table,
    )
    if outcome.code == "unknown_item":
        if not looks_like_card and (patron := patrons.by_card(number)):
            return opened(place, patron, number)
        if looks_like_card:
            outcome = _no_live_card(place.actor, number)
    answer = keep(place, outcome, given, scanned=number, table=table)
    if outcome.code == "lend":
        return replace(answer, undo=(("kind", "loan"), ("scan", number)))
    return answer


def _without_patron(place: Place, number: str, looks_like_card: bool) -> Answer:
    patron = None if looks_like_card else patrons.by_card(number)
    if patron is not None:
        return opened(place, patron, number)
    return Answer(_no_live_card(place.actor, number) if looks_like_card else NO_PATRON, scanned=number)


def _no_live_card(actor: Actor, number: str) -> Outcome:
    """A number that opens nobody: never given, or lost, replaced, retired; whoever uses such a card is noted."""
    state = patrons.card_state(number)
    if state is None or state.live:
        return Outcome(
            "bad",
            "unknown_card",
            wording("circulation.counter.unknown_card", "利用券 {number} は登録されていません。", number=number),
        )
    note_stopped_card(actor, state.patron_id, state.state)
    return Outcome("bad", "stopped_card", state.message)


def opened(place: Place, patron: Patron, number: str = "", *, without_card: bool = False) -> Answer:
    """The patron is open now; the look at them is recorded."""
    audit.record(place.actor, VIEW, outcome="viewed", subject_type="patron", subject_id=patron.pk, purpose="貸出窓口")
    note_use(patron, place.today)
    actions.end_when_all_is_back(patron, place.today)
    panel = panel_of(patron, place, queries.rule_table(place.today), whole=True)
    asks = actions.renew_card_ask(place.actor, patron, place.today)
    outcome = replace(_welcome(panel, without_card), asks=asks)
    return Answer(outcome, panel, open_token(place.actor, patron.pk, without_card), number, opened=True)


def _welcome(panel: Panel, without_card: bool) -> Outcome:
    """What is said first of the patron: a stop, then what is written on them, what is late, what waits for them."""
    shelves = "、".join(f"{one.shelf_number}番" for one in panel.ready if one.shelf_number is not None)
    waits = f"用意できた予約が{len(panel.ready)}点あります（{shelves or '取置棚'}）。" if panel.ready else ""
    told = [note.text for note in panel.notes if note.tone != "info"]
    more = tuple(
        text
        for text in (
            waits,
            wording("circulation.counter.welcome", "利用券なしで受け付けました。") if without_card else "",
        )
        if text
    )
    if panel.stop:
        return Outcome("bad", "patron_stopped", panel.stop, notes=more)
    if told:
        return Outcome("warn", "patron", told[0], notes=more)
    if panel.late:
        return Outcome(
            "warn",
            "patron",
            wording(
                "circulation.counter.patron", "延滞が{late}点あります。資料を読み取ってください。", late=panel.late
            ),
            notes=more,
        )
    if waits:
        return Outcome("info", "patron_ready", waits, notes=more[1:])
    return Outcome("info", "patron", wording("circulation.counter.patron_2", "資料を読み取ってください。"), notes=more)


def keep(
    place: Place, outcome: Outcome, given: Given, *, scanned: str = "", table: tuple[Rule, ...] | None = None
) -> Answer:
    """The outcome beside the patron who stays open."""
    who = patron_of(place.actor, given.token)
    patron = outcome.patron or (patrons.by_id(who.patron_id) if who else None)
    rows = (outcome,)
    if patron is None:
        return Answer(outcome, scanned=scanned, rows=rows)
    panel = panel_of(patron, place, table or queries.rule_table(place.today), outcome.loans)
    return Answer(outcome, panel, given.token, scanned, rows=rows)


def open_again(place: Place, given: Given) -> Answer:
    """The patron as they are now, for a page that comes back to them."""
    who = patron_of(place.actor, given.token)
    patron = patrons.by_id(who.patron_id) if who else None
    if who is None or patron is None:
        return Answer(Outcome("", "ready", ""))
    panel = panel_of(patron, place, queries.rule_table(place.today), whole=True)
    return Answer(
        Outcome("", "patron", wording("circulation.counter.patron_3", "続きから読み取ってください。")),
        panel,
        given.token,
        opened=True,
    )


def without_card(place: Place, kana: str, birth_date: date | None, phone: str) -> Answer:
    """Open the one patron of whom all three are known; an outcome that says why when there is none."""
    try:
        patron = actions.identify(place.actor, kana, birth_date, phone)
    except actions.NotIdentified as problem:
        return Answer(Outcome("warn", "not_identified", str(problem)))
    return opened(place, patron, patron.card_number, without_card=True)


def renew(place: Place, given: Given) -> Answer:
    """Extend one loan of the patron who is open."""
    who = patron_of(place.actor, given.token)
    if who is None:
        return Answer(NO_PATRON)
    outcome = actions.renew(place.actor, who.patron_id, given.number, place.branch, answers=given.answers)
    return keep(place, outcome, given, scanned=given.number)


def renew_all(place: Place, given: Given) -> Answer:
    """Extend everything that may be extended, and say what was not and why."""
    who = patron_of(place.actor, given.token)
    if who is None:
        return Answer(NO_PATRON)
    rows = tuple(actions.renew_all(place.actor, who.patron_id, place.branch))
    done = sum(1 for row in rows if row.acted)
    rest = (
        wording("circulation.counter.renew_all", "{count}点は延長できません。", count=len(rows) - done)
        if len(rows) > done
        else ""
    )
    said = (
        f"{done}点を延長しました。{rest}"
        if rows
        else wording("circulation.counter.renew_all_2", "貸出中の資料はありません。")
    )
    outcome = Outcome("warn" if rest or not rows else "info", "renew_all", said)
    return replace(keep(place, outcome, given), rows=rows)


def change_due(place: Place, given: Given) -> Answer:
    """Give one loan another due date; asks for date and reason first."""
    if patron_of(place.actor, given.token) is None:
        return Answer(NO_PATRON)
    if given.day is None or "due" not in given.answers:
        outcome = Outcome("warn", "ask", ASK_DUE.text, asks=(ASK_DUE,))
        return replace(keep(place, outcome, given, scanned=given.number), rows=())
    outcome = actions.change_due(place.actor, given.number, given.day, given.answers.reason, place.branch)
    return keep(place, outcome, given, scanned=given.number)


def scan_to_return(place: Place, given: Given) -> Answer:
    """An item comes back; no card is needed and nobody is shown."""
    number = given.number
    if not number:
        return Answer(UNREADABLE, scanned=given.text[:20], rows=(UNREADABLE,))
    outcome = actions.give_back(place.actor, number, place.branch, on_date=given.day, answers=given.answers)
    if outcome.code == "unknown_item" and card_problem(number) is None:
        outcome = Outcome(
            "warn",
            "card_on_return",
            wording("circulation.counter.card_on_return", "利用券の番号です。返却では資料だけを読み取ります。"),
        )
    undo = (("kind", "return"), ("undo", outcome.undo)) if outcome.undo else ()
    return Answer(outcome, scanned=number, rows=(outcome,), undo=undo)


def scan_inside(place: Place, given: Given) -> Answer:
    """An item is read in the house."""
    if not given.number:
        return Answer(UNREADABLE, scanned=given.text[:20], rows=(UNREADABLE,))
    outcome = actions.in_library_use(place.actor, given.number, place.branch)
    return Answer(outcome, scanned=given.number, rows=(outcome,))


def undo(place: Place, given: Given, kind: str, token: str) -> Answer:
    """Take back a loan (by its number) or a return (by the token of its answer)."""
    if kind == "return":
        outcome = actions.undo_return(place.actor, token)
        return Answer(outcome, scanned=outcome.item.barcode if outcome.item else "", rows=(outcome,))
    outcome = actions.undo_loan(place.actor, given.number, place.branch)
    return keep(place, outcome, given, scanned=given.number)


def who_returned(place: Place, given: Given, token: str) -> Answer:
    """Open the name of whoever gave the last item back: for a purpose, by whoever may, and recorded."""
    if "who" not in given.answers or not given.answers.reason:
        return Answer(Outcome("warn", "ask", ASK_WHO.text, asks=(ASK_WHO,)))
    patron = actions.who_returned(place.actor, token, given.answers.reason)
    if patron is None:
        return Answer(
            Outcome(
                "warn",
                "forgotten",
                wording("circulation.counter.forgotten", "返却者はもう分かりません。返却から10分で失われます。"),
            )
        )
    return Answer(
        Outcome(
            "info",
            "who",
            f"返却者: {patron.name}（{patron.card_number}）",
            notes=(wording("circulation.counter.who", "閲覧を記録しました。"),),
        )
    )


def today() -> date:
    """The library's day."""
    return timezone.localdate()
