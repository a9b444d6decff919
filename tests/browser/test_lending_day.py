"""A day at the counter and the kiosk, in real browsers on the twin's terminals, through the VPN, by keyboard alone."""

from __future__ import annotations

import re
import time
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Terminals
from tests.twin.conftest import RunningTwin

COUNTER, KIOSK = "staff-nagano-1", "opac-nagano-1"
FREE_WORK = """
SELECT r.title, i.barcode FROM catalog_item i JOIN catalog_bibliographicrecord r ON r.id = i.record_id
JOIN branches_branch b ON b.id = i.branch_id AND b.code = 'nagano'
WHERE i.status = 'in_stock' AND NOT i.reference_only AND i.material_type = 'book' AND i.restriction = ''
  AND r.origin = 'demo' AND r.volume = '' AND char_length(r.title) > 4 AND i.attachments = '' AND i.item_set_id IS NULL
  AND NOT EXISTS (SELECT FROM circulation_loan WHERE item_id = i.id)
  AND NOT EXISTS (SELECT FROM holds_hold WHERE record_id = r.id)
  AND 1 = (SELECT count(*) FROM catalog_bibliographicrecord AS same WHERE same.title = r.title)
ORDER BY r.id LIMIT 1
"""
OPEN_LOANS = (
    "SELECT count(*) FROM circulation_loan JOIN patrons_patron ON patrons_patron.id = patron_id WHERE card_number ="
)


@pytest.fixture(scope="module")
def card(twin: RunningTwin) -> str:
    """The number on the first demonstration patron's card."""
    return twin.secret("demo_card")


@pytest.fixture
def counter(terminals: Terminals, twin: RunningTwin) -> Page:
    """A counter at which the demonstration's librarian has signed in, hands on the keyboard."""
    with terminals.page(COUNTER) as page:
        page.goto(f"https://{twin.site.fqdn('staff')}/counter/")
        expect(page.locator("[name=number]")).to_be_focused()
        page.keyboard.type("librarian")
        page.keyboard.press("Tab")
        page.keyboard.type(twin.secret("demo_librarian"))
        page.keyboard.press("Enter")
        expect(page.locator("#number")).to_be_focused()
        yield page


def opac(twin: RunningTwin, path: str = "/") -> str:
    """An address of the public catalogue."""
    return f"https://{twin.site.fqdn('opac')}{path}"


def search(page: Page, twin: RunningTwin, words: str) -> list[str]:
    """Type the words into the catalogue's box and press Enter; the titles found, in order. A single one is open."""
    page.goto(opac(twin))
    page.locator("#q").focus()
    page.keyboard.type(words)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"[?&]q=|/records/"))
    return [title.strip() for title in page.locator("ol.hits h2, article h1").all_inner_texts()]


def scan(page: Page, number: str) -> None:
    """What a reader in front of the counter types; the next scan does not wait for anybody.

    Nobody reads a first number before the page shows its cursor.
    """
    expect(page.locator(":focus")).to_have_count(1)
    page.keyboard.type(number)
    page.keyboard.press("Enter")


def states(page: Page) -> dict[str, str]:
    """Barcode → state of a record's items, as the catalogue shows them."""
    rows = page.locator("section[aria-labelledby=holdings] tbody tr").all()
    return {
        row.locator("[data-label=資料番号]").inner_text().strip(): row.locator("[data-label=状態]").inner_text().strip()
        for row in rows
    }


def becomes(page: Page, address: str, barcode: str, state: str) -> None:
    """The catalogue says so within the three seconds that F-GEN-003 allows."""
    deadline = time.monotonic() + 3
    while True:
        page.goto(address)
        if states(page)[barcode] == state:
            return
        assert time.monotonic() < deadline, f"{barcode} is not {state} after three seconds: {states(page)}"


def a_book_on_the_shelf(page: Page, twin: RunningTwin) -> tuple[str, str, str]:
    """Title of a work that nobody waits for, the address of its record, and the barcode of a copy that can be lent."""
    said = twin.run("db1", "cd / && runuser -u postgres -- psql -XqAt -d kura", stdin=FREE_WORK).stdout
    title, barcode = said.strip().split("|")
    assert title in search(page, twin, title)
    if "/records/" not in page.url:
        page.locator("ol.hits h2 a", has_text=title).first.click()
    assert states(page)[barcode] == "在架"
    return title, page.url, barcode


