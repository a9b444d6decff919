"""The demonstration's opening days and van days, as the town's real libraries keep them."""

from datetime import date

from app.access.actor import Actor
from app.branches import actions
from app.branches.models import Branch, CalendarYear, DeliveryDay
from app.branches.notation import read_hours
from app.branches.rules import Pattern, fiscal_year
from app.demo.places import MAIN

TUESDAY, THURSDAY = 1, 3
# Of the first main library and of every other.
HOURS = ("月水木金 9:45-19:00\n土日祝 9:45-18:00", "月水木金土日祝 10:00-18:00")
# Rooms are served twice a week, by two rounds; the main libraries exchange every day they are open.
ROUNDS = ((0, 3), (2, 4))
DAILY = (0, 2, 3, 4, 5)


def load(actor: Actor, today: date) -> int:
    """Lay out this fiscal year and the next for the main libraries, and give every branch its van days; returns how
    many of both were made. What is there is left alone."""
    made = 0
    laid_out = set(CalendarYear.objects.values_list("branch__code", "year"))
    served = set(DeliveryDay.objects.values_list("branch_id", flat=True))
    active = list(Branch.objects.filter(is_active=True))
    mains = [branch.pk for branch in active if branch.kind == MAIN]
    for place, branch in enumerate(active):
        for year in (fiscal_year(today), fiscal_year(today) + 1):
            if branch.pk in mains and (branch.code, year) not in laid_out:
                hours = read_hours(HOURS[0 if branch.pk == mains[0] else 1])
                pattern = Pattern(frozenset({TUESDAY}), ((4, THURSDAY),), hours=hours)
                actions.lay_out_year(actor, branch, year, pattern)
                made += 1
        if branch.pk not in served:
            actions.set_delivery(actor, branch, DAILY if branch.pk in mains else ROUNDS[place % len(ROUNDS)])
            made += 1
    return made
