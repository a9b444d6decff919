"""Pure decisions of the counter. Everything comes in as arguments; every answer says why.

What the library decided (limits, periods, stages) comes as `Terms` from app.regulations; here stands what follows.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from app.branches.rules import LONGEST_CLOSURE_DAYS, Closing, next_open
from app.regulations.rules import STOP_LENDING, Terms, stage_of
from app.web.wording import wording

# What a person with the right may let pass for a reason; everything else stays as it is.
OVERRIDABLE = frozenset(
    {
        "stopped",
        "overdue",
        "limit",
        "material_limit",
        "reference_only",
        "in_library",
        "latest",
        "refused",
        "late",
        "held",
        "renewals",
        "too_early",
    }
)
FOR_EVER = date.max


@dataclass(frozen=True)
class Borrower:
    """What the decision needs to know of a patron."""

    valid_until: date | None
    stopped_until: date | None
    due_dates: tuple[date, ...]
    """Due dates of everything out now; a set counts once."""
    of_material: int = 0
    """How many of those are of the material type in question."""
    withdrawn: bool = False

    def days_late(self, today: date) -> tuple[int, ...]:
        """Days of everything that is overdue, the longest first."""
        return tuple(sorted(((today - due).days for due in self.due_dates if due < today), reverse=True))


@dataclass(frozen=True)
class Thing:
    """What the decision needs to know of an item. `shelf_problem` names a state in which it is not lent (整理中 …)."""

    reference_only: bool = False
    restriction: str = ""
    shelf_problem: str = ""


@dataclass(frozen=True)
class Objection:
    """Why not: a code, a sentence, and the row of the table that says so."""

    code: str
    message: str
    why: str = ""

    @property
    def overridable(self) -> bool:
        return self.code in OVERRIDABLE


@dataclass(frozen=True)
class Verdict:
    """What stands against it, and the due date when nothing does. `notes` are warnings that do not stop.

    `passed` are the objections that were let pass.
    """

    objections: tuple[Objection, ...] = ()
    due_on: date | None = None
    why: str = ""
    notes: tuple[str, ...] = ()
    passed: tuple[Objection, ...] = ()

    @property
    def allowed(self) -> bool:
        return not self.objections

    @property
    def code(self) -> str:
        """The first objection's code; empty when there is none."""
        return self.objections[0].code if self.objections else ""

    @property
    def message(self) -> str:
        return self.objections[0].message if self.objections else ""

    @property
    def overridable(self) -> bool:
        """Whether everything that stands against it may be let pass."""
        return bool(self.objections) and all(objection.overridable for objection in self.objections)


def due_date(today: date, period_days: int, closing: Closing) -> date:
    """The day the item must be back: the period counted from today, moved on to the next open day."""
    return next_open(today + timedelta(days=period_days), closing)


def last_open(day: date, closing: Closing) -> date:
    """The last open day on or before `day`. ValueError when there is none within 400 days."""
    for offset in range(LONGEST_CLOSURE_DAYS):
        candidate = day - timedelta(days=offset)
        if not closing.is_closed(candidate):
            return candidate
    raise ValueError(f"no open day within {LONGEST_CLOSURE_DAYS} days before {day}")


def book_drop_day(today: date, closing: Closing) -> date:
    """The day that the book drop counts for, emptied before opening: the last open day before today."""
    return last_open(today - timedelta(days=1), closing)


def against_patron(borrower: Borrower, terms: Terms, today: date) -> Iterator[Objection]:
    """What speaks against the patron whatever the item is."""
    if borrower.withdrawn:
        yield Objection("withdrawn", wording("circulation.withdrawn", "退会した利用者です。"))
    if borrower.valid_until is not None and borrower.valid_until < today:
        yield Objection(
            "expired",
            wording(
                "circulation.expired",
                "利用券の有効期限（{valid_until}）が切れています。更新してください。",
                valid_until=f"{borrower.valid_until:%Y/%m/%d}",
            ),
        )
    if borrower.stopped_until is not None and today <= borrower.stopped_until:
        until = "" if borrower.stopped_until == FOR_EVER else f"{borrower.stopped_until:%Y/%m/%d}まで"
        yield Objection("stopped", wording("circulation.stopped", "{until}貸出を停止しています。", until=until))
    late = borrower.days_late(today)
    reached = [stage for stage in stage_of(terms.overdue_stages.value, late) if stage.effect == STOP_LENDING]
    if reached:
        stage = reached[0]
        items = f"{stage.items}点以上が" if stage.items > 1 else ""
        yield Objection(
            "overdue",
            wording(
                "circulation.overdue",
                "{late}日延滞の資料があるため貸し出せません（{items}{days}日以上で停止）。",
                late=late[0],
                items=items,
                days=stage.days,
            ),
            terms.overdue_stages.why,
        )


