"""A counter to work at."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.utils import timezone

from app.access.actor import Actor
from app.branches.models import Branch
from app.circulation import actions
from app.circulation.actions import Answers, Outcome
from app.holds import actions as holds
from app.holds.models import Hold
from app.patrons.models import Patron
from app.tests import make

LATER = timedelta(minutes=5)


@dataclass
class Desk:
    """Somebody at a counter."""

    actor: Actor
    branch: Branch

    def lend(self, who: Patron, thing, *answers: str, reason: str = "", **more) -> Outcome:
        barcode = thing if isinstance(thing, str) else thing.barcode
        given = Answers.of(*answers, reason=reason)
        return actions.lend(self.actor, who.pk, barcode, self.branch, answers=given, **more)

    def give_back(self, thing, *answers: str, **more) -> Outcome:
        return actions.give_back(self.actor, thing.barcode, self.branch, answers=Answers.of(*answers), **more)

    def hold(self, who: Patron, record, pickup: Branch | None = None) -> Hold:
        wanted = holds.Wanted(record.pk, pickup or self.branch, contact="none")
        return holds.place(self.actor, who.pk, wanted)


@pytest.fixture
def here(db):
    return make.branch()


@pytest.fixture
def clerk(db):
    return make.actor()


@pytest.fixture
def desk(clerk, here):
    """Somebody of the counter's role."""
    return Desk(clerk, here)


@pytest.fixture
def chief(here):
    """Somebody who may override and see who has what."""
    return Desk(make.actor("librarian"), here)


def fresh(row):
    """The row as it is in the database now."""
    return type(row).objects.get(pk=row.pk)


def overdue(desk: Desk, who: Patron, days: int, thing=None):
    """Something the patron has had for so long that it is that many days late."""
    thing = thing or make.item("返らない本")
    desk.lend(who, thing, now=timezone.now() - timedelta(days=14 + days))
    return thing
