"""What a changed rule table would mean for today's loans and holds. Reads only; tells nobody's name.

Loans and holds belong to areas above this one, so they are read by SQL: as figures by branch, category, material and
location, never as rows.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection

from app.branches.codes import label
from app.branches.models import Branch
from app.branches.queries import closing_of
from app.branches.rules import Closing, next_open
from app.patrons.models import PatronCategory
from app.regulations.rules import STOP_LENDING, Case, Rule, Terms, decide, stage_of

MOST_EXAMPLES = 5

_LOANS = """
SELECT l.branch_id, p.category_id, i.material_type, i.location, (l.lent_at AT TIME ZONE %s)::date, count(*)
FROM circulation_loan l JOIN patrons_patron p ON p.id = l.patron_id JOIN catalog_item i ON i.id = l.item_id
WHERE l.renewed = 0 GROUP BY 1, 2, 3, 4, 5
"""
# One line for each patron and material: the patron's key serves to add up and is not passed on.
_BORROWERS = """
SELECT dense_rank() OVER (ORDER BY l.patron_id), p.branch_id, p.category_id, i.material_type, count(*),
       array_agg(%s::date - l.due_on) FILTER (WHERE l.due_on < %s)
FROM circulation_loan l JOIN patrons_patron p ON p.id = l.patron_id JOIN catalog_item i ON i.id = l.item_id
GROUP BY l.patron_id, p.branch_id, p.category_id, i.material_type
"""
_HOLDERS = """
SELECT p.branch_id, p.category_id, count(*) FROM holds_hold h JOIN patrons_patron p ON p.id = h.patron_id
WHERE h.status IN ('waiting', 'pull', 'transit', 'ready') GROUP BY h.patron_id, p.branch_id, p.category_id
"""


@dataclass
class Effect:
    """One kind of consequence: how many, and a few examples in words."""

    title: str
    unit: str
    count: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, number: int, example: str) -> None:
        """Count so many, and keep the example while there are few."""
        self.count += number
        if len(self.examples) < MOST_EXAMPLES and example not in self.examples:
            self.examples.append(example)


def _rows(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return list(cursor.fetchall())


class _Names:
    """Branches and categories in words. Two SQL statements."""

    def __init__(self) -> None:
        self.branches = {branch.pk: branch for branch in Branch.objects.all()}
        self.categories = dict(PatronCategory.objects.values_list("id", "name"))

    def case(self, branch: int, category: int, material: str = "") -> str:
        words = [self.branches[branch].short, self.categories[category]]
        return "・".join([*words, label("material_type", material)] if material else words)


def effects(before: Iterable[Rule], after: Iterable[Rule], on: date, today: date) -> list[Effect]:
    """What today's open loans and holds would come to on a day, under one table and under the other.

    Due dates already given are not touched by a change of rules; the first line says how many would have been others.
    Five SQL statements, one more for each branch with a cold calendar.
    """
    names = _Names()
    old, new = _decider(tuple(before), on), _decider(tuple(after), on)
    return [*_due_dates(names, old, new), *_borrowers(names, old, new, today), _holders(names, old, new)]


Decide = Callable[[int, int, str, str], Terms]


def _decider(table: tuple[Rule, ...], on: date) -> Decide:
    @cache
    def decided(branch: int, category: int, material: str = "", location: str = "") -> Terms:
        return decide(table, Case(branch, category, material, on, location=location))

    return decided


def _due_dates(names: _Names, old: Decide, new: Decide) -> list[Effect]:
    found = Effect("今日の貸出に当てはめると返却期限が変わる", "点")
    for branch, category, material, location, lent, count in _rows(_LOANS, settings.TIME_ZONE):
        first, second = old(branch, category, material, location), new(branch, category, material, location)
        if (first.period_days.value, first.fixed_due.value) == (second.period_days.value, second.fixed_due.value):
            continue
        closing = closing_of(names.branches[branch])
        dates = [_due(terms, lent, closing) for terms in (first, second)]
        if dates[0] != dates[1]:
            case = names.case(branch, category, material)
            found.add(count, f"{case}: {lent:%m/%d}の貸出 {dates[0]:%Y/%m/%d} → {dates[1]:%Y/%m/%d}")
    return [found]


def _due(terms: Terms, lent: date, closing: Closing) -> date:
    return next_open(terms.fixed_due.value or lent + timedelta(days=terms.period_days.value), closing)


def _borrowers(names: _Names, old: Decide, new: Decide, today: date) -> list[Effect]:
    over = Effect("新しい上限を超えて借りている", "人")
    under = Effect("上限から外れて借りられるようになる", "人")
    stopped = Effect("延滞により新たに貸出停止となる", "人")
    freed = Effect("延滞による貸出停止が解ける", "人")
    totals: dict[int, int] = defaultdict(int)
    late: dict[int, list[int]] = defaultdict(list)
    homes: dict[int, tuple[int, int]] = {}
    kinds: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for patron, branch, category, material, count, days in _rows(_BORROWERS, today, today):
        totals[patron] += count
        late[patron] += days or []
        homes[patron] = (branch, category)
        kinds[patron].append((material, count))
    for patron, (branch, category) in homes.items():
        first, second = old(branch, category), new(branch, category)
        case = names.case(branch, category)
        was = _too_many(old, branch, category, totals[patron], kinds[patron])
        now = _too_many(new, branch, category, totals[patron], kinds[patron])
        if now and not was:
            over.add(1, f"{case}: {now}")
        elif was and not now:
            under.add(1, f"{case}: {totals[patron]}点")
        stops = [_stops(terms, late[patron]) for terms in (first, second)]
        if stops[1] and not stops[0]:
            stopped.add(1, f"{case}: {max(late[patron])}日延滞")
        elif stops[0] and not stops[1]:
            freed.add(1, f"{case}: {max(late[patron])}日延滞")
    return [over, under, stopped, freed]


def _too_many(terms: Decide, branch: int, category: int, total: int, kinds: list[tuple[str, int]]) -> str:
    limit = terms(branch, category, "", "").total_limit.value
    if limit is not None and total > limit:
        return f"{total}点（上限{limit}点）"
    for material, count in kinds:
        limit = terms(branch, category, material, "").loan_limit.value
        if limit is not None and count > limit:
            return f"{label('material_type', material)} {count}点（上限{limit}点）"
    return ""


def _stops(terms: Terms, late: list[int]) -> bool:
    return any(stage.effect == STOP_LENDING for stage in stage_of(terms.overdue_stages.value, late))


def _holders(names: _Names, old: Decide, new: Decide) -> Effect:
    found = Effect("予約の新しい上限を超えている", "人")
    for branch, category, count in _rows(_HOLDERS):
        limits = [terms(branch, category, "", "").total_hold_limit.value for terms in (old, new)]
        if _beyond(count, limits[1]) and not _beyond(count, limits[0]):
            found.add(1, f"{names.case(branch, category)}: {count}件（上限{limits[1]}件）")
    return found


def _beyond(count: int, limit: int | None) -> bool:
    return limit is not None and count > limit
