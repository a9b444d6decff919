"""Thirty counters at work, and the ledger of what was answered to them.

Runs as a process of its own on the operator's network: `python -m cli.benches.counter_load`, the plan as one line of
JSON on standard input. Each terminal signs in, then does what a counter does: a card, some items; some returned items.
A scan that gets no answer is scanned again until it gets one, as people do; what the answers said is the ledger,
against which the database is compared afterwards.

A plan with `seconds` is worked through and its result printed as JSON. Without, the next lines are commands, each
answered by one line of JSON (`cli/ledger.py` speaks them): `go` lets the terminals work, `count` says how many scans
were answered and how many seconds the last answer is ago, `tally` holds everybody between two scans and tells the
ledger, `clear` gives back everything that is out, `stop` (or the end of the input) ends.
"""

from __future__ import annotations

import http.client
import json
import random
import re
import socket
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

# What an answer may say when the item is out to the patron after the scan, and when it is back.
LENT = {"lend", "same_scan", "renew", "no_gain", "renewals"}
BACK = {"give_back", "same_scan", "not_out"}
PATIENCE = 120.0
CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class NoAnswer(Exception):
    """The server did not answer, or answered that it could not."""


class Unexpected(Exception):
    """The server answered something that a counter cannot go on from."""


@dataclass
class Tally:
    """What one terminal saw."""

    seconds: list[float] = field(default_factory=list)
    moments: list[float] = field(default_factory=list)
    out: dict[str, str] = field(default_factory=dict)
    acts: dict[str, int] = field(default_factory=lambda: {"lend": 0, "return": 0})
    doubtful: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    unanswered: list[float] = field(default_factory=list)