def _against_item(thing: Thing, terms: Terms) -> Iterator[Objection]:
    if thing.shelf_problem:
        yield Objection(
            "not_lendable",
            wording(
                "circulation.not_lendable",
                "この資料は「{shelf_problem}」のため貸し出せません。",
                shelf_problem=thing.shelf_problem,
            ),
        )
    reference = terms.reference_allowed
    if thing.reference_only and not reference.value:
        yield Objection(
            "reference_only",
            wording("circulation.reference_only", "禁帯出の資料です。館内でご利用ください。"),
            reference.why,
        )
    if thing.restriction == "in_library" and not reference.value:
        yield Objection(
            "in_library", wording("circulation.in_library", "館内のみの資料です。館内でご利用ください。"), reference.why
        )
    latest = terms.latest_refused
    # The latest issue stays unless a row of the table expressly lets it go.
    if thing.restriction == "latest" and (latest.value or latest.rule_id is None):
        yield Objection(
            "latest", wording("circulation.latest", "最新号のため、次の号が出るまで貸し出せません。"), latest.why
        )
    if terms.lending_refused.value:
        yield Objection(
            "refused",
            wording("circulation.refused", "この利用者・資料の組合せでは貸し出しません。"),
            terms.lending_refused.why,
        )


def _against_count(borrower: Borrower, terms: Terms) -> Iterator[Objection]:
    total, kind, count = terms.total_limit, terms.loan_limit, len(borrower.due_dates)
    if total.value is not None and count >= total.value:
        yield Objection(
            "limit",
            wording("circulation.limit", "貸出は{total}点までです（現在{count}点）。", total=total.value, count=count),
            total.why,
        )
    if kind.value is not None and borrower.of_material >= kind.value:
        yield Objection(
            "material_limit",
            wording(
                "circulation.material_limit",
                "この種別の貸出は{kind}点までです（現在{of_material}点）。",
                kind=kind.value,
                of_material=borrower.of_material,
            ),
            kind.why,
        )


def _judged(objections: Iterable[Objection], let_pass: Collection[str]) -> tuple[list[Objection], list[Objection]]:
    standing, passed = [], []
    for objection in objections:
        (passed if objection.overridable and objection.code in let_pass else standing).append(objection)
    return standing, passed


def overdue_note(borrower: Borrower, today: date) -> tuple[str, ...]:
    """The line about overdue items that does not stop anything."""
    late = borrower.days_late(today)
    return (wording("circulation.overdue_note", "{late}日延滞の資料があります。", late=late[0]),) if late else ()


def may_lend(
    borrower: Borrower,
    terms: Terms,
    closing: Closing,
    today: date,
    thing: Thing = Thing(),
    *,
    let_pass: Collection[str] = (),
    due_on: date | None = None,
) -> Verdict:
    """Whether this item may go to this patron today, and until when.

    `let_pass` are the codes of objections that somebody with the right overrode; `due_on` a due date set by hand.
    """
    against = (
        *against_patron(borrower, terms, today),
        *_against_item(thing, terms),
        *_against_count(borrower, terms),
        *_against_due(due_on, today, closing),
    )
    standing, passed = _judged(against, let_pass)
    if standing:
        return Verdict(tuple(standing))
    due, why = _due(terms, closing, today, due_on)
    return Verdict((), due, why, overdue_note(borrower, today), tuple(passed))


def _due(terms: Terms, closing: Closing, today: date, by_hand: date | None) -> tuple[date, str]:
    if by_hand is not None:
        return by_hand, "期限を指定"
    fixed = terms.fixed_due
    if fixed.value is not None:
        return next_open(max(fixed.value, today), closing), fixed.why
    return due_date(today, terms.period_days.value, closing), terms.period_days.why


