"""Reads of the rule table."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.access.models import StaffUser
from app.audit.models import AuditEvent
from app.branches.codes import label
from app.branches.revisions import kept
from app.regulations import notation, rules
from app.regulations.models import Regulation
from app.regulations.rules import COLUMNS, Reminder, Rule, Stage


def value_of(column: rules.Column, stored: Any) -> Any:
    """A stored value as rules know it: stages are lists in the database."""
    if column.kind == rules.STAGES:
        return tuple(Stage(days, effect, items) for days, effect, items in stored)
    if column.kind == rules.REMINDERS:
        return tuple(Reminder(days, method) for days, method in stored)
    return stored


def rule_of(row: Regulation) -> Rule:
    """One row as rules know it. `branch` and `category` should be there already (select_related)."""
    stored = {column: getattr(row, column.name) for column in COLUMNS}
    return Rule(
        id=row.pk or 0,
        branch_id=row.branch_id,
        category_id=row.category_id,
        material_type=row.material_type,
        location=row.location,
        effective_from=row.effective_from,
        effective_until=row.effective_until,
        values={column.name: value_of(column, value) for column, value in stored.items() if value is not None},
        title=title_of(row),
    )


def title_of(row: Regulation) -> str:
    """The key of a row in words, e.g. 「児童 × CD」; empty for the general row."""
    names = (
        row.branch.short if row.branch_id and row.branch else "",
        row.category.name if row.category_id and row.category else "",
        label("material_type", row.material_type) if row.material_type else "",
        label("location", row.location) if row.location else "",
    )
    return " × ".join(name for name in names if name)


def rows() -> list[Regulation]:
    """Every row, past, present and to come, general rows first. One SQL statement."""
    found = Regulation.objects.select_related("branch", "category")
    return sorted(found, key=lambda row: (rule_of(row).rank[:5], title_of(row), row.effective_from, row.pk))


def every_rule() -> tuple[Rule, ...]:
    """The whole table with all its versions. At most two SQL statements; none while it is unchanged and just read."""

    def load() -> tuple[Rule, ...]:
        return tuple(rule_of(row) for row in Regulation.objects.select_related("branch", "category"))

    return kept("regulations", "table", load)


def table(on: date) -> tuple[Rule, ...]:
    """The rows in force on a day. At most two SQL statements; none while the table is unchanged and just read."""
    return kept("regulations", on, lambda: rules.in_force(every_rule(), on))


@dataclass(frozen=True)
class Change:
    """One line of the history: when, who, what, before and after in words."""

    at: datetime
    who: str
    what: str
    note: str
    before: str
    after: str


KINDS = {
    "regulation": "利用規則",
    "code": "コード表",
    "wording": "文言",
    "calendar": "開館日",
    "redating": "期限の一括変更",
}
"""What the audit log holds of settings, by kind of subject: the history of changes is read from there."""


def history(kind: str, most: int = 100) -> list[Change]:
    """The latest changes of one kind, newest first. Two SQL statements."""
    events = list(AuditEvent.objects.filter(subject_type=kind, outcome="done").order_by("-at", "-id")[:most])
    names = dict(StaffUser.objects.filter(number__in={event.actor for event in events}).values_list("number", "name"))
    return [_change(event, names) for event in events]


def _change(event: AuditEvent, names: dict[str, str]) -> Change:
    told = event.detail
    span = " ".join(part for part in (_span(told), str(told.get("what", "")), str(told.get("kind", ""))) if part)
    before, after = told.get("before"), told.get("after")
    if isinstance(before, dict) and isinstance(after, dict):
        same = {key for key in before if before[key] == after.get(key)}
        before = {key: value for key, value in before.items() if key not in same}
        after = {key: value for key, value in after.items() if key not in same}
    who = names.get(event.actor, "自動処理" if event.actor_kind == "system" else "")
    return Change(
        event.at,
        f"{event.actor} {who}".strip(),
        " ".join(part for part in (str(told.get("for", "") or event.subject_id), span) if part),
        str(told.get("note", "") or event.purpose),
        _words(before),
        _words(after),
    )


def _span(told: dict[str, Any]) -> str:
    first, last = (str(told.get(name) or "").replace("-", "/") for name in ("from", "until"))
    if told.get("first"):
        first, last = (str(told[name]).replace("-", "/") for name in ("first", "last"))
    return f"{first}～{last}" if last else first


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return "、".join(f"{_name(key)} {_value(key, one)}" for key, one in value.items())
    return "" if value is None else str(value)


_PLAIN = {"label": "名称", "order": "並び", "in_use": "使用", "default": "既定", "weekdays": "曜日", "nth": "第n曜日"}


def _name(key: str) -> str:
    column = rules.COLUMN.get(key)
    return column.title if column else _PLAIN.get(key, key)


def _value(key: str, value: Any) -> str:
    column = rules.COLUMN.get(key)
    if column is not None:
        return notation.shown(column, None if value is None else value_of(column, value))
    return {True: "はい", False: "いいえ"}.get(value, str(value)) if isinstance(value, bool) else str(value)
