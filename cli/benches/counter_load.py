"""Thirty counters at work, and the ledger of what was answered to them.

Runs as a process of its own on the operator's network: `python -m cli.benches.counter_load`, the plan as JSON on
standard input, the result as JSON on standard output. Each terminal signs in, then does what a counter does: a card,
some items; some returned items. A scan that gets no answer is scanned again until it gets one, as people do; what the
answers said is the ledger, against which the database is compared afterwards.
"""

from __future__ import annotations

import http.client
import json
import random
import re
import socket
import ssl
import sys
import time
from concurrent.futures import ThreadPoolExecutor
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


class Terminal:
    """One counter: a session, a connection that is made again when it breaks, and a share of patrons and items."""

    def __init__(self, plan: dict[str, Any], number: int) -> None:
        self.plan, self.number = plan, number
        self.tally = Tally()
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
        if accept == "application/json" and not text.startswith("{"):
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
        """One scan until it is answered; the answer and how many attempts went unanswered before it."""
        missed, gave_up = 0, time.monotonic() + PATIENCE
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
            if timed:
                self.tally.seconds.append(time.monotonic() - began)
                self.tally.moments.append(time.time())
            return answer, missed

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
        while time.monotonic() < until:
            card = self.random.choice(self.patrons)
            opened, _ = self.scan("/counter/", card, timed=False)
            token = opened["token"]
            if not token:
                self._refuse(opened["code"])
                continue
            for _ in range(self.random.randint(1, 5)):
                if shelf and time.monotonic() < until:
                    self.lend(shelf, card, token)
            back = self.random.sample(sorted(self.tally.out), min(len(self.tally.out), self.random.randint(1, 5)))
            for barcode in back:
                if time.monotonic() < until:
                    self.give_back(shelf, barcode)

    def lend(self, shelf: list[str], card: str, token: str) -> None:
        """One item to the open patron; now and then the reader reads twice."""
        if sum(1 for who in self.tally.out.values() if who == card) >= 5:
            return
        barcode = shelf.pop()
        self.turn()
        answer, missed = self.scan("/counter/", barcode, token)
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


def main(plan: dict[str, Any]) -> dict[str, Any]:
    """All terminals at once; what they saw, put together."""
    terminals = [Terminal(plan, number) for number in range(plan["terminals"])]
    for terminal in terminals:
        terminal.sign_in()
    began, began_clock = time.monotonic(), time.time()
    with ThreadPoolExecutor(len(terminals)) as pool:
        # A terminal that gives up ends the run: half a ledger proves nothing.
        list(pool.map(lambda terminal: terminal.work(began + plan["seconds"]), terminals))
    tallies = [terminal.tally for terminal in terminals]
    return {
        "elapsed": time.monotonic() - began,
        "began": began_clock,
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


if __name__ == "__main__":
    json.dump(main(json.load(sys.stdin)), sys.stdout)
