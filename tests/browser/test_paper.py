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
