"""The counter in a real browser, hands on the keyboard: focus, keys, sounds, questions, paper, what stays and hides."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.house import COUNTER, House, empty_patrons, free_items, go, scan, settled, sign_in

# What a page would have played and printed, noted before any script of ours runs.
EARS = """
window.heard = []; window.printed = 0;
const create = AudioContext.prototype.createOscillator, gain = AudioContext.prototype.createGain;
AudioContext.prototype.createOscillator = function () {
  const made = create.call(this);
  const start = made.start.bind(made);
  made.start = (at) => { window.heard.push(`${made.type} ${made.frequency.value}`); return start(at); };
  return made;
};
if (window === window.top) window.slips = [];
window.print = () => {
  if (window.parent !== window) window.parent.slips.push(document.body.className + '|' + document.body.innerHTML);
  window.parent.printed += 1;
};
"""


@pytest.fixture
def context(house: House) -> Iterator[BrowserContext]:
    with house.context(COUNTER) as context:
        context.add_init_script(EARS)
        yield context


@pytest.fixture
def page(context: BrowserContext, house: House) -> Page:
    """A counter at which the librarian has signed in."""
    page = context.new_page()
    sign_in(page, house)
    expect(page.locator("#number")).to_be_focused()
    return page


def rows(page: Page) -> list[str]:
    """The numbers in the list of this sitting, the latest first."""
    return [text.strip() for text in page.locator("#rows tr td:nth-child(3)").all_inner_texts()]


@pytest.mark.req("F-GEN-004", "F-GEN-001", "F-CIR-015")
def test_ten_loans_one_renewal_and_ten_returns_without_a_mouse_and_the_field_keeps_the_focus(page, house):
    (card,), items = empty_patrons(house, 1), free_items(house, 10)
    scan(page, card)
    expect(page.locator("#panel .name")).to_be_visible()
    scan(page, *items)
    settled(page)
    assert rows(page) == items[::-1]
    expect(page.locator("#rows tr.ok")).to_have_count(10)
    expect(page.locator("#count")).to_have_text("10点")
    expect(page.locator("#number")).to_be_focused()
    # One loan: down to it, Enter. It was lent today, so extending brings no later day, and the screen says so.
    page.keyboard.press("ArrowDown")
    expect(page.locator("#panel tr[data-barcode]").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#says")).to_contain_text(re.compile("延長"))
    expect(page.locator("#number")).to_be_focused()
    go(page, "F3", "/counter/return/")
    scan(page, *items)
    settled(page)
    expect(page.locator("#rows tr.ok, #rows tr.info")).to_have_count(10)
    expect(page.locator("#number")).to_be_focused()


def test_scans_typed_while_an_answer_is_under_way_are_all_taken_in_their_order(page, house):
    (card,), items = empty_patrons(house, 1), free_items(house, 8)
    page.route("**/counter/", lambda route: (time.sleep(0.25), route.continue_()))
    page.keyboard.type(f"{card}\n" + "".join(f"{item}\n" for item in items))
    expect(page.locator("#waiting")).to_contain_text("待ち")
    settled(page)
    assert rows(page) == items[::-1]
    page.unroute("**/counter/")
    for _ in items:
        page.keyboard.press("F10")
    settled(page)
    expect(page.locator("#rows tr.undone")).to_have_count(8)
    expect(page.locator("#panel")).to_contain_text("貸出中の資料はありません")


@pytest.mark.req("F-CIR-037")
def test_an_enquiry_by_one_key_and_back_by_another_finds_the_patron_and_the_list_as_they_were(page, house):
    (card,), items = empty_patrons(house, 1), free_items(house, 2)
    scan(page, card, items[0])
    settled(page)
    name = page.locator("#panel .name").inner_text()
    page.keyboard.press("F4")
    page.wait_for_url(lambda url: "/counter/" not in url or "item" in url)
    page.keyboard.press("F6")
    page.wait_for_url("**/patrons/**")
    page.keyboard.press("F2")
    expect(page.locator("#panel .name")).to_have_text(name)
    assert rows(page) == [items[0]]
    scan(page, items[1])
    settled(page)
    expect(page.locator("#panel [data-barcode]")).to_have_count(2)
    # What the window keeps of it is sealed: neither the card nor the name stands in the browser's storage.
    kept = page.evaluate("JSON.stringify(sessionStorage)")
    assert "kura:counter:lend" in kept
    assert card not in kept
    assert items[0] not in kept
    page.keyboard.press("F10")
    settled(page)


@pytest.mark.req("F-GEN-006")
def test_a_half_typed_record_is_there_again_after_three_loans(page, house):
    (card,), items = empty_patrons(house, 1), free_items(house, 3)
    page.goto(house.staff("/catalog/new/"))
    typed = {"title": "中断された題名 髙﨑", "title_reading": "チュウダン サレタ ダイメイ", "publisher": "信濃書房"}
    for name, text in typed.items():
        page.locator(f"[name={name}]").focus()
        page.keyboard.type(text)
    go(page, "F2", "/counter/")
    scan(page, card, *items)
    settled(page)
    expect(page.locator("#rows tr.ok")).to_have_count(3)
    expect(page.locator("#begun")).to_contain_text("入力途中")
    page.keyboard.press("Shift+F12")
    page.wait_for_url("**/catalog/new/")
    for name, text in typed.items():
        expect(page.locator(f"[name={name}]")).to_have_value(text)
    expect(page.locator("[name=publisher]")).to_be_focused()
    assert "中断された題名" not in page.evaluate("JSON.stringify(sessionStorage)")
    go(page, "F2", "/counter/")
    for _ in items:
        page.keyboard.press("F10")
    settled(page)


@pytest.mark.req("F-GEN-007")
def test_two_searches_and_a_counter_side_by_side_do_not_touch_each_other(context, page, house):
    first, second = empty_patrons(house, 2)
    item, other = free_items(house, 2)
    searching = context.new_page()
    searching.goto(house.staff("/catalog/?q=夏目漱石"))
    counter = context.new_page()
    counter.goto(house.staff("/counter/"))
    scan(page, first)
    scan(counter, second)
    settled(page)
    settled(counter)
    name = page.locator("#panel .name").inner_text()
    scan(counter, other)
    scan(page, item)
    settled(page)
    settled(counter)
    expect(page.locator("#panel .name")).to_have_text(name)
    expect(page.locator("#panel")).to_contain_text(item)
    expect(page.locator("#panel")).not_to_contain_text(other)
    expect(counter.locator("#panel")).to_contain_text(other)
    expect(searching.locator("#q")).to_have_value("夏目漱石")
    for window in (page, counter):
        window.keyboard.press("F10")
        settled(window)


@pytest.mark.req("F-CIR-036")
def test_four_sounds_are_four_and_a_muted_terminal_is_silent(page, house):
    (card,), (item,) = empty_patrons(house, 1), free_items(house, 1)
    reference = house.sql("SELECT barcode FROM catalog_item WHERE reference_only ORDER BY id LIMIT 1")[0][0]
    heard = {}
    for tone, number in (("warn", item), ("info", card), ("ok", item), ("bad", reference)):
        page.evaluate("window.heard = []")
        scan(page, number)
        settled(page)
        expect(page.locator(f"#says .says.{tone}")).to_be_visible()
        heard[tone] = tuple(page.evaluate("window.heard"))
    page.keyboard.press("Escape")  # whoever may override is asked; not today
    assert len(set(heard.values())) == 4
    assert all(heard.values())
    page.keyboard.press("Shift+F8")
    page.evaluate("window.heard = []")
    scan(page, "2999")
    settled(page)
    expect(page.locator("#says .says.bad")).to_be_visible()
    assert page.evaluate("window.heard") == []
    page.keyboard.press("Shift+F8")
    page.keyboard.press("F10")
    settled(page)


@pytest.mark.req("F-GEN-010")
def test_the_field_with_the_cursor_and_no_other_is_framed_and_coloured(page, house):
    page.goto(house.staff("/catalog/new/"))
    look = "one => { const s = getComputedStyle(one); return [s.backgroundColor, s.outlineStyle, s.outlineWidth]; }"
    page.locator("[name=title]").focus()
    seen = set()
    for _ in range(4):
        name = page.evaluate("document.activeElement.name")
        seen.add(name)
        colours = page.eval_on_selector_all(
            "main input:not([type=hidden]), main select, main textarea",
            f"all => all.map(one => [one === document.activeElement, ...({look})(one)])",
        )
        marked = [colour for active, *colour in colours if active]
        others = [colour for active, *colour in colours if not active]
        assert marked == [["rgb(255, 251, 233)", "solid", "3px"]]
        assert all(style == "none" and ground != "rgb(255, 251, 233)" for ground, style, _ in others)
        page.keyboard.press("Tab")
    assert len(seen) == 4


@pytest.mark.req("F-GEN-021")
def test_without_colour_the_mark_and_the_frame_still_tell_the_three_apart(page, house):
    (card,), (item,) = empty_patrons(house, 1), free_items(house, 1)
    looks = {}
    for tone, number in (("warn", item), ("bad", "2999"), ("ok", item)):
        if tone == "bad":
            scan(page, card)
        scan(page, number)
        settled(page)
        box = page.locator(f"#says .says.{tone}")
        frame = box.evaluate("one => { const s = getComputedStyle(one); return s.borderStyle + s.borderTopWidth; }")
        looks[tone] = (box.locator(".mark").inner_text(), frame, box.locator("strong").inner_text())
    assert len({mark for mark, _, _ in looks.values()}) == 3
    assert len({frame for _, frame, _ in looks.values()}) == 3
    assert all(words for *_, words in looks.values())
    page.keyboard.press("F10")
    settled(page)


@pytest.mark.req("F-CIR-035", "F-GEN-023")
def test_one_key_prints_all_loans_in_a_hidden_frame_and_the_screen_stays(page, house):
    (card,), items = empty_patrons(house, 1), free_items(house, 2)
    scan(page, card, *items)
    settled(page)
    page.keyboard.press("F9")
    page.wait_for_function("() => window.printed === 1")
    paper = page.evaluate("window.slips[0]")
    assert paper.count("<li>") == 2
    assert paper.startswith("paper-80mm|")
    assert page.locator("#panel .name").inner_text().split()[0] not in paper
    expect(page.locator("#number")).to_be_focused()
    page.keyboard.press("Shift+F9")
    page.wait_for_function("() => window.printed === 2")
    for _ in items:
        page.keyboard.press("F10")
    settled(page)


@pytest.mark.req("F-GEN-024")
def test_a_question_is_answered_by_the_printed_code_alone_and_what_was_read_meanwhile_waits(page, house):
    (card,), (item, other, third) = empty_patrons(house, 1), free_items(house, 3)
    attach = "UPDATE catalog_item SET attachments = '{}', attachment_count = {} WHERE barcode IN ('{}', '{}')"
    house.sql(attach.format("CD 1枚", 1, item, third))
    try:
        scan(page, card)
        settled(page)
        scan(page, item)
        expect(page.locator("#asks")).to_contain_text("そろっていますか")
        expect(page.locator("#asks button").first).to_be_focused()
        scan(page, other)
        expect(page.locator("#waiting")).to_contain_text("待ち 1")
        scan(page, "$01$")
        settled(page)
        expect(page.locator("#asks form")).to_have_count(0)
        assert rows(page)[:2] == [other, item]
        expect(page.locator("#panel [data-barcode]")).to_have_count(2)
        # NW-7 readers that send start and stop letters, and no for an answer.
        scan(page, third)
        expect(page.locator("#asks")).to_contain_text("そろっていますか")
        scan(page, "A$00$A")
        expect(page.locator("#asks form")).to_have_count(0)
        expect(page.locator("#panel [data-barcode]")).to_have_count(2)
        expect(page.locator("#number")).to_be_focused()
        for _ in range(2):
            page.keyboard.press("F10")
        settled(page)
    finally:
        house.sql(attach.format("", 0, item, third))


@pytest.mark.req("F-SYS-011")
def test_after_ten_idle_minutes_the_screen_hides_and_comes_back_with_what_was_typed(context, house):
    page = context.new_page()
    page.clock.install()
    sign_in(page, house)
    page.goto(house.staff("/catalog/new/"))
    page.locator("[name=title]").focus()
    page.keyboard.type("席を離れた題名")
    page.clock.fast_forward("11:00")
    expect(page.locator(".lock")).to_be_visible()
    expect(page.locator("[name=title]")).not_to_be_visible()
    assert "題名" not in page.title()
    page.keyboard.press("F2")
    expect(page.locator(".lock")).to_be_visible()
    page.locator("#lock-secret").focus()
    page.keyboard.type("wrong-wrong-wrong")
    page.keyboard.press("Enter")
    expect(page.locator(".lock .notice")).to_contain_text("違います")
    # The server hides it too: another window gets nothing.
    other = context.new_page()
    other.goto(house.staff("/counter/"))
    expect(other.locator("#number")).to_have_count(0)
    other.close()
    page.keyboard.type(house.secret("demo_librarian"))
    page.keyboard.press("Enter")
    expect(page.locator(".lock")).to_have_count(0)
    expect(page.locator("[name=title]")).to_have_value("席を離れた題名")
    expect(page.locator("[name=title]")).to_be_focused()
    page.keyboard.press("F2")
    expect(page.locator("#number")).to_be_focused()


@pytest.mark.req("F-SYS-010")
def test_another_operator_takes_over_without_signing_out_and_is_recorded_from_then_on(page, house):
    page.keyboard.press("Shift+F7")
    page.keyboard.type("counter")
    page.keyboard.press("Tab")
    page.keyboard.type(house.secret("demo_counter"))
    page.keyboard.press("Enter")
    expect(page.locator("body")).to_have_attribute("data-staff", "counter")
    (card,), (item,) = empty_patrons(house, 1), free_items(house, 1)
    scan(page, card, item)
    settled(page)
    expect(page.locator("#rows tr.ok")).to_have_count(1)
    page.keyboard.press("F10")
    settled(page)
    actor = house.sql(
        "SELECT actor FROM audit_auditevent WHERE operation = 'circulation.lend' AND outcome = 'done'"
        " ORDER BY at DESC LIMIT 1"
    )
    assert actor == [["counter"]]


@pytest.mark.req("F-SYS-010")
def test_a_staff_card_read_at_the_counter_and_a_pin_are_all_that_changing_operators_takes(page, house):
    badge, pin = "90001234", "8264"
    house.sql(f"UPDATE access_staffuser SET card = '{badge}' WHERE number = 'counter'")
    try:
        with house.context(COUNTER) as own:
            mine = own.new_page()
            sign_in(mine, house, "counter", "/staff/mine/")
            form = mine.locator("form", has=mine.locator("[name=pin]"))
            form.locator("[name=current]").fill(house.secret("demo_counter"))
            form.locator("[name=pin]").fill(pin)
            form.locator("button").click()
            expect(mine.get_by_text("暗証番号を変えました。")).to_be_visible()
        scan(page, badge)
        expect(page.locator("#lock-number")).to_have_value(badge)
        expect(page.locator("#lock-secret")).to_be_focused()
        page.keyboard.type(pin)
        page.keyboard.press("Enter")
        expect(page.locator("body")).to_have_attribute("data-staff", "counter")
        expect(page.locator(".lock")).to_have_count(0)
        expect(page.locator("#number")).to_be_focused()
        switched = "SELECT actor FROM audit_auditevent WHERE operation = 'access.switch' ORDER BY at DESC LIMIT 1"
        assert house.sql(switched) == [["counter"]]
    finally:
        house.sql("UPDATE access_staffuser SET card = NULL, pin = '' WHERE number = 'counter'")


def test_a_patron_with_two_hundred_loans_is_shown_with_twenty_and_every_scan_is_answered(page, house):
    (card,), items = empty_patrons(house, 1), free_items(house, 5)
    house.sql(
        "INSERT INTO circulation_loan (item_id, patron_id, branch_id, lent_at, due_on, renewed) SELECT item.id,"
        f" (SELECT id FROM patrons_patron WHERE card_number = '{card}'), item.branch_id, now(), current_date + 14, 0"
        " FROM catalog_item item WHERE NOT EXISTS (SELECT FROM circulation_loan WHERE item_id = item.id)"
        " AND NOT EXISTS (SELECT FROM holds_hold WHERE record_id = item.record_id)"
        " AND NOT EXISTS (SELECT FROM transfers_transfer WHERE item_id = item.id)"
        f" AND barcode <> ALL ('{{{','.join(items)}}}')"
        " AND status = 'in_stock' ORDER BY item.id LIMIT 200"
    )
    try:
        page.evaluate(
            """async ([card, items]) => {
          const field = document.getElementById('number'), form = document.getElementById('scan');
          for (const number of [card, ...items, ...items]) {
            field.value = number;
            form.requestSubmit();
            while (form.hasAttribute('aria-busy')) await new Promise((done) => setTimeout(done, 1));
          }
        }""",
            [card, items],
        )
        expect(page.locator("#panel")).to_contain_text("200")
        expect(page.locator("#panel tr[data-barcode]")).to_have_count(20)
    finally:
        house.sql(
            "DELETE FROM circulation_loan USING patrons_patron"
            f" WHERE patron_id = patrons_patron.id AND card_number = '{card}'"
        )


@pytest.mark.req("F-GEN-015")
def test_a_scanned_number_opens_its_record_at_once(page, house):
    (item,) = free_items(house, 1)
    page.goto(house.staff("/catalog/"))
    scan(page, item)
    page.wait_for_url(re.compile(r"/catalog/(records/)?\d+/"))
    expect(page.locator("main")).to_contain_text(item)


@pytest.mark.req("F-GEN-022")
def test_the_guide_opens_over_the_counter_and_closes_again_with_the_scan_field_focused(page):
    page.keyboard.press("F1")
    expect(page.locator("dialog.guide")).to_contain_text("利用券、資料の順に読み取ります")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator("#number")).to_be_focused()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("path", ["/counter/", "/counter/return/", "/terminals/codes/"])
def test_the_counter_fits_its_screen(house, width, path):
    with house.context(COUNTER, width, 844) as context:
        page = context.new_page()
        sign_in(page, house)
        page.goto(house.staff(path))
        assert page.evaluate("document.documentElement.scrollWidth") <= width
