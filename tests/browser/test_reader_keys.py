"""A reader by keyboard alone: finds a title, holds it, sees it in My Page, cancels it; collects two and holds both."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.house import KIOSK, House, free_items

TITLES = (
    "SELECT record.id, record.title FROM catalog_item item JOIN catalog_bibliographicrecord record"
    " ON record.id = item.record_id WHERE item.barcode = '{barcode}'"
)
HELD = (
    "SELECT hold.status FROM holds_hold hold JOIN patrons_patron patron ON patron.id = hold.patron_id"
    " WHERE patron.card_number = '{card}' AND hold.record_id = {record} ORDER BY hold.id DESC LIMIT 1"
)
# A loan of the reader's that may be extended: lent ten days ago, due in two days.
OWN_LOAN = (
    "INSERT INTO circulation_loan (item_id, patron_id, branch_id, lent_at, due_on, renewed)"
    " SELECT item.id, patron.id, item.branch_id, now() - interval '10 days', current_date + 2, 0"
    " FROM catalog_item item, patrons_patron patron"
    " WHERE item.barcode = '{barcode}' AND patron.card_number = '{card}' RETURNING id"
)
MOST_KEYS = 200


def tab_to(page: Page, selector: str) -> None:
    """Tab until what the selector names has the cursor, as everybody can see; what cannot be reached so fails."""
    for _ in range(MOST_KEYS):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            ring = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert ring != "none", f"nobody sees that {selector} has the cursor"
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {selector} on {page.url}")


def titles(house: House, number: int) -> list[tuple[int, str]]:
    """Records (id, title) that stand on the shelf and nobody waits for, each with a title of its own."""
    found = []
    for barcode in free_items(house, number * 4, lone=True):
        (row,) = house.sql(TITLES.format(barcode=barcode))
        if row[1] not in [title for _, title in found]:
            found.append((int(row[0]), row[1]))
    assert len(found) >= number
    return found[:number]


def search(page: Page, house: House, title: str, record: int) -> None:
    """Type a title on the first page and go to its record, unless the search led there at once."""
    page.goto(house.opac("/"))
    tab_to(page, "input[name=q]")
    page.keyboard.type(title)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/(records/\d+/|\?.*q=)"))
    if "/records/" not in page.url:
        tab_to(page, f"main a[href='/records/{record}/']")
        page.keyboard.press("Enter")
    arrive(page, f"/records/{record}/")


def sign_in(page: Page, house: House) -> None:
    """Card and password on the page that asks for them."""
    arrive(page, "/my/sign-in/")
    tab_to(page, "input[name=card_number]")
    page.keyboard.type(house.secret("demo_card"))
    page.keyboard.press("Tab")
    page.keyboard.type(house.secret("demo_patron"))
    page.keyboard.press("Enter")


def arrive(page: Page, path: str) -> None:
    """Wait until the page of that path is there; what stands behind a question mark does not count."""
    page.wait_for_url(lambda url: urlsplit(url).path == path)


def status(house: House, record: int) -> str:
    """How the reader's hold of that record stands."""
    rows = house.sql(HELD.format(card=house.secret("demo_card"), record=record))
    return rows[0][0] if rows else ""


def place(page: Page, house: House, record: str) -> None:
    """Hold the shown record by keyboard, signing in on the way; My Page then has it."""
    tab_to(page, f"a[href='/records/{record}/hold/']")
    page.keyboard.press("Enter")
    sign_in(page, house)
    arrive(page, f"/records/{record}/hold/")
    tab_to(page, "main form button[type=submit]")
    page.keyboard.press("Enter")
    arrive(page, "/my/")
    expect(page.locator(".notice.success")).to_contain_text("予約を受け付けました")
    expect(line_of(page, record)).to_have_count(1)
    assert status(house, record) in ("waiting", "pull")