class Gate:
    """Holds terminals between two scans, so that their ledger can be read while nobody's hand is on the way."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open = self._over = False
        self._inside = 0

    @contextmanager
    def working(self) -> Iterator[None]:
        """Counts the terminal in for the time of its work, until it fails or ends."""
        with self._changed:
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    def passed(self) -> bool:
        """Wait here until work goes on; False when it is over. Asked before every scan."""
        with self._changed:
            if not self._open and not self._over:
                self._inside -= 1
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._open or self._over)
                self._inside += 1
            return not self._over

    def open(self) -> None:
        """Work goes on."""
        with self._changed:
            self._open = True
            self._changed.notify_all()

    def close(self, *, over: bool = False) -> None:
        """Work rests: returns when nobody is between question and answer any more."""
        with self._changed:
            self._open, self._over = False, self._over or over
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._inside == 0)


class Terminal:
    """One counter: a session, a connection that is made again when it breaks, and a share of patrons and items."""

    def __init__(self, plan: dict[str, Any], number: int, gate: Gate | None = None) -> None:
        self.plan, self.number = plan, number
        self.patience = float(plan.get("patience", PATIENCE))
        self.tally = Tally()
        self.gate = gate
        self.random = random.Random(plan["seed"] * 1000 + number)  # noqa: S311 - a load that can be repeated
        self.patrons = plan["patrons"][number :: plan["terminals"]]
        self.items = plan["items"][number :: plan["terminals"]]
        self.tally.out = {barcode: plan["out"][barcode] for barcode in self.items if barcode in plan["out"]}
        self.cookies: dict[str, str] = {}
        self.csrf = ""
        self.source = plan["sources"][number]
        self.trust = ssl.create_default_context(cafile=plan["ca"])
        self.connection: http.client.HTTPSConnection | None = None
        self.next_turn = 0.0

    def request(self, method: str, path: str, form: dict[str, str] | None = None, accept: str = "text/html") -> str:
        """One request; NoAnswer when the connection breaks or the answer is a 5xx."""
        headers = {"Host": self.plan["name"], "Accept": accept, "Cookie": self._cookie(), "Connection": "keep-alive"}
        body = None
        if form is not None:
            body = urlencode({**form, "csrfmiddlewaretoken": self.csrf})
            headers |= {
                "Content-Type": "application/x-www-form-urlencoded",
                "Referer": f"https://{self.plan['name']}{path}",
            }
        try:
            if self.connection is None:
                self.connection = Reached(self.plan["name"], self.plan["address"], self.source, self.trust)
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            self._hang_up()
            raise NoAnswer(repr(error)) from None
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        if answer.status >= 500:
            raise NoAnswer(f"HTTP {answer.status}")
        if accept == "application/json" and '"code":' not in text:
            raise Unexpected(f"terminal {self.number}: {method} {path} got HTTP {answer.status}: {text[:300]}")
        if found := CSRF.search(text):
            self.csrf = found[1]
        return text

    def _hang_up(self) -> None:
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def _cookie(self) -> str:
        return "; ".join(f"{key}={value}" for key, value in self.cookies.items())

    def sign_in(self) -> None:
        """As a member of staff does in the morning."""
        self.request("GET", "/staff/sign-in/")
        number, password = self.plan["staff"][self.number % len(self.plan["staff"])]
        self.request("POST", "/staff/sign-in/", {"number": number, "password": password, "next": "/counter/"})
        if 'id="scan"' not in self.request("GET", "/counter/"):
            raise Unexpected(f"terminal {self.number}: sign-in as {number} does not open the counter")

    def scan(
        self, path: str, text: str, token: str = "", *, timed: bool = True, **more: str
    ) -> tuple[dict[str, Any], int]:
        """One scan until it is answered; the answer and how many attempts went unanswered before it.

        A session that ended meanwhile (a clock that jumped, a cleared table) is begun again, as staff would.
        """
        missed, signed_in, gave_up = 0, 0, time.monotonic() + self.patience
        while True:
            began = time.monotonic()
            try:
                said = self.request("POST", path, {"scan": text, "token": token}, "application/json")
                answer = json.loads(said)
            except NoAnswer:
                missed += 1
                self.tally.unanswered.append(time.time())
                if time.monotonic() > gave_up:
                    raise
                time.sleep(0.2)
                continue
            except Unexpected:
                if self.gate is None or signed_in >= 3:
                    raise
                signed_in += 1
                missed += 1  # nobody knows whether that scan was taken
                self._sign_in_again()
                continue
            if timed:
                self.tally.seconds.append(time.monotonic() - began)
                self.tally.moments.append(time.time())
            return answer, missed

    def _sign_in_again(self) -> None:
        self._hang_up()
        self.cookies.clear()
        try:
            self.sign_in()
        except NoAnswer:
            self.tally.unanswered.append(time.time())
            time.sleep(0.2)

    def passed(self) -> bool:
        """Whether work goes on; waits while it rests."""
        return self.gate is None or self.gate.passed()

    def turn(self) -> None:
        """Wait for this terminal's next scan when the load is paced."""
        if not self.plan["rate"]:
            return
        gap = self.plan["terminals"] / self.plan["rate"]
        now = time.monotonic()
        self.next_turn = max(self.next_turn + gap, now - gap) if self.next_turn else now + self.random.random() * gap
        time.sleep(max(0.0, self.next_turn - now))

    def work(self, until: float) -> None:
        """Lend and take back until the time is over."""
        shelf = [barcode for barcode in self.items if barcode not in self.tally.out]
        self.random.shuffle(shelf)
        while time.monotonic() < until and self.passed():
            card = self.random.choice(self.patrons)
            token = self.open(card)
            if not token:
                continue
            for _ in range(self.random.randint(1, 5)):
                if shelf and time.monotonic() < until and self.passed():
                    self.lend(shelf, card, token)
            back = self.random.sample(sorted(self.tally.out), min(len(self.tally.out), self.random.randint(1, 5)))
            for barcode in back:
                if time.monotonic() < until and self.passed():
                    self.give_back(shelf, barcode)

    def open(self, card: str) -> str:
        """Lay a card on the counter; its token, empty when it was refused."""
        opened, _ = self.scan("/counter/", card, timed=False)
        if not opened["token"]:
            self._refuse(opened["code"])
        return str(opened["token"])

    def lend(self, shelf: list[str], card: str, token: str) -> None:
        """One item to the open patron; now and then the reader reads twice."""
        if sum(1 for who in self.tally.out.values() if who == card) >= 5:
            return
        barcode = shelf.pop()
        self.turn()
        answer, missed = self.scan("/counter/", barcode, token)
        if missed and answer["code"] == "no_patron":  # it took so long that the card lies there no more
            token = self.open(card)
            answer, _ = self.scan("/counter/", barcode, token)
        if answer["code"] in LENT if missed else answer["code"] == "lend":
            self.tally.out[barcode] = card
            self.tally.acts["lend"] += 1
            self.tally.doubtful += missed > 0
            if self.random.random() < 0.02:
                self.scan("/counter/", barcode, token, timed=False)
        else:
            self._refuse(answer["code"])

    def give_back(self, shelf: list[str], barcode: str) -> None:
        """One item comes back; now and then it is read twice."""
        self.turn()
        answer, missed = self.scan("/counter/return/", barcode)
        if answer["code"] in BACK if missed else answer["code"] == "give_back":
            del self.tally.out[barcode]
            self.tally.acts["return"] += 1
            self.tally.doubtful += missed > 0
            shelf.insert(0, barcode)
            if self.random.random() < 0.02:
                self.scan("/counter/return/", barcode, timed=False)
        else:
            self._refuse(answer["code"])

    def clear(self) -> None:
        """Everything that is out comes back, without waiting for turns."""
        self.plan = {**self.plan, "rate": 0}
        for barcode in sorted(self.tally.out):
            self.give_back([], barcode)

    def _refuse(self, code: str) -> None:
        self.tally.refused[code] = self.tally.refused.get(code, 0) + 1


