"""The counter in a library of the contract's size: hundreds of items in a row, and a day of three thousand readers.

In the database of `./kura bench search`. Each scan is a whole request through the application (session, permission,
rules, holds, audit, search state) in this process; what nginx and the wire add is in `./kura bench counter`.
"""

import json
import time
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

from django.test import Client
from django.utils import timezone

from app.access.actions import put_staff
from app.access.actor import system
from app.access.models import StaffUser
from app.branches.models import Branch
from app.catalog.codes import Origin
from app.catalog.models import BibliographicRecord, Item
from app.demo import generate
from app.demo.scale import Plan, Run
from app.exchange.models import ImportRun
from app.patrons.models import Patron, PatronCard

NEAR = 500
EACH = 10  # items to a card: the limit of the first rules
BOOKS = (3, 4, 5, 6)  # a reader takes: 1.7 million loans a year are 4.7 for each of 360,000 uses
LOOKS = 2  # pages of the catalogue that a reader asks for
STAY = 20  # so many readers later the books come back
TERMINALS = ("10.81.1.65", "10.81.1.66")


def register(patrons: int, seed: int, progress: Callable[[str, int, int, float], None]) -> int:
    """So many generated patrons, unless they are there; returns how many there are."""
    share = patrons / generate.PATRONS
    Run(Plan(share, seed, timezone.localdate() - timedelta(days=1)), progress).register()
    return Patron.objects.count()


def measure(seed: int, rounds: int, said: Callable[[str], None]) -> dict[str, Any]:
    """Lend a hundred items to ten cards and take them back, so many times; milliseconds of every scan.

    RuntimeError naming the answer when a scan is not taken: a bench of refusals would be fast.
    """
    branch = Branch.objects.filter(is_active=True).order_by("number")[0]
    browser, random = _terminal(branch), Random(f"{seed}:counter")  # noqa: S311
    cards, items = _cards(10 * rounds), _items(random, branch, 100 * rounds)
    lent: list[float] = []
    returned: list[float] = []
    for number in range(rounds):
        hundred = items[100 * number : 100 * (number + 1)]
        for place, card in enumerate(cards[10 * number : 10 * (number + 1)]):
            token = _scan(browser, "/counter/", card)[0]["token"]
            for barcode in hundred[EACH * place : EACH * (place + 1)]:
                lent.append(_timed(browser, "/counter/", barcode, token, "lend"))
        returned += [_timed(browser, "/counter/return/", barcode, "", "give_back") for barcode in hundred]
        said(f"{len(lent)} lent and taken back")
    return {
        "lend_ms": lent,
        "return_ms": returned,
        "records": BibliographicRecord.objects.count(),
        "items": Item.objects.count(),
        "patrons": Patron.objects.count(),
    }


def day(seed: int, visits: int, part: tuple[int, int], said: Callable[[str], None]) -> dict[str, list[float]]:
    """So many readers, one after another at one terminal: each looks something up and borrows, and all comes back.

    `part` is (which, of how many) terminals that share the readers and the shelves. Milliseconds of each request:
    `search`, `lend`, `return`. RuntimeError as `measure`.
    """
    which, parts = part
    branch = Branch.objects.filter(is_active=True).order_by("number")[0]
    random = Random(f"{seed}:day:{which}")  # noqa: S311
    staff, public = _terminal(branch, which), Client(SERVER_NAME="localhost")
    cards = _cards(visits)[which::parts]
    wanted = [random.choice(BOOKS) for _ in cards]
    items = iter(_items(random, branch, sum(wanted), part))
    words = [word for word, *_ in generate.words()]
    took: dict[str, list[float]] = {"search": [], "lend": [], "return": []}
    out: deque[list[str]] = deque()

    def come_back() -> None:
        took["return"] += [_timed(staff, "/counter/return/", barcode, "", "give_back") for barcode in out.popleft()]

    for done, (card, count) in enumerate(zip(cards, wanted, strict=True), 1):
        took["search"] += [_looked(public, " ".join(random.sample(words, number))) for number in range(1, LOOKS + 1)]
        token = _scan(staff, "/counter/", card)[0]["token"]
        books = [next(items) for _ in range(count)]
        took["lend"] += [_timed(staff, "/counter/", barcode, token, "lend") for barcode in books]
        out.append(books)
        if len(out) > STAY:
            come_back()
        if done % 100 == 0:
            said(f"terminal {which}: {done}/{len(cards)} readers")
    while out:
        come_back()
    return took


def _looked(public: Client, words: str) -> float:
    began = time.perf_counter()
    answer = public.get("/", {"q": words}, follow=True)  # the only hit is shown at once
    if answer.status_code != 200:
        raise RuntimeError(f"/?q={words}: {answer.status_code}")
    return 1000 * (time.perf_counter() - began)


def _terminal(branch: Branch, which: int = 0) -> Client:
    number = f"bench-counter-{which}"
    password = "keisoku-no-madoguchi-1"  # noqa: S105 - nobody signs in with it, and the database is made for measuring
    if not StaffUser.objects.filter(number=number).exists():  # nobody takes the same password again
        put_staff(system("bench"), number, name="計測 窓口", roles=("counter",), branch=branch.code, password=password)
    browser = Client(REMOTE_ADDR=TERMINALS[which], SERVER_NAME="localhost")
    browser.force_login(StaffUser.objects.get(number=number))
    return browser


def _cards(count: int) -> list[str]:
    """Cards in use of patrons who have nothing on loan."""
    free = PatronCard.objects.filter(state="live", patron__loans__isnull=True, patron_id__gte=generate.FIRST_ID)
    return list(free.order_by("number").values_list("number", flat=True)[:count])


def _items(random: Random, branch: Branch, count: int, part: tuple[int, int] = (0, 1)) -> list[str]:
    """Books on the shelf here, from everywhere in the catalogue, or in one of its equal parts."""
    first, last = (
        Item.objects.filter(pk__gte=generate.FIRST_ID).order_by(order).values_list("pk", flat=True)[0]
        for order in ("pk", "-pk")
    )
    which, parts = part
    width = (last + 1 - first) // parts
    first, last = first + which * width, first + (which + 1) * width - 1
    found: dict[str, None] = {}
    shelf = Item.objects.filter(branch=branch, material_type="book", status="in_stock", reference_only=False)
    while len(found) < count:
        at = random.randint(first, last)
        # A stretch of the key: else the database reads whole tables for each of them.
        near = shelf.filter(
            pk__range=(at, min(at + NEAR, last)), loans__isnull=True, record__holds__isnull=True
        ).order_by("pk")
        found |= dict.fromkeys(near.values_list("barcode", flat=True)[:1])
    return list(found)


def _scan(browser: Client, path: str, text: str, token: str = "") -> tuple[dict[str, Any], float]:
    began = time.perf_counter()
    answer = browser.post(path, {"scan": text, "token": token}, headers={"accept": "application/json"})
    return json.loads(answer.content), 1000 * (time.perf_counter() - began)


def _timed(browser: Client, path: str, barcode: str, token: str, wanted: str) -> float:
    answer, milliseconds = _scan(browser, path, barcode, token)
    if answer["code"] != wanted:
        raise RuntimeError(f"{path} {barcode}: {answer}")
    return milliseconds


def forget() -> int:
    """What the measured import brought is gone again, so that the catalogue is the one that was generated."""
    ImportRun.objects.all().delete()
    return BibliographicRecord.objects.filter(origin=Origin.MARC).delete()[0]
