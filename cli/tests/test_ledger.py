"""The comparison with the outside ledger finds each kind of wrong, and nobody is read between question and answer."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from cli import ledger
from cli.benches import counter_load

BEFORE = {"lend": 10, "return": 5, "lend_audited": 10, "return_audited": 5, "open": 5}
AFTER = {"lend": 13, "return": 6, "lend_audited": 13, "return_audited": 6, "open": 7}
TOLD = {"out": {"a": "1", "b": "2"}, "acts": {"lend": 3, "return": 1}}
THERE = {"a": "1", "b": "2"}


def test_what_agrees_is_clean():
    found = ledger.compare(TOLD, THERE, BEFORE, AFTER)
    assert found.clean
    assert found.acts == 4


def test_nothing_done_proves_nothing():
    idle = {"out": {}, "acts": {"lend": 0, "return": 0}}
    assert not ledger.compare(idle, {}, BEFORE, BEFORE).clean


@pytest.mark.parametrize(
    ("there", "after", "wrong"),
    [
        ({"a": "1"}, {}, (1, 0, 0)),
        ({"a": "1", "b": "3"}, {}, (1, 0, 0)),
        ({"a": "1", "b": "2", "c": "1"}, {}, (1, 0, 0)),
        (THERE, {"lend": 14, "lend_audited": 14, "open": 8}, (0, 1, 0)),
        (THERE, {"return": 5, "return_audited": 5, "open": 8}, (0, 1, 0)),
        (THERE, {"lend_audited": 12}, (0, 0, 1)),
        (THERE, {"return_audited": 7}, (0, 0, 1)),
        (THERE, {"open": 6}, (0, 0, 1)),
    ],
    ids=["gone", "another's", "too many", "twice", "uncounted", "unaudited", "audited only", "figure only"],
)
def test_each_kind_of_wrong_is_found(there, after, wrong):
    found = ledger.compare(TOLD, there, BEFORE, AFTER | after)
    assert (found.lost, found.doubled, found.half_done) == wrong
    assert not found.clean


def test_the_longest_silence_counts_the_edges():
    assert ledger.longest_silence([1.0, 2.0, 6.0, 7.0], 0.5, 8.0) == 4.0
    assert ledger.longest_silence([], 0.0, 9.0) == 9.0
    assert ledger.longest_silence([1.0, 20.0], 0.0, 10.0) == 9.0


def test_the_gate_holds_everybody_between_two_scans():
    gate, hands, scanning, passes = counter_load.Gate(), 4, [0], [0]
    lock = threading.Lock()

    def work() -> None:
        with gate.working():
            while gate.passed():
                with lock:
                    scanning[0] += 1
                with lock:
                    passes[0] += 1
                    scanning[0] -= 1

    with ThreadPoolExecutor(hands) as pool:
        done = [pool.submit(work) for _ in range(hands)]
        for _ in range(5):
            before = passes[0]
            gate.open()
            while passes[0] == before:
                pass
            gate.close()
            assert scanning[0] == 0
        gate.close(over=True)
        for one in done:
            one.result(30)


def test_a_hand_that_fails_does_not_keep_the_gate_waiting():
    gate = counter_load.Gate()

    def work() -> None:
        with gate.working():
            gate.passed()
            raise counter_load.NoAnswer("gone")

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(work)
        gate.open()
        with pytest.raises(counter_load.NoAnswer):
            done.result(30)
        gate.close()


class Told(counter_load.Terminal):
    """A terminal whose counter answers as written."""

    def __init__(self, answers):
        super().__init__(
            {"seed": 1, "patrons": ["p"], "items": ["i"], "terminals": 1, "sources": ["::1"], "rate": 0, "out": {},
             "ca": None, "patience": 5}, 0, counter_load.Gate(),
        )  # fmt: skip
        self.answers, self.asked, self.signed_in = list(answers), [], 0

    def request(self, method, path, form=None, accept="text/html"):
        self.asked.append((path, (form or {}).get("scan")))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return json.dumps(answer)

    def sign_in(self):
        self.signed_in += 1


def test_a_lost_answer_is_asked_for_again_and_counted_once():
    one = Told([counter_load.NoAnswer("cut"), {"code": "same_scan"}])
    one.random.random = lambda: 1.0
    one.lend(["i"], "p", "token")
    assert one.tally.acts == {"lend": 1, "return": 0}
    assert one.tally.out == {"i": "p"}
    assert one.tally.doubtful == 1


def test_a_card_that_lay_too_long_is_laid_on_the_counter_again():
    one = Told(
        [counter_load.NoAnswer("cut"), {"code": "no_patron"}, {"code": "patron", "token": "t2"}, {"code": "lend"}]
    )
    one.random.random = lambda: 1.0
    one.lend(["i"], "p", "t1")
    assert [scan for _, scan in one.asked] == ["i", "i", "p", "i"]
    assert one.tally.out == {"i": "p"}


def test_a_session_that_ended_is_begun_again():
    one = Told([counter_load.Unexpected("sign-in page"), {"code": "give_back"}])
    one.tally.out = {"i": "p"}
    one.random.random = lambda: 1.0
    one.give_back([], "i")
    assert one.signed_in == 1
    assert one.tally.out == {}
    assert one.tally.acts["return"] == 1
