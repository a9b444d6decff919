"""What comes out of the printers: rolls of 58 and 80 mm and A4 sheets, without choosing anew."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.house import COUNTER, House, empty_patrons, free_items, go, scan, settled, sign_in
from tests.browser.test_counter_keys import EARS

MM = 72 / 25.4


def sheet(page: Page, **given: object) -> tuple[float, float]:
    """Width and height in millimetres of the first sheet that the page prints."""
    box = re.search(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", page.pdf(prefer_css_page_size=True, **given))
    assert box
    return round(float(box[1]) / MM), round(float(box[2]) / MM)


def on_paper(page: Page, house: House, href: str, paper: str, html: str) -> None:
    """The slip as the hidden frame has it, in a page of its own."""
    page.goto(house.staff("/health"))
    page.set_content(f'<link rel="stylesheet" href="{house.staff(href)}"><body class="paper-{paper}">{html}</body>')
    page.wait_for_load_state("networkidle")


def slip_of_a_transfer(page: Page, house: House) -> tuple[str, str, str]:
    """Take another library's item back here; its number, the class of paper, the slip."""
    (card,), (item,) = empty_patrons(house, 1), free_items(house, 1, "nanbu")
    scan(page, card, item)
    settled(page)
    go(page, "F3", "/counter/return/")
    scan(page, item)
    settled(page)
    page.wait_for_function("() => window.printed === 1")
    paper, _, html = page.evaluate("window.slips[0]").partition("|")
    return item, paper, html


@pytest.mark.req("F-TRF-003", "F-GEN-023")
def test_a_transfer_slip_is_one_sheet_of_the_roll_with_letters_of_two_centimetres(house: House):
    with house.context(COUNTER) as context:
        context.add_init_script(EARS)
        page = context.new_page()
        sign_in(page, house)
        item, paper, html = slip_of_a_transfer(page, house)
        expect(page.locator("#number")).to_be_focused()
        assert paper == "paper-80mm"
        assert item in html
        href = page.locator("#scan").get_attribute("data-slip-css") or ""
        assert "理由" in html
        for name, width in (("58mm", 58), ("80mm", 80), ("a4", 210)):
            on_paper(page, house, href, name, html)
            letters = page.locator(".destination")
            tall = letters.evaluate("one => parseFloat(getComputedStyle(one).fontSize) * 25.4 / 96")
            assert tall * 0.88 >= 20  # an ideograph fills about nine tenths of its body
            assert letters.evaluate("one => one.scrollWidth <= one.clientWidth + 1")
            assert sheet(page)[0] == width


def slips_of_a_loan_and_a_hold(page: Page, house: House) -> dict[str, str]:
    """A receipt of two loans, and the slip of an item that came back for somebody who waits for it."""
    (card, waiting), (one, two, wished) = empty_patrons(house, 2), free_items(house, 3, lone=True)
    house.sql(
        "INSERT INTO holds_hold (patron_id, record_id, status, received_at, queue_at, route, pickup_id, contact)"
        " SELECT patron.id, item.record_id, 'waiting', now(), now(), 'counter', item.branch_id, 'none'"
        f" FROM patrons_patron patron, catalog_item item WHERE patron.card_number = '{waiting}'"
        f" AND item.barcode = '{wished}'"
    )
    scan(page, card, one, two)
    settled(page)
    page.keyboard.press("F9")
    page.wait_for_function("() => window.printed === 1")
    receipt = page.evaluate("window.slips[0]").partition("|")[2]
    go(page, "F3", "/counter/return/")
    scan(page, wished)
    settled(page)
    page.wait_for_function("() => window.printed === 1")
    hold = page.evaluate("window.slips[0]").partition("|")[2]
    scan(page, one, two)
    settled(page)
    assert receipt.count("<li>") == 2
    assert wished in hold
    return {"receipt": receipt, "hold": hold}


@pytest.mark.req("F-GEN-023")
def test_receipts_and_hold_slips_fit_the_narrow_roll_and_the_wide_one(house: House):
    with house.context(COUNTER) as context:
        context.add_init_script(EARS)
        page = context.new_page()
        sign_in(page, house)
        href = page.locator("#scan").get_attribute("data-slip-css") or ""
        for kind, html in slips_of_a_loan_and_a_hold(page, house).items():
            for name, width in (("58mm", 58), ("80mm", 80)):
                on_paper(page, house, href, name, html)
                page.emulate_media(media="print")
                expect(page.locator(f".slip.{kind}")).to_be_visible()
                assert sheet(page)[0] == width
                # Nothing is cut off at the right: every letter and bar ends within the slip, and the slip on the roll.
                beyond = page.locator(".slip").evaluate(
                    "slip => { const end = slip.getBoundingClientRect().right + 1;"
                    " return [...slip.querySelectorAll('*')].filter((one) => one.getBoundingClientRect().right > end"
                    " || (one.clientWidth && one.scrollWidth > one.clientWidth + 1)).map((one) => one.outerHTML); }"
                )
                assert beyond == [], (kind, name)
                assert page.locator(".slip").evaluate("one => one.getBoundingClientRect().width") <= width * 96 / 25.4


@pytest.mark.req("F-GEN-023")
def test_lists_come_out_on_a4_from_the_same_terminal(house: House):
    with house.context(COUNTER) as context:
        page = context.new_page()
        sign_in(page, house, path="/catalog/items/")
        page.emulate_media(media="print")
        assert sheet(page) == (210, 297)
        expect(page.locator("header.bar")).not_to_be_visible()


@pytest.mark.req("F-GEN-024")
def test_the_sheet_of_codes_is_printed_black_on_white_at_a_readable_size(house: House):
    with house.context(COUNTER) as context:
        page = context.new_page()
        sign_in(page, house, path="/terminals/codes/")
        bar = page.locator("svg.code").first
        size = bar.bounding_box()
        assert size
        modules = float((bar.get_attribute("viewBox") or "").split()[2])
        assert size["width"] / modules * 25.4 / 96 >= 0.25  # millimetres a module: what hand readers ask for
        assert bar.locator("rect").first.evaluate("one => getComputedStyle(one).fill") == "rgb(0, 0, 0)"
