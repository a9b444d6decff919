"""What a scan takes at the screen: from the key that ends the number to the painted answer, in a real Chromium.

One counter on the twin, at its ordinary work and not under load, with a window for loans and one for returns: a card,
ten loans, ten returns, twice over; once for a patron with nothing out, once for one who has 200 items at home. The page
itself takes the time: the key's own time stamp, then the moment after the frame in which the answer stands. The lab's
Chromium paints without a graphics card.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Error, Page, sync_playwright

from cli import evidence, ledger
from cli.context import Context, Refused
from lab import browser
from lab.twin import OPERATOR

GOAL_MS = 150.0  # for each scan, also for a patron with 200 loans
LOANS, SITTINGS, ITEMS = 200, 2, 10
STAFF = "counter"
# What marks rows of this bench, so that an interrupted run's go with the next: an address that no terminal can have
# (RFC 5737), and a note on the rule.
MARKS = {"mark": "203.0.113.200", "note": "kura bench counter"}

PEOPLE = """
SELECT coalesce(json_agg(json_build_object('card', card, 'id', id, 'category', category_id)), '[]') FROM (
  SELECT p.card_number AS card, p.id, p.category_id FROM patrons_patron p
  WHERE p.withdrawn_on IS NULL AND p.valid_until > current_date + 30
    AND p.stopped_until IS NULL AND p.noted_until IS NULL
    AND NOT EXISTS (SELECT FROM circulation_loan l WHERE l.patron_id = p.id)
    AND NOT EXISTS (SELECT FROM holds_hold h WHERE h.patron_id = p.id)
  ORDER BY p.id LIMIT 2) AS free
"""
# Items that anybody may take home without a question: for the scans those of the main library, for the 200 loans any.
FREE = """
SELECT i.id, i.barcode, i.branch_id FROM catalog_item i
WHERE i.status = 'in_stock' AND NOT i.reference_only AND i.restriction = '' AND i.item_set_id IS NULL
  AND NOT EXISTS (SELECT FROM circulation_loan l WHERE l.item_id = i.id)
  AND NOT EXISTS (SELECT FROM holds_hold h WHERE h.record_id = i.record_id OR h.item_id = i.id)
  AND NOT EXISTS (SELECT FROM transfers_transfer t WHERE t.item_id = i.id)
"""
SHELF = """
SELECT coalesce(json_agg(barcode), '[]') FROM (%(free)s
  AND i.material_type = 'book' AND i.attachment_count = 0
  AND i.branch_id = (SELECT id FROM branches_branch WHERE code = 'nagano')
  AND NOT EXISTS (SELECT FROM circulation_handledtoday t WHERE t.item_id = i.id)
  ORDER BY i.id LIMIT %(items)d) AS free
"""
# Two hundred loans, and a rule by which that patron's category may have as many.
BURDEN = """
INSERT INTO regulations_regulation (category_id, effective_from, total_limit, note)
VALUES (%(category)d, current_date, %(limit)d, '%(note)s');
WITH made AS (
  INSERT INTO circulation_loan (item_id, patron_id, branch_id, lent_at, due_on, renewed, terminal)
  SELECT id, %(patron)d, branch_id, now(), current_date + 14, 0, '%(mark)s' FROM (%(free)s
    AND i.barcode <> ALL (string_to_array('%(kept)s', ',')) ORDER BY i.id DESC LIMIT %(loans)d) AS free
  RETURNING id)
SELECT count(*) FROM made
"""
RELIEF = """
DELETE FROM circulation_loan WHERE host(terminal) = '%(mark)s'
  OR patron_id = ANY (string_to_array('%(patrons)s', ',')::bigint[]);
DELETE FROM regulations_regulation WHERE note = '%(note)s'
"""
# A scan begins with the key after which the form is busy: a reader's Enter, or the last digit of a full number.
WATCH = """() => {
  const form = document.getElementById("scan"), rows = document.getElementById("rows");
  const parts = ["says", "rows", "panel"].map((id) => document.getElementById(id)).filter(Boolean);
  let pressed = 0, began = null;
  window.scans = [];
  addEventListener("keydown", (event) => { pressed = event.timeStamp; }, true);
  new MutationObserver(() => { if (form.hasAttribute("aria-busy")) began = pressed; })
    .observe(form, { attributeFilter: ["aria-busy"] });
  const answered = new MutationObserver(() => {
    if (began === null) return;
    const from = began;
    began = null;
    requestAnimationFrame(() => setTimeout(() => {
      const said = document.querySelector("#says .says");
      const row = rows.firstElementChild;
      window.scans.push({
        ms: performance.now() - from,
        tone: said.classList[1] || "",
        said: said.innerText.trim().replace(/\\s+/g, " "),
        row: row ? row.innerText : "",
      });
    }));
  });
  for (const part of parts) answered.observe(part, { childList: true, subtree: true });
}"""
TOO_FEW = "the library has too few patrons or items to lend: ./kura demo --scale 0.01 (or 1.0)"
READY = "document.activeElement.id === 'number' && !document.getElementById('tools').hidden"
AT_REST = "n => window.scans.length > n && !document.getElementById('scan').hasAttribute('aria-busy')"


def needed() -> None:
    """Refused when this machine has no browser."""
    if packages := browser.missing():
        raise Refused(f"the screen is measured in Chromium, which this machine lacks: apt install {' '.join(packages)}")


def measure(context: Context) -> evidence.Figures:
    """Both patrons' scans. Whoever and whatever was lent is back afterwards; Refused when a scan is not taken."""
    with people(context) as ((usual, burdened), items), chromium(context) as terminal:
        secret = (context.state / f"secrets/demo_{STAFF}").read_text().strip()
        screen = Screen(terminal, f"https://{context.site.fqdn('staff')}")
        screen.sign_in(STAFF, secret)
        ordinary, many = (
            [ms for at in range(SITTINGS) for ms in screen.sitting(card, own[at * ITEMS : (at + 1) * ITEMS])]
            for card, own in ((usual, items[: SITTINGS * ITEMS]), (burdened, items[SITTINGS * ITEMS :]))
        )
    return {
        "screen_scans": evidence.figure(len(ordinary) + len(many), "scans"),
        **quantiles("screen_scan", ordinary),
        **quantiles(f"screen_scan_{LOANS}_loans", many),
    }


