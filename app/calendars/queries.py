"""Reads before and after many dates are changed at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count

from app.branches.models import Branch
from app.branches.queries import closing_of
from app.branches.rules import Closing, add_open_days, next_open
from app.calendars.models import RedatedHold, RedatedLoan, Redating
from app.circulation.actions.redating import Move, Moved
from app.circulation.models import Loan
from app.holds.models import Hold, Status


@dataclass(frozen=True)
class Plan:
    """A change of dates as somebody asks for it."""

    kind: str
    branches: tuple[Branch, ...]
    first: date
    last: date
    reason: str
    due_to: date | None = None
    hold_days: int = 0


@dataclass(frozen=True)
class Effect:
    """What one move comes to: so many loans (or holds) of a branch from one day to another."""

    branch: Branch
    before: date
    after: date
    count: int


@dataclass(frozen=True)
class Preview:
    """What a plan would change now."""

    newly_closed: int
    loans: tuple[Effect, ...]
    holds: tuple[Effect, ...]

    @property
    def loan_count(self) -> int:
        return sum(effect.count for effect in self.loans)

    @property
    def hold_count(self) -> int:
        return sum(effect.count for effect in self.holds)


def span(plan: Plan) -> list[date]:
    """Every day of a plan."""
    return [plan.first + timedelta(days=offset) for offset in range((plan.last - plan.first).days + 1)]


def closing_with(plan: Plan, branch: Branch) -> Closing:
    """When the branch is closed once the plan is carried out."""
    now = closing_of(branch)
    if plan.kind != Redating.Kind.CLOSURE:
        return now
    return Closing(now.weekdays, now.dates | frozenset(span(plan)), now.laid_out)


def loan_effects(plan: Plan) -> list[Effect]:
    """Where due dates within the plan's span would go. One SQL statement, three more for cold calendars."""
    rows = Loan.objects.filter(branch__in=plan.branches, due_on__range=(plan.first, plan.last))
    return _effects(plan, rows.order_by().values_list("branch_id", "due_on").annotate(Count("id")))


def _effects(plan: Plan, rows: Iterable[tuple[int, date, int]]) -> list[Effect]:
    branches = {branch.pk: branch for branch in plan.branches}
    closings = {branch.pk: closing_with(plan, branch) for branch in plan.branches}
    found = []
    for branch_id, before, count in rows:
        after = next_open(plan.due_to or before, closings[branch_id])
        if after != before:
            found.append(Effect(branches[branch_id], before, after, count))
    return sorted(found, key=lambda effect: (effect.branch.number, effect.before))


def hold_effects(plan: Plan, today: date, made_before: datetime | None = None) -> list[Effect]:
    """Where the dates of what stands on the hold shelves would go. One SQL statement.

    With `hold_days` every date from the plan's first day on (or today's, if that is later) moves by so many open days
    of the pickup branch; without, dates on a closed day within the span move to the next open day.
    """
    rows = Hold.objects.filter(pickup__in=plan.branches, status=Status.READY, keep_until__isnull=False)
    if plan.hold_days:
        rows = rows.filter(keep_until__gte=max(plan.first, min(today, plan.last)))
    else:
        rows = rows.filter(keep_until__range=(plan.first, plan.last))
    branches = {branch.pk: branch for branch in plan.branches}
    closings = {branch.pk: closing_with(plan, branch) for branch in plan.branches}
    found = []
    for branch_id, before, count in rows.order_by().values_list("pickup_id", "keep_until").annotate(Count("id")):
        closing = closings[branch_id]
        after = add_open_days(before, plan.hold_days, closing) if plan.hold_days else next_open(before, closing)
        if after != before:
            found.append(Effect(branches[branch_id], before, after, count))
    return sorted(found, key=lambda effect: (effect.branch.number, effect.before))


def preview(plan: Plan, today: date) -> Preview:
    """What a plan would close and move now. Two SQL statements, three more for cold calendars."""
    newly = 0
    if plan.kind == Redating.Kind.CLOSURE:
        newly = sum(not closing_of(branch).is_closed(day) for branch in plan.branches for day in span(plan))
    return Preview(newly, tuple(loan_effects(plan)), tuple(hold_effects(plan, today)))


def moves_of(effects: Sequence[Effect]) -> list[Move]:
    """Effects as the write takes them."""
    return [Move(effect.branch.pk, effect.before, effect.after) for effect in effects]


def plan_of(redating: Redating) -> Plan:
    """The plan behind a change that was begun. One SQL statement."""
    return Plan(
        redating.kind,
        tuple(redating.branches.all()),
        redating.first,
        redating.last,
        redating.reason,
        redating.due_to,
        redating.hold_days,
    )


def ways_back(loans: Iterable[RedatedLoan], holds: Iterable[RedatedHold]) -> tuple[list[Moved], list[Moved]]:
    """How the dates of loans and holds would go back now: to their old day, or the next open one if it is closed by
    now, or still; those that would stay where they are, not. Two SQL statements, three more for cold calendars."""
    lent, kept = list(loans), list(holds)
    branch_of_loan = dict(Loan.objects.filter(pk__in=[row.loan_id for row in lent]).values_list("pk", "branch"))
    branch_of_hold = dict(Hold.objects.filter(pk__in=[row.hold_id for row in kept]).values_list("pk", "pickup"))
    closings = {branch.pk: closing_of(branch) for branch in Branch.objects.all()}

    def back(key: int, branch_id: int | None, before: date, after: date) -> Moved:
        if branch_id is None:  # given back meanwhile
            return Moved(key, after, after)
        try:
            return Moved(key, next_open(before, closings[branch_id]), after)
        except ValueError:  # it does not open again
            return Moved(key, after, after)

    ways = (
        [back(row.loan_id, branch_of_loan.get(row.loan_id), row.before, row.after) for row in lent],
        [back(row.hold_id, branch_of_hold.get(row.hold_id), row.before, row.after) for row in kept],
    )
    loan_ways, hold_ways = ([way for way in found if way.before != way.after] for found in ways)
    return loan_ways, hold_ways


def recent(most: int = 50) -> list[Redating]:
    """The latest changes with their branches. Two SQL statements."""
    return list(Redating.objects.prefetch_related("branches")[:most])