def cancel(page: Page, house: House, record: str) -> None:
    """Take the hold back from My Page by keyboard."""
    change = line_of(page, record).locator("a[href*='/my/holds/']").get_attribute("href")
    tab_to(page, f"a[href='{change}']")
    page.keyboard.press("Enter")
    arrive(page, change)
    tab_to(page, "form[action$='/cancel/'] button")
    page.keyboard.press("Enter")
    arrive(page, "/my/")
    expect(page.locator(".notice.success")).to_contain_text("取り消しました")
    assert status(house, record) == "cancelled"


def line_of(page: Page, record: str) -> Locator:
    """The hold's line on My Page."""
    return page.locator("section[aria-labelledby=holds] tr", has=page.locator(f"a[href='/records/{record}/']"))


@pytest.mark.req("F-OPA-020", "F-MYP-001", "F-MYP-005", "F-MYP-006")
def test_a_reader_searches_holds_and_cancels_in_my_page_without_touching_a_mouse(house: House):
    ((record, title),) = titles(house, 1)
    with house.context(KIOSK) as context:
        page = context.new_page()
        search(page, house, title, record)
        expect(page.locator("h1")).to_contain_text(title)
        place(page, house, record)
        cancel(page, house, record)


@pytest.fixture
def loan(house: House) -> Iterator[int]:
    """A loan of the reader's, while a test extends it."""
    (barcode,) = free_items(house, 1, lone=True)
    ((number,),) = house.sql(OWN_LOAN.format(barcode=barcode, card=house.secret("demo_card")))
    yield int(number)
    house.sql(f"DELETE FROM circulation_loan WHERE id = {number}")


def test_with_scripts_switched_off_a_reader_finds_holds_extends_and_cancels_by_keyboard(house: House, loan: int):
    ((record, title),) = titles(house, 1)
    due = f"SELECT due_on - current_date, renewed FROM circulation_loan WHERE id = {loan}"
    with house.context(KIOSK, scripts=False) as context:
        page = context.new_page()
        search(page, house, title, record)
        expect(page.locator("h1")).to_contain_text(title)
        tab_to(page, f"form[data-basket]:has(input[value='{record}']) button")
        page.keyboard.press("Enter")
        arrive(page, "/my/basket/")  # where scripts run nobody leaves the page
        tab_to(page, f"main a[href='/records/{record}/']")
        page.keyboard.press("Enter")
        arrive(page, f"/records/{record}/")
        place(page, house, record)
        assert house.sql(due) == [["2", "0"]]
        tab_to(page, f"form[action='/my/loans/{loan}/renew/'] button")
        page.keyboard.press("Enter")
        expect(page.locator(".notice.success")).to_contain_text("延長")
        ((days, renewed),) = house.sql(due)
        assert (int(days) > 2, renewed) == (True, "1")
        cancel(page, house, record)


@pytest.mark.req("F-OPA-020")
def test_a_reader_collects_two_titles_by_keyboard_and_holds_both_at_one_place(house: House):
    wanted = titles(house, 2)
    with house.context(KIOSK) as context:
        page = context.new_page()
        for number, (record, title) in enumerate(wanted, 1):
            search(page, house, title, record)
            tab_to(page, f"form[data-basket]:has(input[value='{record}']) button")
            page.keyboard.press("Enter")
            expect(page.locator("[data-basket-link]")).to_contain_text(f"({number})")
            assert "/my/" not in page.url  # with a script nobody leaves the page
        tab_to(page, "[data-basket-link]")
        page.keyboard.press("Enter")
        arrive(page, "/my/basket/")
        tab_to(page, "main a.button[href*='/my/sign-in/']")
        page.keyboard.press("Enter")
        sign_in(page, house)
        arrive(page, "/my/basket/")
        tab_to(page, "form[action$='/my/basket/hold/'] button")
        page.keyboard.press("Enter")
        arrive(page, "/my/basket/hold/")
        expect(page.locator(".notice.ok")).to_contain_text("2件のうち2件を予約しました")
        for record, _ in wanted:
            assert status(house, record) in ("waiting", "pull")