class Reached(http.client.HTTPSConnection):
    """HTTPS from a terminal's own address to a known one under a name: there is no resolver in its place here."""

    def __init__(self, name: str, address: str, source: str, trust: ssl.SSLContext) -> None:
        super().__init__(name, 443, timeout=15, context=trust)
        self._address, self._source, self._trust = address, source, trust

    def connect(self) -> None:
        """Connect to the address, and ask for the certificate of the name."""
        plain = socket.create_connection((self._address, self.port), self.timeout, source_address=(self._source, 0))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = self._trust.wrap_socket(plain, server_hostname=self.host)


def staffed(plan: dict[str, Any], gate: Gate | None = None) -> list[Terminal]:
    """The terminals of a plan, everybody signed in; a counter that has just been struck gets its time to answer."""
    terminals = [Terminal(plan, number, gate) for number in range(plan["terminals"])]
    gave_up = time.monotonic() + terminals[0].patience
    for terminal in terminals:
        while True:
            try:
                terminal.sign_in()
                break
            except NoAnswer:
                if time.monotonic() > gave_up:
                    raise
                time.sleep(0.5)
    return terminals


def main(plan: dict[str, Any]) -> dict[str, Any]:
    """All terminals at once for the plan's seconds; what they saw, put together."""
    terminals = staffed(plan)
    began, began_clock = time.monotonic(), time.time()
    with ThreadPoolExecutor(len(terminals)) as pool:
        # A terminal that gives up ends the run: half a ledger proves nothing.
        list(pool.map(lambda terminal: terminal.work(began + plan["seconds"]), terminals))
    return {"elapsed": time.monotonic() - began, "began": began_clock, **ledger(terminals)}


def ledger(terminals: list[Terminal]) -> dict[str, Any]:
    """What the terminals were told since they opened, put together."""
    tallies = [terminal.tally for terminal in terminals]
    return {
        "seconds": [value for tally in tallies for value in tally.seconds],
        "moments": [value for tally in tallies for value in tally.moments],
        "out": {barcode: card for tally in tallies for barcode, card in tally.out.items()},
        "acts": {act: sum(tally.acts[act] for tally in tallies) for act in ("lend", "return")},
        "doubtful": sum(tally.doubtful for tally in tallies),
        "unanswered": sum(len(tally.unanswered) for tally in tallies),
        "refused": {
            code: sum(tally.refused.get(code, 0) for tally in tallies)
            for code in sorted({code for tally in tallies for code in tally.refused})
        },
    }


def commanded(plan: dict[str, Any]) -> None:
    """Work by commands until the input ends; a terminal that gave up is told as the answer to the next command."""
    gate = Gate()
    terminals = staffed(plan, gate)

    def work(terminal: Terminal) -> None:
        with gate.working():
            terminal.work(float("inf"))

    with ThreadPoolExecutor(len(terminals)) as pool:
        hands: list[Future[None]] = [pool.submit(work, terminal) for terminal in terminals]
        print(json.dumps({"ready": True}), flush=True)
        for line in sys.stdin:
            gone = [repr(hand.exception()) for hand in hands if hand.done() and hand.exception()]
            print(json.dumps({"gave_up": gone} if gone else obey(line.strip(), terminals, gate)), flush=True)
            if gone or line.strip() == "stop":
                break
        gate.close(over=True)


def obey(command: str, terminals: list[Terminal], gate: Gate) -> dict[str, Any]:
    """One command; its answer."""
    if command == "go":
        gate.open()
    elif command == "count":
        moments = [terminal.tally.moments[-1] for terminal in terminals if terminal.tally.moments]
        answered = sum(len(terminal.tally.moments) for terminal in terminals)
        return {"answered": answered, "silent": time.time() - max(moments, default=0)}
    elif command in ("tally", "clear", "stop"):
        gate.close(over=command != "tally")
        if command == "clear":
            for terminal in terminals:
                terminal.clear()
        return ledger(terminals)
    return {}


if __name__ == "__main__":
    given = json.loads(sys.stdin.readline())
    if "seconds" in given:
        json.dump(main(given), sys.stdout)
    else:
        commanded(given)
