"""Pure decisions of the counter. Everything comes in as arguments; every answer says why."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from app.branches.rules import Closing, next_open


@dataclass(frozen=True)
class Rule:
    """One row of the rule table; None or empty means any."""

    branch_id: int | None
    category_id: int | None
    material_type: str
    limit: int
    period_days: int
    renewals: int = 1
    overdue_block_days: int | None = None
    reference_allowed: bool = False

    def fits(self, branch_id: int, category_id: int, material_type: str) -> bool:
        """Whether the row speaks about this case."""
        return (
            self.branch_id in (None, branch_id)
            and self.category_id in (None, category_id)
            and self.material_type in ("", material_type)
        )

    @property
    def rank(self) -> tuple[int, bool, bool, bool]:
        """How special the row is: the number of named columns, then patron before material before branch."""
        named = (self.category_id is not None, bool(self.material_type), self.branch_id is not None)
        return (sum(named), *named)

    @property
    def why(self) -> str:
        """Which columns made the row win, for the screen."""
        named = [
            name
            for name, given in (
                ("利用者区分", self.category_id is not None),
                ("資料種別", bool(self.material_type)),
                ("館", self.branch_id is not None),
            )
            if given
        ]
        return "・".join(named) + "を指定した規則" if named else "全体の規則"


@dataclass(frozen=True)
class Terms:
    """What one case comes to: the row for the item, and the row that limits the patron's total."""

    item: Rule
    total: Rule


class NoRule(Exception):
    """The table has no row for the case: a fault of the table, not of the patron."""


def terms(rules: Iterable[Rule], branch_id: int, category_id: int, material_type: str) -> Terms:
    """The winning rows. NoRule when no row fits (the general row is missing)."""
    fitting = [rule for rule in rules if rule.fits(branch_id, category_id, material_type)]
    general = [rule for rule in fitting if not rule.material_type]
    if not general:
        raise NoRule("貸出規則の表に、全体に当たる行がありません。")
    return Terms(item=max(fitting, key=lambda rule: rule.rank), total=max(general, key=lambda rule: rule.rank))


@dataclass(frozen=True)
class Borrower:
    """What the decision needs to know of a patron."""

    valid_until: date | None
    stopped_until: date | None
    due_dates: tuple[date, ...]
    """Due dates of everything out now."""
    of_material: int
    """How many of those are of the material type in question."""

    def days_late(self, today: date) -> int:
        """Days of the longest overdue; 0 when nothing is overdue."""
        return max([(today - due).days for due in self.due_dates if due < today], default=0)


@dataclass(frozen=True)
class Verdict:
    """Yes with a due date, or no with a code and a sentence. `notes` are warnings that do not stop."""

    allowed: bool
    code: str
    message: str
    due_on: date | None = None
    why: str = ""
    notes: tuple[str, ...] = ()


def due_date(today: date, period_days: int, closing: Closing) -> date:
    """The day the item must be back: the period counted from today, moved on to the next open day."""
    return next_open(today + timedelta(days=period_days), closing)


def _no(code: str, message: str, why: str = "") -> Verdict:
    return Verdict(False, code, message, why=why)


def may_borrow(borrower: Borrower, case: Terms, today: date) -> Verdict | None:
    """What speaks against the patron whatever the item is; None when nothing does."""
    if borrower.valid_until is not None and borrower.valid_until < today:
        return _no("expired", f"利用券の有効期限（{borrower.valid_until:%Y/%m/%d}）が切れています。更新してください。")
    if borrower.stopped_until is not None and today <= borrower.stopped_until:
        return _no("stopped", f"{borrower.stopped_until:%Y/%m/%d}まで貸出を停止しています。")
    late, block = borrower.days_late(today), case.total.overdue_block_days
    if block is not None and late >= block:
        return _no("overdue", f"{late}日延滞の資料があるため貸し出せません（{block}日以上で停止）。", case.total.why)
    return None


def may_lend(
    borrower: Borrower, case: Terms, closing: Closing, today: date, *, reference_only: bool, shelf_problem: str = ""
) -> Verdict:
    """Whether this item may go to this patron today.

    `shelf_problem` is the name of a state in which items are not lent (整理中, 除籍 …), empty when there is none.
    """
    against = may_borrow(borrower, case, today)
    if against:
        return against
    if shelf_problem:
        return _no("not_lendable", f"この資料は「{shelf_problem}」のため貸し出せません。")
    if reference_only and not case.item.reference_allowed:
        return _no("reference_only", "禁帯出の資料です。館内でご利用ください。", case.item.why)
    count = len(borrower.due_dates)
    if count >= case.total.limit:
        return _no("limit", f"貸出は{case.total.limit}点までです（現在{count}点）。", case.total.why)
    if case.item.material_type and borrower.of_material >= case.item.limit:
        return _no(
            "material_limit",
            f"この種別の貸出は{case.item.limit}点までです（現在{borrower.of_material}点）。",
            case.item.why,
        )
    late = borrower.days_late(today)
    notes = (f"{late}日延滞の資料があります。",) if late else ()
    due = due_date(today, case.item.period_days, closing)
    return Verdict(True, "lend", f"{due:%m/%d}までにお返しください。", due, case.item.why, notes)


def may_renew(borrower: Borrower, case: Terms, closing: Closing, today: date, *, due_on: date, renewed: int) -> Verdict:
    """Whether a loan may be extended today. The new period counts from today and never shortens the old one."""
    against = may_borrow(borrower, case, today)
    if against:
        return against
    if due_on < today:
        return _no("late", f"返却期限を{(today - due_on).days}日過ぎているため延長できません。")
    if renewed >= case.item.renewals:
        return _no("renewals", f"延長は{case.item.renewals}回までです。", case.item.why)
    due = due_date(today, case.item.period_days, closing)
    if due <= due_on:
        return _no("no_gain", f"いま延長しても期限（{due_on:%m/%d}）は延びません。")
    return Verdict(True, "renew", f"{due:%m/%d}まで延長しました。", due, case.item.why)
