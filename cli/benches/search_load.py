"""Readers who ask for result pages at a steady pace, on the operator's network.

`python -m cli.benches.search_load`: the plan as JSON on standard input, the result as JSON on standard output. A page
begins when it is due, not when an earlier one is done: waiting for the server counts.
"""

from __future__ import annotations

import http.client
import json
import ssl
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

from cli.benches.counter_load import Reached

READERS = 30


def load(plan: dict[str, Any]) -> dict[str, Any]:
    """Milliseconds of every page, and the answers that were not a page, by status."""
    trust = ssl.create_default_context(cafile=plan["ca"])
    here = threading.local()
    milliseconds: list[float] = []
    refused: Counter[str] = Counter()
    began = time.monotonic() + 0.5

    def page(number: int) -> None:
        due = began + number / plan["rate"]
        time.sleep(max(due - time.monotonic(), 0))
        source = plan["sources"][number % len(plan["sources"])]
        open_ones = here.__dict__.setdefault("connections", {})
        path = f"/?q={quote(plan['words'][number % len(plan['words'])])}&page={1 + number % 3}"
        try:
            if source not in open_ones:
                open_ones[source] = Reached(plan["name"], plan["address"], source, trust)
            open_ones[source].request("GET", path, headers={"Host": plan["name"]})
            answer = open_ones[source].getresponse()
            answer.read()
            status = answer.status
        except (OSError, http.client.HTTPException):
            open_ones.pop(source, None)
            status = 0
        milliseconds.append(1000 * (time.monotonic() - due))
        if status != 200:
            refused[str(status)] += 1

    with ThreadPoolExecutor(READERS) as readers:
        list(readers.map(page, range(plan["rate"] * plan["seconds"])))
    return {"milliseconds": milliseconds, "refused": refused}


if __name__ == "__main__":
    json.dump(load(json.load(sys.stdin)), sys.stdout)
