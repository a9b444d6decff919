"""Lending, giving back, extending: one transaction each.

Locks are taken in one order, patron before item, so two counters cannot wait for each other; whoever holds an
item's lock alone may make or end its loan.
"""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from app.access import actions as access
from app.access.actor import Actor
from app.access.operations import declare
from app.audit import actions as audit
from app.branches.models import Branch
from app.branches.queries import closing_of
from app.catalog.codes import LENDABLE_STATUSES
from app.catalog.models import Item
from app.circulation import queries, rules
from app.circulation.models import Loan, LoanRule, LoanStatistic, ReturnToday
from app.patrons.models import Patron
from app.patrons.rules import age_band

LEND = declare("circulation.lend", "資料を貸し出す")
GIVE_BACK = declare("circulation.give_back", "資料の返却を受け付ける")
RENEW = declare("circulation.renew", "貸出を延長する")

# A reader that bounces, a key held too long, a request sent twice: the same scan again within this time.
SAME_SCAN = timedelta(seconds=20)
AV_TYPES = ("cd", "dvd")


@dataclass(frozen=True)
class Outcome:
    """What a scan came to. `tone` is ok, info, warn or bad: the screen's colour, mark and sound."""

    tone: str
    code: str
    message: str
    item: Item | None = None
    due_on: date | None = None
    why: str = ""
    notes: tuple[str, ...] = field(default=())
    days_late: int = 0
    patron: Patron | None = None
    """Whose scan it was; set by lending, never by giving back."""

    @property
    def acted(self) -> bool:
        """Whether this very scan changed anything."""
        return self.code in ("lend", "renew", "give_back")


def _lock_item(barcode: str) -> Item | None:
    items = Item.objects.select_for_update(of=("self",), no_key=True).select_related("record", "branch")
    return items.defer("record__marc").filter(barcode=barcode).first()


def _lock_patron(patron_id: int) -> Patron:
    patrons = Patron.objects.select_for_update(of=("self",), no_key=True)
    return patrons.select_related("category", "branch").get(pk=patron_id)


def _unknown(barcode: str) -> Outcome:
    return Outcome("bad", "unknown_item", f"資料番号 {barcode} は登録されていません。番号を確かめてください。")


def lend(
    actor: Actor,
    patron_id: int,
    barcode: str,
    branch: Branch,
    *,
    now: datetime | None = None,
    table: list[rules.Rule] | None = None,
) -> Outcome:
    """Lend one item to a patron at a branch.

    The same scan again answers as the first did and changes nothing; the patron's own item scanned later is
    extended, as counters do. Refusals are outcomes, not exceptions; NotPermitted is raised for the actor.
    `table` is the rule table when the caller has it already. At most ten SQL statements.
    """
    access.require(actor, LEND)
    try:
        return _lend(actor, patron_id, barcode, branch, now or timezone.now(), table or queries.rule_table())
    except IntegrityError as error:
        # Somebody wrote the loan past the item's lock (a bulk loader): the constraint has the last word.
        if "circulation_item_out_once" not in str(error):
            raise
        return _elsewhere(None)


@transaction.atomic
def _lend(
    actor: Actor, patron_id: int, barcode: str, branch: Branch, now: datetime, table: list[rules.Rule]
) -> Outcome:
    patron = _lock_patron(patron_id)
    item = _lock_item(barcode)
    if item is None:
        return _unknown(barcode)
    there = Loan.objects.filter(item=item).first()
    if there is not None:
        return replace(_already_out(actor, there, patron, item, branch, now, table), patron=patron)
    today = timezone.localdate(now)
    verdict = rules.may_lend(
        _borrower(patron, item),
        _case(table, branch, patron, item),
        closing_of(branch, today),
        today,
        reference_only=item.reference_only,
        shelf_problem="" if item.status in LENDABLE_STATUSES else item.get_status_display(),
    )
    if not verdict.allowed:
        return Outcome("bad", verdict.code, verdict.message, item, why=verdict.why, patron=patron)
    Loan(item=item, patron=patron, branch=branch, due_on=verdict.due_on, lent_at=now).save(force_insert=True)
    _count(LoanStatistic.Act.LEND, patron, item, branch, today)
    audit.record(actor, LEND, subject_type="branch", subject_id=branch.code)
    return Outcome("ok", "lend", verdict.message, item, verdict.due_on, verdict.why, verdict.notes, patron=patron)


def _already_out(
    actor: Actor, loan: Loan, patron: Patron, item: Item, branch: Branch, now: datetime, table: list[rules.Rule]
) -> Outcome:
    if loan.patron_id != patron.pk:
        return _elsewhere(item)
    if now - loan.lent_at < SAME_SCAN:
        return Outcome("info", "same_scan", "読み取り済みです（貸出は1点です）。", item, loan.due_on)
    return _renew(actor, loan, patron, item, branch, now, table)


def _elsewhere(item: Item | None) -> Outcome:
    return Outcome("bad", "on_loan", "貸出中の資料です。返却してから、もう一度読み取ってください。", item)


@transaction.atomic
def renew(actor: Actor, patron_id: int, barcode: str, branch: Branch, now: datetime | None = None) -> Outcome:
    """Extend one of a patron's loans."""
    patron = _lock_patron(patron_id)
    item = _lock_item(barcode)
    if item is None:
        return _unknown(barcode)
    loan = Loan.objects.filter(item=item, patron=patron).first()
    if loan is None:
        return Outcome("bad", "not_out", "この利用者に貸出中の資料ではありません。", item)
    return _renew(actor, loan, patron, item, branch, now or timezone.now(), queries.rule_table())