def _against_due(due_on: date | None, today: date, closing: Closing) -> Iterator[Objection]:
    problem = due_problem(due_on, today, closing) if due_on is not None else ""
    if problem:
        yield Objection("bad_due", problem)


def due_problem(due_on: date, today: date, closing: Closing) -> str:
    """What is wrong with a due date set by hand, in words; empty when nothing is."""
    if due_on < today:
        return wording("circulation.due_problem", "返却期限に過去の日は指定できません。")
    if (due_on - today).days > 366:
        return wording("circulation.due_problem_2", "返却期限は1年以内で指定してください。")
    if closing.is_closed(due_on):
        return wording(
            "circulation.due_problem_3",
            "{due_on}は休館日です。開館日（{text}など）を指定してください。",
            due_on=f"{due_on:%m/%d}",
            text=f"{next_open(due_on, closing):%m/%d}",
        )
    return ""


def may_renew(
    borrower: Borrower,
    terms: Terms,
    closing: Closing,
    today: date,
    *,
    due_on: date,
    renewed: int,
    lent_on: date,
    waiting: int = 0,
    let_pass: Collection[str] = (),
) -> Verdict:
    """Whether a loan may be extended today. The new period never shortens the old one.

    `waiting` is the number of holds that want this item.
    """
    standing, passed = _judged(
        (*against_patron(borrower, terms, today), *_against_renewal(terms, today, due_on, renewed, lent_on, waiting)),
        let_pass,
    )
    if standing:
        return Verdict(tuple(standing))
    days = terms.renew_days.value or terms.period_days.value
    due, why = due_date(max(due_on, today) if terms.renew_from_due.value else today, days, closing), terms.renewals.why
    if terms.fixed_due.value is not None:
        due, why = next_open(max(terms.fixed_due.value, today), closing), terms.fixed_due.why
    if due <= due_on:
        return Verdict(
            (
                Objection(
                    "no_gain",
                    wording(
                        "circulation.no_gain", "いま延長しても期限（{due_on}）は延びません。", due_on=f"{due_on:%m/%d}"
                    ),
                ),
            )
        )
    return Verdict((), due, why, (), tuple(passed))


def _against_renewal(
    terms: Terms, today: date, due_on: date, renewed: int, lent_on: date, waiting: int
) -> Iterator[Objection]:
    if due_on < today and not terms.renew_when_late.value:
        message = wording(
            "circulation.against_renewal",
            "返却期限を{days}日過ぎているため延長できません。",
            days=(today - due_on).days,
        )
        yield Objection("late", message, terms.renew_when_late.why)
    if waiting and not terms.renew_when_waiting.value:
        yield Objection(
            "held",
            wording("circulation.held", "予約が{waiting}件あるため延長できません。", waiting=waiting),
            terms.renew_when_waiting.why,
        )
    if renewed >= terms.renewals.value:
        yield Objection(
            "renewals",
            wording("circulation.renewals", "延長は{renewals}回までです。", renewals=terms.renewals.value),
            terms.renewals.why,
        )
    after = terms.renew_after_days
    if (today - lent_on).days < after.value:
        yield Objection(
            "too_early",
            wording("circulation.too_early", "貸出から{after}日間は延長できません。", after=after.value),
            after.why,
        )


def return_day_problem(on_date: date, today: date, closing: Closing, most_days: int = 31) -> str:
    """What is wrong with a date to which a return is set back, in words; empty when nothing is."""
    if on_date > today:
        return wording("circulation.return_day_problem", "返却日に先の日は指定できません。")
    if (today - on_date).days > most_days:
        return wording(
            "circulation.return_day_problem_2", "返却日は{most_days}日前までさかのぼれます。", most_days=most_days
        )
    if on_date != today and closing.is_closed(on_date):
        return wording(
            "circulation.return_day_problem_3",
            "{on_date}は休館日です。前の開館日（{text}）を指定してください。",
            on_date=f"{on_date:%m/%d}",
            text=f"{last_open(on_date, closing):%m/%d}",
        )
    return ""
