"""Two libraries, somebody who works there, and short ways to hold, scan and lend."""

from datetime import datetime
from types import SimpleNamespace

import pytest
from django.utils import timezone

from app.branches.models import Branch
from app.catalog.models import BibliographicRecord, Item
from app.circulation.models import Loan
from app.holds import actions
from app.holds.actions import Wanted
from app.holds.models import Hold
from app.patrons.models import Patron
from app.tests import make


@pytest.fixture
def here(db) -> Branch:
    return make.branch()


@pytest.fixture
def south(db) -> Branch:
    return make.branch("nanbu", name="南部図書館", short="南部", number=902)


@pytest.fixture
def clerk(db):
    return make.actor("librarian")


def record(title: str = "こころ", **fields) -> BibliographicRecord:
    return BibliographicRecord.objects.create(title=title, **fields)


def lend(item: Item, patron: Patron | None = None) -> Loan:
    """Out since this morning, as a loan's row."""
    return Loan.objects.create(
        item=item, patron=patron or make.patron(), branch=item.branch, due_on=timezone.localdate()
    )


def bring(clerk, item: Item, at: Branch, now: datetime | None = None) -> actions.Next:
    """The item is given back at a place, or taken from a shelf there, and scanned."""
    Loan.objects.filter(item=item).delete()
    answer = actions.receive(clerk, item.barcode, at, now)[1]
    assert answer is not None
    return answer


@pytest.fixture
def desk(clerk, here):
    """`desk.hold(record, patron, …)`, `desk.scan(item, at)`."""

    def hold(on: BibliographicRecord, who: Patron | None = None, now: datetime | None = None, **more) -> Hold:
        more.setdefault("pickup", here)
        return actions.place(clerk, (who or make.patron()).pk, Wanted(on.pk, **more), now)

    return SimpleNamespace(
        hold=hold, scan=lambda item, at=None, now=None: bring(clerk, item, at or here, now), actor=clerk
    )


def fresh(hold: Hold) -> Hold:
    return Hold.objects.select_related("item__branch", "pickup").get(pk=hold.pk)