def _renew(
    actor: Actor, loan: Loan, patron: Patron, item: Item, branch: Branch, now: datetime, table: list[rules.Rule]
) -> Outcome:
    access.require(actor, RENEW)
    today = timezone.localdate(now)
    verdict = rules.may_renew(
        _borrower(patron, item),
        _case(table, branch, patron, item),
        closing_of(branch, today),
        today,
        due_on=loan.due_on,
        renewed=loan.renewed,
    )
    if not verdict.allowed:
        return Outcome("warn", verdict.code, f"貸出中です。{verdict.message}", item, loan.due_on, verdict.why)
    loan.due_on = verdict.due_on
    loan.renewed += 1
    loan.save(update_fields=["due_on", "renewed"])
    _count(LoanStatistic.Act.RENEW, patron, item, branch, today)
    audit.record(actor, RENEW, subject_type="branch", subject_id=branch.code)
    return Outcome("info", "renew", verdict.message, item, verdict.due_on, verdict.why)


@transaction.atomic
def give_back(actor: Actor, barcode: str, branch: Branch, now: datetime | None = None) -> Outcome:
    """Take one item back at a branch, whoever had it. The patron's name is in no part of the answer.

    From here on nothing says who had the item. A second scan is told apart and counted nowhere.
    At most seven SQL statements; one more at the first return of a day.
    """
    access.require(actor, GIVE_BACK)
    now = now or timezone.now()
    _settle_once_a_day(timezone.localdate(now))
    item = _lock_item(barcode)
    if item is None:
        return _unknown(barcode)
    loan = Loan.objects.select_related("patron__category").filter(item=item).first()
    if loan is None:
        return _not_out(item, now)
    today = timezone.localdate(now)
    days_late = max(0, (today - loan.due_on).days)
    _count(LoanStatistic.Act.RETURN, loan.patron, item, branch, today)
    loan.delete()
    ReturnToday.objects.create(item=item, lent_month=timezone.localdate(loan.lent_at).replace(day=1), at=now)
    audit.record(actor, GIVE_BACK, subject_type="branch", subject_id=branch.code)
    return _returned(item, branch, days_late)


def _returned(item: Item, branch: Branch, days_late: int) -> Outcome:
    if item.branch_id != branch.pk:
        message = f"返却しました。{item.branch.name}へ回送してください。"
        return Outcome("info", "give_back", message, item, days_late=days_late)
    if days_late:
        return Outcome("warn", "give_back", f"返却しました（{days_late}日延滞）。", item, days_late=days_late)
    return Outcome("ok", "give_back", "返却しました。", item)


def _not_out(item: Item, now: datetime) -> Outcome:
    if ReturnToday.objects.filter(item=item, at__gt=now - SAME_SCAN).exists():
        return Outcome("info", "same_scan", "読み取り済みです（返却は1点です）。", item)
    return Outcome("warn", "not_out", "貸出中の資料ではありません。返却には数えません。", item)


def _case(table: list[rules.Rule], branch: Branch, patron: Patron, item: Item) -> rules.Terms:
    return rules.terms(table, branch.pk, patron.category_id, item.material_type)


def _borrower(patron: Patron, item: Item) -> rules.Borrower:
    out = list(Loan.objects.filter(patron=patron).values_list("due_on", "item__material_type"))
    return rules.Borrower(
        valid_until=patron.valid_until,
        stopped_until=patron.stopped_until,
        due_dates=tuple(due for due, _ in out),
        of_material=sum(1 for _, material in out if material == item.material_type),
    )


def _count(act: str, patron: Patron, item: Item, branch: Branch, today: date) -> None:
    LoanStatistic.objects.create(
        act=act,
        on_date=today,
        branch=branch,
        category=patron.category.code,
        age_band=age_band(patron.birth_date, today),
        material_type=item.material_type,
    )


_settled: dict[str, date] = {}


def _settle_once_a_day(today: date) -> None:
    """The first return that this process takes on a day settles the days before, should the nightly job be late."""
    if _settled.get("day") != today:
        settle_returns(today)
        _settled["day"] = today


@transaction.atomic
def settle_returns(today: date) -> int:
    """Turn the returns of past days into tallies by item and month, and forget them; returns the rows written.

    Returns counted here are gone here, whoever else does the same at the same time. Locking the items first leaves
    this transaction's number on their rows in place of the one that returned them. Two SQL statements.
    """
    midnight = datetime.combine(today, time.min, timezone.get_current_timezone())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT id FROM catalog_item WHERE id IN"
            " (SELECT item_id FROM circulation_returntoday WHERE at < %s) ORDER BY id FOR NO KEY UPDATE) AS locked",
            [midnight],
        )
        cursor.execute(
            "WITH gone AS (DELETE FROM circulation_returntoday WHERE at < %s RETURNING item_id, lent_month)"
            " INSERT INTO circulation_itemtally (item_id, month, loans)"
            " SELECT item_id, lent_month, count(*) FROM gone GROUP BY item_id, lent_month ORDER BY item_id, lent_month"
            " ON CONFLICT (item_id, month) DO UPDATE SET loans = circulation_itemtally.loans + excluded.loans",
            [midnight],
        )
        return int(cursor.rowcount)


def seed_rules() -> None:
    """The rules a new library starts with: ten items for two weeks, five of them audio-visual for one."""
    if LoanRule.objects.exists():
        return
    LoanRule.objects.create(limit=10, period_days=14, renewals=1, overdue_block_days=15)
    for material in AV_TYPES:
        LoanRule.objects.create(material_type=material, limit=5, period_days=7, renewals=0, overdue_block_days=15)


def after_migrate(sender: Any, using: str, **_: Any) -> None:
    """`post_migrate`: a new library has rules."""
    if using == "default":
        seed_rules()
