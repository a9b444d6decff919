"""The bench of the counter's screen, small: it times what is seen, and takes no refusal for an answer."""

from __future__ import annotations

import time

import pytest

from cli.benches.counter_screen import Screen, scan
from cli.context import Refused
from tests.browser.house import COUNTER, House, empty_patrons, free_items

DELAY = 0.4


def test_each_scan_is_timed_until_its_answer_stands_and_a_refused_one_ends_the_bench(house: House):
    (card,), (item, other) = empty_patrons(house, 1), free_items(house, 2)
    with house.context(COUNTER) as terminal:
        screen = Screen(terminal, house.staff(""))
        screen.sign_in("counter", house.secret("demo_counter"))
        assert len(screen.sitting(card, [item])) == 3
        # What the server is slow to answer is slow at the screen, and so are two answers, each by itself.
        screen.returns.route("**/counter/return/", lambda route: (time.sleep(DELAY), route.continue_()))
        scan(screen.loans, other, listed=True)
        assert scan(screen.returns, other, listed=True) >= 1000 * DELAY
        with pytest.raises(Refused, match=r"the counter said to 2999: ."):
            scan(screen.loans, "2999")
