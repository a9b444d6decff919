"""A reader at a search terminal without a keyboard, on a telephone, with letters twice as large; what a page weighs."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from app.opac.keyboard import DIGITS, SMALL, VOICED
from app.opac.keyboard import ROUND as ROUNDED
from tests.browser.house import KIOSK, LOCAL, House
from tests.browser.public import asked, free_title, give_up, open_holds, place_hold, places, sign_in

FIRST_PAGE_BYTES = 150_000
# The engineer's own server answers "not found" with a page for engineers.
SHOWN = (200,) if LOCAL else (200, 404)
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
CUT = """() => [...document.querySelectorAll('main *, header *, footer *')].filter((e) => {
  const s = getComputedStyle(e);
  return s.clipPath === 'none' && ['hidden', 'clip'].includes(s.overflowX) && e.clientWidth > 1
    && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1) && e.textContent.trim();
}).map((e) => e.outerHTML.slice(0, 120))"""


@pytest.fixture
def terminal(house: House) -> Iterator[BrowserContext]:
    """The browser of a search terminal."""
    with house.context(KIOSK, 1280, 1024) as context:
        yield context


def key(page: Page, sign: str) -> None:
    """Touch one key that shows."""
    page.locator(f"#keyboard [data-key={sign!r}]:visible").click()


def act(page: Page, name: str) -> None:
    """Touch one key that does something."""
    page.locator(f"#keyboard [data-act={name}]:visible").click()


def touch_kana(page: Page, text: str) -> None:
    """Write kana by touch: what has a mark is its plain kana and the key of the mark."""
    expect(page.locator("#keyboard .board.kana")).to_be_visible()
    marks = {kana: (plain, mark) for mark, pairs in (("voiced", VOICED), ("round", ROUNDED), ("small", SMALL))
             for plain, kana in pairs.items()}  # fmt: skip
    for sign in text:
        plain, mark = marks.get(sign, (sign, ""))
        key(page, plain)
        if mark:
            act(page, mark)


def touch_text(page: Page, text: str) -> None:
    """Write letters, digits and signs by touch."""
    for sign in text:
        board = "latin" if sign.isalnum() or sign in "-@._" else "signs"
        page.locator(f"#keyboard [data-board={board}]").click()
        if sign.isupper():
            act(page, "shift")
        key(page, sign)
        if sign.isupper():
            act(page, "shift")


@pytest.mark.req("F-OPA-016")
def test_from_search_to_hold_without_a_keyboard(house: House, terminal: BrowserContext) -> None:
    record, reading = free_title(house, 0)
    page = terminal.new_page()
    page.goto(house.opac("/kiosk/"))
    page.locator("#q").click()
    touch_kana(page, reading)
    expect(page.locator("#q")).to_have_value(reading)
    act(page, "enter")
    page.wait_for_url(re.compile(r"/kiosk/(\?q=|records/)"))
    if "/records/" not in page.url:
        page.locator(f".hits a[href='/kiosk/records/{record}/']").click()
    page.wait_for_url(f"**/kiosk/records/{record}/")
    page.locator(f"a[href='/kiosk/records/{record}/hold/']").click()
    page.wait_for_url("**/kiosk/my/sign-in/**")
    page.locator("[name=card_number]").click()
    for digit in house.secret("demo_card"):
        assert digit in DIGITS
        key(page, digit)
    act(page, "enter")
    expect(page.locator("[name=password]")).to_be_focused()
    touch_text(page, house.secret("demo_patron"))
    act(page, "enter")
    page.wait_for_url(f"**/kiosk/records/{record}/hold/")
    page.locator("main button[type=submit]").last.click()
    page.wait_for_url("**/kiosk/my/")
    assert open_holds(house, record) == 1
    give_up(page, house, "/kiosk", record)
    assert open_holds(house, record) == 0


@pytest.mark.req("F-OPA-017")
def test_a_minute_without_a_touch_forgets_results_and_reader(house: House, terminal: BrowserContext) -> None:
    sign_in(terminal, house, "/kiosk")
    page = terminal.new_page()
    page.clock.install()
    page.goto(house.opac("/kiosk/en/?q=%E5%B1%B1"))
    expect(page.locator("ol.hits, article").first).to_be_visible()
    page.clock.run_for(41_000)
    expect(page.locator("#idle")).to_be_visible()
    page.locator("#idle-stay").click()
    expect(page.locator("#idle")).to_be_hidden()
    page.clock.run_for(39_000)
    expect(page.locator("#idle")).to_be_hidden()
    assert "q=" in page.url
    page.clock.run_for(22_000)
    page.wait_for_url(house.opac("/kiosk/"))
    expect(page.locator("#q")).to_have_value("")
    expect(page.locator("ol.hits")).to_have_count(0)
    assert page.evaluate("sessionStorage.length") == 0
    page.goto(house.opac("/kiosk/my/"))
    page.wait_for_url("**/kiosk/my/sign-in/**")


@pytest.mark.req("F-OPA-017")
def test_who_goes_leaves_nothing_to_go_back_to(house: House, terminal: BrowserContext) -> None:
    page = terminal.new_page()
    page.goto(house.opac("/kiosk/"))
    steps = page.evaluate("history.length")
    page.locator("#q").click()
    touch_kana(page, "やま")
    act(page, "enter")
    page.wait_for_url("**/kiosk/?q=**")
    page.locator("ol.hits h2 a, ol.hits a").first.click()
    page.wait_for_url("**/kiosk/records/**")
    page.locator("#kiosk-back").click()
    page.wait_for_url("**/kiosk/?q=**")
    page.locator("#kiosk-end [type=submit]").click()
    page.wait_for_url(house.opac("/kiosk/"))
    assert page.evaluate("history.length") == steps
    expect(page.locator("#kiosk-back")).to_be_hidden()


@pytest.mark.req("F-OPA-019")
@pytest.mark.parametrize("paper", ["80mm", "a4"])
def test_where_a_book_stands_is_printed_at_once(house: House, terminal: BrowserContext, paper: str) -> None:
    record, _ = free_title(house, 0)
    title, mark, location = house.sql(
        "SELECT record.title, item.call_number, item.location FROM catalog_item item JOIN catalog_bibliographicrecord"
        f" record ON record.id = item.record_id WHERE record.id = {record} AND item.status = 'in_stock'"
        " ORDER BY item.id LIMIT 1"
    )[0]
    page = terminal.new_page()
    page.add_init_script("window.print = () => { window.printed = true; }")
    page.goto(house.opac(f"/kiosk/records/{record}/"))
    page.goto(house.opac(f"/kiosk/records/{record}/slip/?paper={paper}"))
    page.wait_for_function("window.printed === true")
    page.emulate_media(media="print")
    expect(page.locator(".paper")).to_contain_text(title)
    expect(page.locator(".paper")).to_contain_text(mark)
    expect(page.locator(".paper")).to_contain_text(location)
    expect(page.locator(".noprint").first).to_be_hidden()
    width = page.locator(".paper").evaluate("element => element.getBoundingClientRect().width")
    assert width <= (72 if paper == "80mm" else 190) * 96 / 25.4 + 1
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")


@pytest.mark.req("F-OPA-021")
def test_a_hold_from_a_telephone_needs_no_sideways_scrolling(house: House) -> None:
    record, reading = free_title(house, 1)
    with house.context(KIOSK, 360, 740) as context:
        page = context.new_page()
        seen = []

        def narrow() -> None:
            seen.append(page.url)
            assert page.evaluate(OVERFLOW) <= 0, page.url

        page.goto(house.opac("/"))
        narrow()
        page.locator("#q").fill(reading)
        page.locator("form[role=search] button[type=submit]").first.click()
        page.wait_for_url(re.compile(r"\?q=|/records/"))
        narrow()
        page.goto(house.opac(f"/records/{record}/"))
        narrow()
        page.locator(f"a[href='/records/{record}/hold/']").click()
        narrow()
        page.locator("[name=card_number]").fill(house.secret("demo_card"))
        page.locator("[name=password]").fill(house.secret("demo_patron"))
        page.locator("main button[type=submit]").first.click()
        page.wait_for_url(f"**/records/{record}/hold/")
        narrow()
        page.locator("main button[type=submit]").last.click()
        page.wait_for_url("**/my/")
        narrow()
        assert open_holds(house, record) == 1
        give_up(page, house, "", record)
    assert len(seen) == 6


@pytest.mark.req("F-OPA-021", "F-OPA-023")
@pytest.mark.parametrize(("width", "letters"), [(360, "100%"), (640, "100%"), (1280, "200%")], ids=str)
def test_every_page_fits_a_telephone_and_letters_twice_as_large(house: House, width: int, letters: str) -> None:
    """A width of 640 is what a window of 1280 has left at 200 %."""
    problems = []
    with house.context(KIOSK, width, 740) as context, place_hold(house, context):
        page = context.new_page()
        for place in places(house):
            status, kind = asked(context, house, place.path)
            if status not in SHOWN or not kind.startswith("text/html"):
                continue
            page.goto(house.opac(place.path))
            page.evaluate("size => { document.documentElement.style.fontSize = size; }", letters)
            if (over := page.evaluate(OVERFLOW)) > 0:
                problems.append(f"{place.path}: {over} px too wide")
            problems += [f"{place.path}: cut off: {html}" for html in page.evaluate(CUT)]
    assert not problems, "\n".join(problems)


@pytest.mark.req("F-OPA-023")
def test_letters_and_colours_are_chosen_by_keyboard_and_stay(house: House, terminal: BrowserContext) -> None:
    page = terminal.new_page()
    page.goto(house.opac("/appearance/"))
    page.locator("[name=size]").first.focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("[name=size][value='150']")).to_be_checked()
    page.goto(house.opac("/"))
    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "24px"
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()


def test_the_first_page_weighs_little(house: House, terminal: BrowserContext) -> None:
    page = terminal.new_page()
    answers = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(house.opac("/"))
    page.wait_for_load_state("networkidle")
    weight = sum(len(answer.body()) for answer in answers)
    assert len(answers) > 3
    assert weight <= FIRST_PAGE_BYTES
