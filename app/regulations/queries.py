"""Reads of the rule table."""

from datetime import date
from typing import Any

from app.branches.codes import label
from app.branches.revisions import kept
from app.regulations import rules
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
