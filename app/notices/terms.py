"""What the rule table (app.regulations) says about reminding a case."""

from datetime import date

from app.notices.queries import Overdue
from app.notices.rules import StageRule, stage_reached
from app.regulations.queries import table
from app.regulations.rules import Case, Terms, decide

LONGEST_DUE_SOON_DAYS = 30


class Reminding:
    """The terms of one day, each combination decided once. At most two SQL statements, at the start."""

    def __init__(self, today: date) -> None:
        self.today = today
        self.rules = table(today)
        self.decided: dict[tuple[int, int, str], Terms] = {}

    def terms(self, branch_id: int, category_id: int, material_type: str) -> Terms:
        """The terms of a branch, category and material."""
        key = (branch_id, category_id, material_type)
        if key not in self.decided:
            self.decided[key] = decide(self.rules, Case(branch_id, category_id, material_type, self.today))
        return self.decided[key]

    def due_soon_days(self, branch_id: int, category_id: int, material_type: str) -> int:
        """How many days before the due date a patron is told; 0 for never."""
        return self.terms(branch_id, category_id, material_type).due_soon_days.value or 0

    def stages(self, branch_id: int, category_id: int, material_type: str) -> tuple[StageRule, ...]:
        """The stages of reminding; the first begins earlier for an item somebody waits for."""
        terms = self.terms(branch_id, category_id, material_type)
        early = terms.waiting_reminder_days.value
        rows = sorted(terms.reminder_stages.value, key=lambda row: row.days)
        return tuple(
            StageRule(number, row.days, row.method, early if number == 1 else None)
            for number, row in enumerate(rows, start=1)
        )

    def reached(self, loan: Overdue) -> StageRule | None:
        """The stage that a loan has newly reached, or None."""
        stages = self.stages(loan.branch_id, loan.category_id, loan.material_type)
        return stage_reached(stages, loan.days_late, loan.held, loan.done)
