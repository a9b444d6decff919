"""Which regulation holds for a case, column by column, and why. Pure.

The table has rows for a branch, a patron category, a material type, a location, or any of them together; an empty key
means any. A row names only the values it wants to say something about. For each column the most special row that names
a value wins; the general row is the last resort, the column's own default the very last.

Rows with the same key are versions: of those without an end the latest that has begun is in force. A row with an end
lies over the versions of its key while it lasts, for the columns it names.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")


@dataclass(frozen=True)
class Stage:
    """From so many days late (and so many items), this: `note`, `stop_lending` or `stop_holds`."""

    days: int
    effect: str
    items: int = 1


@dataclass(frozen=True)
class Reminder:
    """A notice so many days after the due date, by `mail`, `phone`, `postcard` or `letter`."""

    days: int
    method: str


NOTE, STOP_LENDING, STOP_HOLDS = "note", "stop_lending", "stop_holds"
EFFECTS = {NOTE: "注意", STOP_LENDING: "貸出停止", STOP_HOLDS: "予約停止"}
METHODS = {"mail": "メール", "phone": "電話", "postcard": "はがき", "letter": "文書"}

COUNT, DAYS, FLAG, DATE, STAGES, REMINDERS = "count", "days", "flag", "date", "stages", "reminders"


@dataclass(frozen=True)
class Column:
    """One value of the table: its name in code, its title on screen, its unit, and what holds when no row names it."""

    name: str
    title: str
    group: str
    kind: str
    default: Any = None
    help: str = ""
    unset: str = "制限なし"
    """How the default reads on screen when it is None."""


LENDING, RENEWING, OVERDUE, HOLDING, REMINDING = "貸出", "延長", "延滞", "予約", "督促"
COLUMNS = (
    Column("total_limit", "総点数", LENDING, COUNT, help="種別を問わず同時に借りられる点数"),
    Column("loan_limit", "この種別の点数", LENDING, COUNT, help="この資料種別を同時に借りられる点数"),
    Column("period_days", "貸出期間", LENDING, DAYS, help="休館日に当たれば次の開館日まで", unset="定めなし"),
    Column("fixed_due", "指定返却期限", LENDING, DATE, help="期間を限った規則で、その間の貸出の返却期限", unset="なし"),
    Column("reference_allowed", "禁帯出も貸す", LENDING, FLAG, False),
    Column("lending_refused", "貸し出さない", LENDING, FLAG, False),
    Column("latest_refused", "雑誌の最新号を貸し出さない", LENDING, FLAG, False),
    Column("renewals", "延長回数", RENEWING, COUNT, 0),
    Column("renew_days", "延長期間", RENEWING, DAYS, help="空なら貸出期間と同じ", unset="貸出期間と同じ"),
    Column("renew_after_days", "延長できるまで", RENEWING, DAYS, 0, "貸出からこの日数は延長を受けない"),
    Column("renew_from_due", "延長は期限日から数える", RENEWING, FLAG, False, "いいえなら手続日から数える"),
    Column("renew_when_waiting", "予約があっても延長する", RENEWING, FLAG, False),
    Column("renew_when_late", "延滞中でも延長する", RENEWING, FLAG, False),
    Column("overdue_stages", "延滞の段階", OVERDUE, STAGES, (), "1行に1段階。例: 15日 貸出停止 / 7日 3点 注意"),
    Column("hold_limit", "この種別の予約件数", HOLDING, COUNT),
    Column("total_hold_limit", "予約総件数", HOLDING, COUNT),
    Column("hold_shelf_days", "取置開館日数", HOLDING, DAYS, 7, "受取館の開館日で数える"),
    Column("holds_refused", "予約を受けない", HOLDING, FLAG, False),
    Column("holds_refused_days", "受入後に予約を受けない日数", HOLDING, DAYS, 0),
    Column("holds_refused_latest", "雑誌の最新号の予約を受けない", HOLDING, FLAG, False),
    Column("same_title_note", "同じ書名の重複予約に注意", HOLDING, FLAG, True),
    Column("request_limit", "リクエスト件数", HOLDING, COUNT, help="購入などのリクエストを1か月に受ける件数"),
    Column("busy_from", "予約多数とみなす件数", HOLDING, COUNT, help="待ちがこの件数以上の資料", unset="定めなし"),
    Column("busy_period_days", "予約多数の貸出期間", HOLDING, DAYS, help="空なら短くしない", unset="短くしない"),
    Column("busy_renewals", "予約多数の延長回数", HOLDING, COUNT, help="空なら変えない", unset="変えない"),
    Column("due_soon_days", "期限前の知らせ", REMINDING, DAYS, help="期限のこの日数前に知らせる", unset="知らせない"),
    Column("reminder_stages", "督促の段階", REMINDING, REMINDERS, (), "1行に1段階。例: 7日 メール / 60日 はがき"),
    Column(
        "waiting_reminder_days",
        "予約待ちの督促",
        REMINDING,
        DAYS,
        help="次の予約がある資料を督促するまで",
        unset="早めない",
    ),
)
COLUMN = {column.name: column for column in COLUMNS}


@dataclass(frozen=True)
class Rule:
    """One row of the table. `values` holds the columns it names, and no others; `title` is its key in words."""

    id: int
    branch_id: int | None = None
    category_id: int | None = None
    material_type: str = ""
    location: str = ""
    effective_from: date = date.min
    effective_until: date | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    title: str = ""

    @property
    def key(self) -> tuple[int | None, int | None, str, str]:
        """What the row speaks about; rows with the same key are versions of one another."""
        return (self.branch_id, self.category_id, self.material_type, self.location)

    def fits(self, case: "Case") -> bool:
        """Whether the row speaks about this case."""
        return (
            self.branch_id in (None, case.branch_id)
            and self.category_id in (None, case.category_id)
            and self.material_type in ("", case.material_type)
            and self.location in ("", case.location)
        )

    @property
    def rank(self) -> tuple[int, bool, bool, bool, bool, bool, date, int]:
        """How special the row is: the number of named keys, then patron before material before location before
        branch, then a row with an end over one without, then the later."""
        named = (
            self.category_id is not None,
            bool(self.material_type),
            bool(self.location),
            self.branch_id is not None,
        )
        return (sum(named), *named, self.effective_until is not None, self.effective_from, self.id)

    @property
    def why(self) -> str:
        """The row in words, for the screen."""
        name = f"「{self.title}」の規則" if self.title else "全体の規則"
        if self.effective_until is not None:
            return f"{name}（{self.effective_from:%Y/%m/%d}～{self.effective_until:%Y/%m/%d}）"
        return name


@dataclass(frozen=True)
class Case:
    """What is asked: at which branch, for which patrons, which material standing where, on which day, with how many
    holds waiting. A `branch_id` or `category_id` of 0 and an empty text fit only rows that leave that key open."""

    branch_id: int
    category_id: int
    material_type: str
    on: date
    waiting: int = 0
    location: str = ""


@dataclass(frozen=True)
class Decided(Generic[Value]):
    """A value, which row gave it (None: no row names it) and why, in Japanese."""

    value: Value
    why: str = ""
    rule_id: int | None = None


@dataclass(frozen=True)
class Terms:
    """Everything the table says about one case. A count or number of days that is None sets no limit."""

    total_limit: Decided[int | None]
    loan_limit: Decided[int | None]
    period_days: Decided[int]
    fixed_due: Decided[date | None]
    reference_allowed: Decided[bool]
    lending_refused: Decided[bool]
    latest_refused: Decided[bool]
    renewals: Decided[int]
    renew_days: Decided[int | None]
    renew_after_days: Decided[int]
    renew_from_due: Decided[bool]
    renew_when_waiting: Decided[bool]
    renew_when_late: Decided[bool]
    overdue_stages: Decided[tuple[Stage, ...]]
    hold_limit: Decided[int | None]
    total_hold_limit: Decided[int | None]
    hold_shelf_days: Decided[int]
    holds_refused: Decided[bool]
    holds_refused_days: Decided[int]
    holds_refused_latest: Decided[bool]
    same_title_note: Decided[bool]
    request_limit: Decided[int | None]
    busy_from: Decided[int | None]
    busy_period_days: Decided[int | None]
    busy_renewals: Decided[int | None]
    due_soon_days: Decided[int | None]
    reminder_stages: Decided[tuple[Reminder, ...]]
    waiting_reminder_days: Decided[int | None]


class NoRule(Exception):
    """No row gives a loan period for the case: a fault of the table, not of the patron."""


def in_force(table: Iterable[Rule], on: date) -> tuple[Rule, ...]:
    """The rows that hold on a day: of each key the latest version without an end, and every row whose span has it."""
    latest: dict[tuple[Any, ...], Rule] = {}
    over: list[Rule] = []
    for rule in table:
        if rule.effective_from > on:
            continue
        if rule.effective_until is not None:
            if on <= rule.effective_until:
                over.append(rule)
        elif rule.key not in latest or latest[rule.key].rank < rule.rank:
            latest[rule.key] = rule
    return (*latest.values(), *over)


def ranked(table: Iterable[Rule], case: Case) -> list[Rule]:
    """The rows in force that speak about the case, the most special first."""
    fitting = (rule for rule in in_force(table, case.on) if rule.fits(case))
    return sorted(fitting, key=lambda rule: rule.rank, reverse=True)


def _first(rows: list[Rule], column: Column) -> Decided[Any]:
    for rule in rows:
        if column.name in rule.values:
            return Decided(rule.values[column.name], rule.why, rule.id)
    return Decided(column.default, "どの規則にも定めがありません")


def decide(table: Iterable[Rule], case: Case) -> Terms:
    """The terms of a case. NoRule when no row gives a loan period (the general row is missing)."""
    rows = ranked(table, case)
    found = {column.name: _first(rows, column) for column in COLUMNS}
    if found["period_days"].value is None:
        raise NoRule("利用規則の表に、貸出期間を定める全体の行がありません。")
    busy = found["busy_from"]
    if busy.value is not None and case.waiting >= busy.value:
        reason = f"予約{busy.value}件以上（現在{case.waiting}件）: "
        for name, shorter in (("period_days", "busy_period_days"), ("renewals", "busy_renewals")):
            given = found[shorter]
            if given.value is not None and given.value < found[name].value:
                found[name] = Decided(given.value, reason + given.why, given.rule_id)
    return Terms(**found)


@dataclass(frozen=True)
class Candidate:
    """A row that speaks about the case, and the value that it names for one column."""

    rule: Rule
    value: Any
    wins: bool


def explain(table: Iterable[Rule], case: Case) -> dict[str, tuple[Candidate, ...]]:
    """For every column the rows that name a value for the case, the winner first."""
    rows = ranked(table, case)
    found: dict[str, tuple[Candidate, ...]] = {}
    for column in COLUMNS:
        named = [rule for rule in rows if column.name in rule.values]
        found[column.name] = tuple(
            Candidate(rule, rule.values[column.name], place == 0) for place, rule in enumerate(named)
        )
    return found


def stage_of(stages: Iterable[Stage], days_late: Iterable[int]) -> tuple[Stage, ...]:
    """The stages that have been reached by items so many days late each: at least `items` of them `days` late."""
    late = [days for days in days_late if days > 0]
    return tuple(stage for stage in stages if sum(1 for days in late if days >= stage.days) >= stage.items)


def reminder_of(stages: Iterable[Reminder], days_late: int) -> Reminder | None:
    """The last reminder stage that so many days have reached; None before the first."""
    reached = [stage for stage in stages if stage.days <= days_late]
    return max(reached, key=lambda stage: stage.days, default=None)


if {column.name for column in COLUMNS} != {one.name for one in fields(Terms)}:
    raise AssertionError("the columns and the terms differ")
