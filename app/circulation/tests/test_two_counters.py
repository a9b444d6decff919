"""Two counters, one copy: real threads, each with its own connection."""

import threading
import time
from collections.abc import Callable
from functools import partial

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from app.catalog.models import Item
from app.circulation import actions
from app.circulation.models import Loan, LoanStatistic
from app.holds import actions as holds
from app.holds.models import Hold, Status
from app.tests import make

from .conftest import LATER, Desk

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts: Callable[[], object]) -> list:
    """Do all at the same moment; their results in order, an exception as itself."""
    start = threading.Barrier(len(acts))
    results: list = [None] * len(acts)

    def run(place, act):
        try:
            start.wait(timeout=60)
            results[place] = act()
        except Exception as error:
            results[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=90)
    return results


@pytest.fixture
def two():
    here = make.branch()
    return Desk(make.actor(), here), Desk(make.actor(), here)


def test_what_comes_back_for_a_hold_is_never_lent_to_another_at_the_next_counter(two):
    left, right = two
    for _ in range(6):
        thing, had, wants, other = make.item(), make.patron(), make.patron(), make.patron()
        left.lend(had, thing)
        left.hold(wants, thing.record)
        now = timezone.now() + LATER
        back, lent = at_once(partial(left.give_back, thing, now=now), partial(right.lend, other, thing, now=now))
        assert back.code == "give_back"
        assert lent.code in ("on_loan", "kept")
        assert Hold.objects.get(patron=wants).status == Status.READY
        assert not Loan.objects.filter(item=thing).exists()


def test_an_item_on_the_shelf_goes_to_the_hold_or_to_the_reader_but_not_to_both(two):
    left, right = two
    for _ in range(6):
        thing, wants, reader = make.item(), make.patron(), make.patron()
        wanted = holds.Wanted(thing.record_id, left.branch, contact="none")
        placed, lent = at_once(partial(holds.place, left.actor, wants.pk, wanted), partial(right.lend, reader, thing))
        hold = Hold.objects.get(pk=placed.pk)
        if lent.code == "lend":
            assert (hold.status, hold.item_id) == (Status.WAITING, None)
        else:
            assert lent.code == "wanted"
            assert (hold.status, hold.item_id) == (Status.PULL, thing.pk)


def test_a_return_read_at_two_counters_is_one_return(two):
    left, right = two
    thing = make.item()
    left.lend(make.patron(), thing)
    now = timezone.now() + LATER
    codes = sorted(
        o.code for o in at_once(lambda: left.give_back(thing, now=now), lambda: right.give_back(thing, now=now))
    )
    assert codes == ["give_back", "same_scan"]
    assert LoanStatistic.objects.filter(act="return").count() == 1


def test_a_return_undone_twice_at_once_is_one_loan(two):
    left, _ = two
    thing = make.item()
    left.lend(make.patron(), thing)
    now = timezone.now() + LATER
    token = left.give_back(thing, now=now).undo
    undo = [partial(actions.undo_return, left.actor, token, now)] * 2
    assert sorted(outcome.code for outcome in at_once(*undo)) == ["same_scan", "undo_return"]
    assert Loan.objects.count() == 1
    assert LoanStatistic.objects.filter(act="return").count() == 0


def test_undoing_a_return_and_lending_the_item_anew_end_in_one_loan_without_a_deadlock(two):
    left, right = two
    for _ in range(5):
        thing, first, second = make.item(), make.patron(), make.patron()
        left.lend(first, thing)
        now = timezone.now() + LATER
        token = left.give_back(thing, now=now).undo
        undone, lent = at_once(
            partial(actions.undo_return, left.actor, token, now), partial(right.lend, second, thing, now=now)
        )
        assert {undone.code, lent.code} in ({"undo_return", "on_loan"}, {"on_loan", "lend"})
        assert Loan.objects.filter(item=thing).count() == 1


def test_two_desks_that_lend_each_others_patrons_items_do_not_wait_for_each_other(two):
    left, right = two
    people, things = [make.patron() for _ in range(2)], [make.item() for _ in range(2)]
    left.lend(people[0], things[0]), left.lend(people[1], things[1])
    for _ in range(8):
        codes = [
            outcome.code
            for outcome in at_once(partial(left.lend, people[0], things[1]), partial(right.lend, people[1], things[0]))
        ]
        assert codes == ["on_loan", "on_loan"]


def test_the_pieces_of_a_set_go_out_together_to_one_of_two(two):
    from app.catalog import actions as catalog

    left, right = two
    pieces = [make.item() for _ in range(4)]
    catalog.put_set(make.actor("librarian"), "四季", [piece.barcode for piece in pieces])
    first, second = make.patron(), make.patron()
    codes = sorted(
        outcome.code
        for outcome in at_once(partial(left.lend, first, pieces[3]), partial(right.lend, second, pieces[0]))
    )
    assert codes == ["lend", "on_loan"]
    assert Loan.objects.values("patron").distinct().count() == 1
    assert Loan.objects.count() == 4


def test_an_item_that_moves_to_another_library_while_a_counter_waits_for_it_is_still_found(two):
    left, _ = two
    thing, reader, elsewhere = make.item(), make.patron(), make.branch("nanbu", name="南部図書館", short="南部")
    waiting, moved = threading.Event(), threading.Event()

    def move():
        with transaction.atomic():
            Item.objects.filter(pk=thing.pk).update(branch=elsewhere)
            waiting.set()
            # Until the counter stands in the queue for the row: the database knows who waits for whom.
            deadline = time.monotonic() + 60
            while not waits():
                assert time.monotonic() < deadline, "the counter never came to the row"
                time.sleep(0.01)
        moved.set()

    def lend():
        assert waiting.wait(60)
        return left.lend(reader, thing)

    _, lent = at_once(move, lend)
    assert moved.is_set()
    assert lent.code == "lend"
    assert Loan.objects.get(item=thing).patron_id == reader.pk


def waits() -> bool:
    """Whether a connection of this database waits for another's row."""
    with connection.cursor() as cursor:
        # Within a transaction PostgreSQL shows the activity of its first look, unless told to look again.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])
