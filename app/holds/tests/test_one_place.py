"""The database itself refuses an item in two places, when a transaction ends and not before."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from app.circulation.models import Loan
from app.holds import actions
from app.holds.actions import Wanted
from app.holds.models import Hold, Status
from app.tests import make
from app.transfers.models import Transfer

pytestmark = pytest.mark.django_db(transaction=True)


def lend(item):
    """A loan, written past every action."""
    due = timezone.localdate() + timedelta(days=9)
    return Loan.objects.create(item=item, patron=make.patron(), branch=item.branch, due_on=due)


def travel(item):
    """A way, written past every action."""
    south = make.branch("nanbu", name="南部図書館", short="南部", number=902)
    day = timezone.localdate() + timedelta(days=1)
    common = {"reason": "home", "expected_on": day, "decided_at": timezone.now()}
    return Transfer.objects.create(item=item, from_branch=make.branch(), to_branch=south, **common)


def kept(item):
    """A hold on the shelf, by the actions."""
    clerk = make.actor("librarian")
    hold = actions.place(clerk, make.patron().pk, Wanted(item.record_id, item.branch))
    actions.receive(clerk, item.barcode, item.branch)
    hold.refresh_from_db()
    assert hold.status == Status.READY
    return hold


@pytest.mark.req("F-RSV-008")
@pytest.mark.parametrize("pair", [(lend, travel), (travel, lend), (kept, lend), (kept, travel)])
def test_an_item_cannot_be_in_two_places(pair):
    item = make.item()
    pair[0](item)
    with pytest.raises(IntegrityError, match="two places"):
        pair[1](item)
    assert Loan.objects.count() + Transfer.objects.count() + Hold.objects.filter(status="ready").count() == 1


def test_a_hold_cannot_be_made_ready_with_an_item_that_is_out():
    item, other = make.item(), make.item()
    hold = kept(other)
    lend(item)
    with pytest.raises(IntegrityError, match="two places"):
        Hold.objects.filter(pk=hold.pk).update(item=item)


def test_within_a_transaction_the_order_is_free():
    item = make.item()
    hold = kept(item)
    with transaction.atomic():
        lend(item)
        travel(item)
        Transfer.objects.all().delete()
        hold.status, hold.item = Status.WAITING, None
        hold.ready_at = hold.keep_until = hold.shelf_number = None
        hold.save()
    assert Loan.objects.count() == 1


def test_what_stood_in_two_places_before_is_mended_when_the_guard_comes():
    leaves = [("holds", "0006_one_place")]
    executor = MigrationExecutor(connection)
    executor.migrate([("holds", "0005_rewritten_tables")])
    try:
        lent, shelved, sound = make.item(), make.item(), make.item()
        first, second, third = kept(lent), kept(shelved), kept(sound)
        lend(lent)
        travel(lent)
        travel(shelved)
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(leaves)
    assert not Transfer.objects.exists()
    found = dict(Hold.objects.values_list("pk", "status"))
    assert found == {first.pk: "waiting", second.pk: "ready", third.pk: "ready"}
    assert Loan.objects.get().item_id == lent.pk
