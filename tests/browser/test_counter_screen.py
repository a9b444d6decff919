"""The bench of the counter's screen, small: it times what is seen, and takes no refusal for an answer."""

from __future__ import annotations

import pytest

from cli.benches.counter_screen import Screen, scan
from cli.context import Refused
from tests.browser.house import COUNTER, House, empty_patrons, free_items

DELAY_MS = 400
# What is answered late is late at the screen.
SLOW = """late => {
  const { fetch } = window;
  window.fetch = async (...given) => { await new Promise((done) => setTimeout(done, late)); return fetch(...given); };
}"""


def test_each_scan_is_timed_until_its_answer_stands_and_a_refused_one_ends_the_bench(house: House):
    (card,), (item, other) = empty_patrons(house, 1), free_items(house, 2)
    with house.context(COUNTER) as terminal:
        screen = Screen(terminal, house.staff(""))
        screen.sign_in("counter", house.secret("demo_counter"))
        assert len(screen.sitting(card, [item])) == 3
        scan(screen.loans, other, listed=True)
        screen.returns.evaluate(SLOW, DELAY_MS)
        assert scan(screen.returns, other, listed=True) >= DELAY_MS - 1
        with pytest.raises(Refused, match=r"the counter said to 2999: ."):
            scan(screen.loans, "2999")
