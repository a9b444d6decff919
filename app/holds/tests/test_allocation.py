"""An item in hand finds its hold, and holds find their items on the shelves."""

from datetime import timedelta

import pytest
from django.utils import timezone

from app.branches.models import Branch
from app.catalog.models import BibliographicRecord
from app.circulation import actions as circulation
from app.holds import actions, queries
from app.holds.actions import Wanted
from app.holds.models import Hold, Neighbour, Status
from app.tests import make
from app.transfers.models import Transfer


@pytest.fixture
def here(db):
    return make.branch()


@pytest.fixture
def south(db):
    return make.branch("nanbu", name="南部図書館", short="南部", number=900)


@pytest.fixture
def clerk(db):
    return make.actor("librarian")


def record(title="こころ"):
    return BibliographicRecord.objects.create(title=title)


def hold(clerk, on, who=None, **more):
    return actions.place(clerk, (who or make.patron()).pk, Wanted(on.pk, **more))


def lent(clerk, here, item):
    circulation.lend(clerk, make.patron().pk, item.barcode, here)


def scan(clerk, item, at):
    return actions.receive(clerk, item.barcode, at)[1]


@pytest.mark.req("F-RSV-001")
def test_of_three_copies_the_first_that_comes_back_serves_the_hold(clerk, here):
    book = record()
    copies = [make.item(record=book) for _ in range(3)]
    for copy in copies:
        lent(clerk, here, copy)
    wish = hold(clerk, book)
    assert wish.status == Status.WAITING
    circulation.give_back(clerk, copies[1].barcode, here)
    answer = scan(clerk, copies[1], here)
    wish.refresh_from_db()
    assert answer.kind == actions.HOLD_SHELF
    assert (wish.status, wish.item_id, wish.shelf_number) == (Status.READY, copies[1].pk, 1)