def test_a_book_is_lent_by_two_scans_shown_on_loan_and_returned_by_one(terminals, twin, counter, card):
    with terminals.page(KIOSK) as kiosk:
        title, address, barcode = a_book_on_the_shelf(kiosk, twin)

        scan(counter, card)
        expect(counter.locator("#panel .name")).to_be_visible()
        scan(counter, barcode)
        expect(counter.locator("#rows tr").first).to_contain_text(title)
        expect(counter.locator("#rows tr").first).to_have_class(re.compile("ok|info"))
        expect(counter.locator("#number")).to_be_focused()

        becomes(kiosk, address, barcode, "貸出中")

        counter.keyboard.press("F3")
        counter.wait_for_url("**/counter/return/")
        scan(counter, barcode)
        expect(counter.locator("#rows tr").first).to_contain_text(title)
        expect(counter.locator("body")).not_to_contain_text(card)

        becomes(kiosk, address, barcode, "在架")


def test_a_wrong_scan_says_what_is_wrong_and_the_next_scan_works(counter, card):
    scan(counter, "9999999999")
    expect(counter.locator("#says")).to_contain_text("先に利用券を読み取ってください")
    scan(counter, card)
    expect(counter.locator("#panel .name")).to_be_visible()
    scan(counter, "9999999999")
    expect(counter.locator("#says .bad")).to_be_visible()
    expect(counter.locator("#panel .name")).to_be_visible()


@pytest.mark.req("F-CIR-002")
def test_the_next_card_closes_the_patron_before(counter, twin, card):
    second = twin.secret("demo_card_2")
    scan(counter, card)
    expect(counter.locator("#panel")).to_contain_text(card)
    scan(counter, second)
    expect(counter.locator("#panel")).to_contain_text(second)
    expect(counter.locator("#panel")).not_to_contain_text(card)
    expect(counter.locator("#rows tr")).to_have_count(0)


@pytest.mark.parametrize("words", ["坊っちゃん", "ぼっちゃん", "ボッチャン"])
def test_a_kiosk_finds_a_book_in_kanji_hiragana_or_katakana(terminals, twin, words):
    with terminals.page(KIOSK) as kiosk:
        assert search(kiosk, twin, words)[0].startswith("坊っちゃん")


def test_the_kiosk_reaches_the_catalogue_through_the_tunnel(terminals, twin):
    def carried() -> int:
        return sum(int(word) for word in twin.run("rt-nagano", "wg show wg0 transfer").stdout.split()[1:])

    before = carried()
    with terminals.page(KIOSK) as kiosk:
        kiosk.goto(opac(twin, f"/?q={quote('長野')}"))
        expect(kiosk.locator("ol.hits")).to_be_visible()
    assert carried() - before > 4000


def test_a_kiosk_is_refused_the_staff_pages(terminals, twin):
    with terminals.page(KIOSK) as kiosk:
        answer = kiosk.goto(f"https://{twin.site.fqdn('staff')}/counter/")
        assert answer is None or answer.status == 403


def test_a_patron_sees_their_loans_and_nobody_elses(terminals, twin, card):
    with terminals.page(KIOSK) as kiosk:
        kiosk.goto(opac(twin, "/my/"))
        kiosk.locator("[name=card_number]").fill(card)
        kiosk.locator("[name=password]").fill(twin.secret("demo_patron"))
        kiosk.keyboard.press("Enter")
        expect(kiosk.locator("h1")).to_have_text("マイページ")
        expect(kiosk.locator("main")).to_contain_text(card)
        mine = kiosk.locator("section[aria-labelledby=loans] tbody tr").count()
        lent = twin.run("db1", f"psql -U postgres -h /run/postgresql -d kura -Atc \"{OPEN_LOANS} '{card}'\"").stdout
        assert mine == int(lent) > 0
        expect(kiosk.locator("body")).not_to_contain_text(twin.secret("demo_card_2"))


def test_operations_see_the_house_in_the_console(terminals, twin):
    with terminals.page("operator") as page:
        page.goto(f"https://{twin.site.fqdn('console')}/")
        page.locator("input[type=text], input[name=username]").first.fill("operator")
        page.locator("input[type=password]").fill(twin.secret("demo_operator"))
        page.keyboard.press("Enter")
        expect(page.locator("body")).to_contain_text("図書館は開いているか")
        page.goto(f"https://{twin.site.fqdn('console')}/dashboards/servers/")
        expect(page.locator("svg").first).to_be_visible()
        expect(page.locator("body")).to_contain_text("rt-nagano")


@pytest.mark.parametrize("path", ["/", f"/?q={quote('長野')}", "/my/sign-in/"])
def test_public_pages_fit_a_phone_and_are_light(terminals, twin, path):
    with terminals.page(KIOSK, 390, 844) as page:
        sizes: list[int] = []
        page.on("response", lambda answer: sizes.append(len(answer.body()) if answer.ok else 0))
        page.goto(opac(twin, path))
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert sum(sizes) <= 150_000