def quantiles(name: str, milliseconds: list[float]) -> evidence.Figures:
    """The middle and what 19 of 20 scans stay below."""
    cut = statistics.quantiles(milliseconds, n=20, method="inclusive")
    return {
        f"{name}_p50": evidence.figure(statistics.median(milliseconds), "ms"),
        f"{name}_p95": evidence.figure(cut[-1], "ms", GOAL_MS),
    }


@contextmanager
def people(context: Context) -> Iterator[tuple[tuple[str, str], list[str]]]:
    """Cards of a patron with nothing out and of one with 200 loans, and free items; everything is undone afterwards.

    Refused when the library has too little of them.
    """
    ledger.ask(context, RELIEF % {**MARKS, "patrons": ""})
    free: list[dict[str, Any]] = ledger.ask(context, PEOPLE)
    shelf: list[str] = ledger.ask(context, SHELF % {"free": FREE, "items": 2 * SITTINGS * ITEMS})
    if len(free) < 2 or len(shelf) < 2 * SITTINGS * ITEMS:
        raise Refused(TOO_FEW)
    usual, burdened = free
    given = MARKS | {"patron": burdened["id"], "category": burdened["category"], "free": FREE, "kept": ",".join(shelf)}
    try:
        if ledger.ask(context, BURDEN % {**given, "loans": LOANS, "limit": LOANS + ITEMS}) < LOANS:
            raise Refused(TOO_FEW)
        yield (usual["card"], burdened["card"]), shelf
    finally:
        ledger.ask(context, RELIEF % {**MARKS, "patrons": f"{usual['id']},{burdened['id']}"})


@contextmanager
def chromium(context: Context) -> Iterator[BrowserContext]:
    """A browser at a counter of the twin; where none runs, at the operator's workstation."""
    counters = [host.name for host in context.twin.running() if host.kind == "terminal" and host.zone == "staff"]
    with tempfile.TemporaryDirectory(prefix="kura-screen-") as folder, sync_playwright() as driver:
        command = browser.wrapper(context.twin, (counters or [OPERATOR])[0], Path(folder) / "home")
        opened = driver.chromium.launch(executable_path=command, args=browser.QUIET, headless=True)
        try:
            yield opened.new_context(locale="ja-JP", viewport={"width": 1280, "height": 800})
        except Error as error:
            raise Refused(f"the screen: {error.message.splitlines()[0]}") from None
        finally:
            opened.close()


class Screen:
    """A counter's screen under somebody's hands: a window for loans and one for returns."""

    def __init__(self, terminal: BrowserContext, address: str) -> None:
        self.address = address
        self.loans, self.returns = terminal.new_page(), terminal.new_page()

    def sign_in(self, number: str, secret: str) -> None:
        """As staff do in the morning; both windows are ready for their first scan."""
        self.loans.goto(f"{self.address}/staff/sign-in/")
        self.loans.locator("[name=number]").fill(number)
        self.loans.locator("[name=password]").fill(secret)
        self.loans.keyboard.press("Enter")
        self.loans.wait_for_url(lambda url: "/sign-in/" not in url)
        for window, path in ((self.loans, "/counter/"), (self.returns, "/counter/return/")):
            window.goto(f"{self.address}{path}")
            window.wait_for_function(READY)
            window.evaluate(WATCH)

    def sitting(self, card: str, items: list[str]) -> list[float]:
        """A card, its loans, their returns; the milliseconds of each scan. Refused when one is not taken."""
        self.loans.bring_to_front()
        taken = [scan(self.loans, card), *(scan(self.loans, item, listed=True) for item in items)]
        self.returns.bring_to_front()
        return taken + [scan(self.returns, item, listed=True) for item in items]


def scan(window: Page, number: str, *, listed: bool = False) -> float:
    """One scan; its milliseconds. Refused when it is not taken, or does not stand in the list where it should."""
    before = window.evaluate("window.scans.length")
    window.keyboard.type(number)
    window.keyboard.press("Enter")
    window.wait_for_function(AT_REST, arg=before)
    seen: dict[str, Any] = window.evaluate("window.scans.at(-1)")
    if seen["tone"] not in ("ok", "info") or (listed and number not in seen["row"]):
        raise Refused(f"the counter said to {number}: {seen['said'] or 'nothing'}")
    return float(seen["ms"])
