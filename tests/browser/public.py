"""What browser tests need of the public site: every page of it, a reader who has signed in, axe-core."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page

from app.opac.tests.pages import addresses
from app.web.doors import Door
from tests.browser.house import House

DOORS = tuple(Door(language, kiosk) for kiosk in (False, True) for language in ("ja", "en", "zh-hans", "ko", "ja-kids"))
LEVELS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice")

# Where the running library has what an address needs: one value each. What only answers to POST takes anything.
VALUES = {
    "record_id": "SELECT record_id FROM catalog_item GROUP BY record_id ORDER BY count(*) DESC, record_id LIMIT 1",
    "hold_id": (
        "SELECT hold.id FROM holds_hold hold JOIN patrons_patron patron ON patron.id = hold.patron_id"
        " WHERE card_number = '{card}' AND hold.status = 'waiting' ORDER BY hold.id LIMIT 1"
    ),
    "theme_id": "SELECT id FROM features_themelist ORDER BY id LIMIT 1",
    "article_id": "SELECT id FROM features_article WHERE kind = 'news' ORDER BY id LIMIT 1",
    "slug": "SELECT slug FROM features_article WHERE kind = 'page' ORDER BY id LIMIT 1",
}
ANY = {"loan_id": 1, "favourite_id": 1, "watch_id": 1, "request_id": 1, "link_id": 1, "prefix": "9", "code": "nagano"}
ANY |= {"number": "9784003101117", "token": "nothing"}
# Pages that depend on what is asked, besides the addresses: results, nothing found, an address that is none.
MORE = ("/?q=山", "/?q=zzzzzzzz", "/?q=山&scope=all&sort=newest", "/nowhere/")


@dataclass(frozen=True)
class Place:
    """One page: its address in the URLconf (with parameters as names) and its path here."""

    shape: str
    path: str


def places(house: House) -> list[Place]:
    """Every address of the public site, filled with what the library has, and some more."""
    values: dict[str, Any] = dict(ANY)
    for name, query in VALUES.items():
        rows = house.sql(query.format(card=house.secret("demo_card")))
        if rows:
            values[name] = rows[0][0]
    found = [Place(address.route, address.path(values)) for address in addresses()]
    return found + [Place(path, path) for path in MORE]


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
