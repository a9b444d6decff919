"""What browser tests need of the public site: every page of it, a reader who has signed in, axe-core."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page

from app.opac.tests.pages import addresses
from app.web.doors import Door
from tests.browser.house import House

# Every door is examined for what is published; a landing examines each language and each mode once, not their products.
DOORS = tuple(Door(language, kiosk) for kiosk in (False, True) for language in ("ja", "en", "zh-hans", "ko", "ja-kids"))
ONCE = tuple(door for door in DOORS if not door.kiosk or door.language == "ja")
LEVELS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice")

# Where the running library has what an address needs: one value each. What only answers to POST takes anything.
VALUES = {
    "record_id": "SELECT record_id FROM catalog_item GROUP BY record_id ORDER BY count(*) DESC, record_id LIMIT 1",
    "hold_id": (
        "SELECT hold.id FROM holds_hold hold JOIN patrons_patron patron ON patron.id = hold.patron_id"
        " WHERE card_number = '{card}' AND hold.status IN ('waiting', 'pull') ORDER BY hold.id LIMIT 1"
    ),
    "theme_id": "SELECT id FROM features_themelist ORDER BY id LIMIT 1",
    "article_id": "SELECT id FROM features_article WHERE kind = 'news' ORDER BY id LIMIT 1",
    "slug": "SELECT slug FROM features_article WHERE kind = 'page' ORDER BY id LIMIT 1",
}
VALUES["event_id"] = "SELECT id FROM reference_event WHERE is_ready ORDER BY id LIMIT 1"
KNOWN = {"prefix": "9", "code": "nagano"}
# What nobody has: pages for those who come with a secret. What is only posted to is asked with any number.
NOBODYS = {"link_id": 1, "number": "1", "token": "nothing", "receipt": "nothing"}
# Pages that answer a question, and have no answer without one.
ASKED = {"apply:done", "opac:cover", "show:shelf"}
# Pages that depend on what is asked, besides the addresses: results, nothing found, an address that is none.
MORE = ("/?q=山", "/?q=zzzzzzzz", "/?q=山&scope=all&sort=newest", "/nowhere/")

# A title that its kana find alone, with no hold and nobody's loan, so that it can be held and given up again.
FREE_TITLE = """
SELECT record.id, translate(record.title_reading, ' ', '') FROM catalog_bibliographicrecord record
WHERE record.origin = 'demo' AND record.volume = '' AND record.title_reading ~ '^[ァ-ヶー ]{{5,30}}$'
AND 1 = (SELECT count(*) FROM catalog_bibliographicrecord same WHERE same.title_reading = record.title_reading)
AND EXISTS (SELECT FROM catalog_item item WHERE item.record_id = record.id AND item.status = 'in_stock'
  AND NOT item.reference_only AND item.restriction = '' AND item.material_type NOT IN ('reference', 'magazine'))
AND NOT EXISTS (SELECT FROM holds_hold hold WHERE hold.record_id = record.id)
AND NOT EXISTS (SELECT FROM circulation_loan loan JOIN catalog_item item ON item.id = loan.item_id
  WHERE item.record_id = record.id)
ORDER BY record.id OFFSET {skip} LIMIT 1
"""
OPEN_HOLDS = """
SELECT count(*) FROM holds_hold hold JOIN patrons_patron patron ON patron.id = hold.patron_id
WHERE patron.card_number = '{card}' AND hold.record_id = {record} AND hold.status IN ('waiting', 'pull')
"""
HIRAGANA = {ord(kana): ord(kana) - 0x60 for kana in map(chr, range(0x30A1, 0x30F7))}


@dataclass(frozen=True)
class Place:
    """One page: its address in the URLconf (with parameters as names) and its path here."""

    shape: str
    path: str
    may_be_none: bool = False


def places(house: House) -> list[Place]:
    """Every address of the public site, filled with what the library has, and some more."""
    values: dict[str, Any] = KNOWN | NOBODYS
    for name, query in VALUES.items():
        rows = house.sql(query.format(card=house.secret("demo_card")))
        if rows:
            values[name] = rows[0][0]
    found = []
    nowhere = set(NOBODYS) | ASKED
    for address in addresses():
        given = values | {need: 1 for need in address.needs if need not in values}
        found.append(Place(address.route, address.path(given), bool({address.name, *address.needs} & nowhere)))
    return found + [Place(path, path, may_be_none=True) for path in MORE]


ASK = """async url => {
  const answer = await fetch(url, {redirect: "manual", cache: "no-store"});
  return [answer.status, answer.headers.get("content-type") || ""];
}"""


def asked(context: BrowserContext, house: House, path: str) -> tuple[int, str]:
    """Status and kind of content of an address, asked by the browser: with its certificates, on its host's network.

    What leads on has status 0.
    """
    page = context.new_page()
    page.goto(house.opac("/robots.txt"))
    status, kind = page.evaluate(ASK, house.opac(path))
    page.close()
    return int(status), str(kind)


def sign_in(context: BrowserContext, house: House, prefix: str = "") -> None:
    """The first demonstration patron signs in."""
    page = context.new_page()
    page.goto(house.opac(f"{prefix}/my/sign-in/"))
    page.locator("[name=card_number]").fill(house.secret("demo_card"))
    page.locator("[name=password]").fill(house.secret("demo_patron"))
    page.locator("main button[type=submit]").first.click()
    page.wait_for_url(f"**{prefix}/my/")
    page.close()


def examined(page: Page) -> dict[str, Any]:
    """What axe-core says about the page as it stands."""
    options = {"runOnly": list(LEVELS), "resultTypes": ["violations", "passes"]}
    response: dict[str, Any] = Axe().run(page, options=options).response
    return response


def told(violations: list[dict[str, Any]]) -> list[str]:
    """Violations in a line each: the rule, the elements, why."""
    return [
        f"{found['id']}: {node['html'][:160]} — {node.get('failureSummary', '')[:200]}"
        for found in violations
        for node in found["nodes"][:4]
    ]


def free_title(house: House, skip: int) -> tuple[int, str]:
    """A record that can be held, and its reading in hiragana."""
    found = house.sql(" ".join(FREE_TITLE.format(skip=skip).split()))
    assert found, "the demonstration has no title that can be held"
    return int(found[0][0]), found[0][1].translate(HIRAGANA)


def open_holds(house: House, record: int) -> int:
    """How many open holds the demonstration's patron has on the record."""
    query = OPEN_HOLDS.format(card=house.secret("demo_card"), record=record)
    return int(house.sql(" ".join(query.split()))[0][0])


def give_up(page: Page, house: House, prefix: str, record: int) -> None:
    """Cancel the hold again by the reader's own page."""
    page.goto(house.opac(f"{prefix}/my/"))
    row = page.locator("tr", has=page.locator(f"a[href='{prefix}/records/{record}/']"))
    row.get_by_role("link", name=re.compile("変更・取消")).click()
    page.locator("form[action$='/cancel/'] button").click()
    page.wait_for_url(f"**{prefix}/my/")


@contextmanager
def place_hold(house: House, context: BrowserContext) -> Iterator[int]:
    """The demonstration's patron has signed in and holds a title, for as long as a test needs its page."""
    sign_in(context, house)
    record, _ = free_title(house, 2)
    page = context.new_page()
    page.goto(house.opac(f"/records/{record}/hold/"))
    page.locator("main button[type=submit]").last.click()
    page.wait_for_url("**/my/")
    try:
        yield record
    finally:
        give_up(page, house, "", record)
        page.close()
