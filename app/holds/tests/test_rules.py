"""The allocation, tried on every small library there is."""

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest

from app.holds import rules
from app.holds.rules import Copy, Nearness, Wish

START = datetime(2026, 11, 1, tzinfo=UTC)
NEAR = Nearness("pickup,near,other", frozenset({(1, 3)}))


def wishes(kinds) -> list[Wish]:
    """One hold a minute, in the order given: (only copy, asleep, pickup)."""
    return [
        Wish(n + 1, START + timedelta(minutes=n), pickup, copy_id=copy, asleep=asleep)
        for n, (copy, asleep, pickup) in enumerate(kinds)
    ]


def worlds():
    """Every queue of up to three holds before every set of up to three copies, at two places."""
    one = list(product((None, 1), (False, True), (1, 2)))
    for size in range(4):
        for kinds in product(one, repeat=size):
            for count in range(4):
                for places in product((1, 2), repeat=count):
                    yield wishes(kinds), [Copy(n + 1, place, order=place) for n, place in enumerate(places)]


def test_every_small_library_is_served_in_the_order_of_the_queue():
    seen = 0
    for waiting, copies in worlds():
        found = rules.allot(waiting, copies, NEAR)
        by_wish, by_copy = {w.id: w for w in waiting}, {c.id: c for c in copies}
        assert len(set(found.values())) == len(found), "one copy, one hold"
        for wish_id, copy_id in found.items():
            assert rules.may_have(by_wish[wish_id], by_copy[copy_id])
        taken_by = {copy_id: by_wish[wish_id] for wish_id, copy_id in found.items()}
        for wish in waiting:
            if wish.id in found:
                continue
            for copy in copies:
                if rules.may_have(wish, copy):
                    # Nobody goes without while a copy is free, or while somebody behind them has it.
                    assert copy.id in taken_by
                    assert taken_by[copy.id].turn < wish.turn
        seen += 1
    assert seen == (1 + 8 + 64 + 512) * 15


def test_in_every_small_library_the_copy_in_hand_goes_to_the_first_who_may_have_it():
    for waiting, copies in worlds():
        for copy in copies:
            chosen = rules.who_gets(copy, waiting, NEAR)
            fitting = [wish for wish in rules.queue(waiting) if rules.may_have(wish, copy)]
            assert chosen == (fitting[0] if fitting else None)


def test_in_every_small_library_a_copy_is_spare_when_the_holds_are_served_as_well_without_it():
    for waiting, copies in worlds():
        for copy in copies:
            without = [other for other in copies if other.id != copy.id]
            served = set(rules.allot(waiting, copies, NEAR)) == set(rules.allot(waiting, without, NEAR))
            assert rules.spare(copy.id, waiting, copies, NEAR) is served


def test_title_holds_leave_the_copy_that_somebody_waits_for_by_number():
    waiting = wishes([(None, False, 1), (1, False, 1)])
    assert rules.allot(waiting, [Copy(1, 1), Copy(2, 2)], NEAR) == {1: 2, 2: 1}


def test_the_nearest_copy_is_taken_and_the_open_shelf_before_the_stack():
    waiting = wishes([(None, False, 1)])
    far, near, here, below = Copy(4, 2), Copy(3, 3), Copy(2, 1), Copy(1, 1, in_stack=True)
    order = []
    copies = [far, near, here, below]
    while copies:
        (chosen,) = rules.allot(waiting, copies, NEAR).values()
        order.append(chosen)
        copies = [copy for copy in copies if copy.id != chosen]
    assert order == [here.id, below.id, near.id, far.id]


def test_a_search_that_runs_is_not_changed_for_a_nearer_copy():
    looked_for = Copy(2, 2)
    wish = Wish(1, START, 1, looked_for=looked_for)
    assert rules.allot([wish], [Copy(1, 1), looked_for], NEAR) == {1: 2}


@pytest.mark.parametrize(("place", "served"), [(1, True), (2, False), (3, False)])
def test_a_copy_in_hand_stops_the_search_only_when_it_is_as_near(place, served):
    wish = Wish(1, START, 1, looked_for=Copy(9, 1))
    chosen = rules.who_gets(Copy(5, place), [wish], NEAR)
    assert (chosen is wish) is served


def test_the_order_of_places_is_as_set():
    flat = Nearness("pickup,other,near", NEAR.near)
    assert [NEAR.of(1, place) for place in (1, 3, 2)] == [0, 1, 2]
    assert [flat.of(1, place) for place in (1, 3, 2)] == [0, 2, 1]
    assert [Nearness("any").of(1, place) for place in (1, 3, 2)] == [0, 0, 0]


@pytest.mark.parametrize(
    ("since", "until", "day", "asleep"),
    [
        (None, None, 5, False),
        (5, 7, 4, False),
        (5, 7, 5, True),
        (5, 7, 7, True),
        (5, 7, 8, False),
        (5, None, 30, True),
        (None, 7, 1, True),
    ],
)
def test_suspension_counts_both_its_days(since, until, day, asleep):
    days = [date(2026, 11, n) if n else None for n in (since, until)]
    assert rules.is_asleep(days[0], days[1], date(2026, 11, day)) is asleep


def test_moving_in_the_queue_keeps_everybody_elses_order():
    for size in range(1, 5):
        for of, to in product(range(size), range(-1, size + 2)):
            order = rules.reordered(range(size), of, to)
            assert sorted(order) == list(range(size))
            assert order.index(of) == max(0, min(to, size - 1))
            assert [n for n in order if n != of] == [n for n in range(size) if n != of]


def test_times_of_a_queue_become_different_and_stay_in_order():
    same = [START, START, START + timedelta(seconds=1), START]
    made = rules.queue_times(same)
    assert made == sorted(set(made))
    assert len(made) == 4
    assert made[0] == START
    assert made[-1] == START + timedelta(seconds=1)


def test_the_lowest_free_number_is_taken():
    assert [rules.lowest_free(taken) for taken in ([], [1], [2, 3], [1, 2, 4], [3, 1, 2])] == [1, 2, 1, 3, 4]
    assert not rules.over_limit(99, None)
    assert [rules.over_limit(n, 10) for n in (9, 10, 11)] == [False, True, True]
