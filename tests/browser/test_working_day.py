"""A working day at two libraries, by keyboard alone: opening, a family's loans, the book drop, a hold chain from one
library to the other, a blocked patron with an override, a closure that moves due dates, the closing figures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from tests.browser.house import COUNTER, House, empty_patrons, free_items, go, scan, settled, sign_in
from tests.browser.pictures import picture

FIGURES = (
    "SELECT act, count(*) FROM circulation_loanstatistic JOIN branches_branch b ON b.id = branch_id"
    " WHERE b.code = '{branch}' AND on_date = (now() AT TIME ZONE 'Asia/Tokyo')::date GROUP BY act"
)


ON_BUTTON = "(document.activeElement.matches('button, summary') && document.activeElement.innerText) || ''"


def figures(house: House, branch: str = "nagano") -> dict[str, int]:
    """Today's acts of a library as the database counts them."""
    return {act: int(number) for act, number in house.sql(FIGURES.format(branch=branch))}


def focus(page: Page, name: str) -> None:
    """Tab until the field of that name has the cursor; a form that cannot be reached so fails."""
    for _ in range(80):
        if page.evaluate("document.activeElement.name") == name:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {name} on {page.url}")


def press(page: Page, text: str) -> None:
    """Tab to the button with that text and press Enter."""
    for _ in range(80):
        if text in page.evaluate(
            "(document.activeElement.matches('button, summary') && document.activeElement.innerText) || ''"
        ):
            page.keyboard.press("Enter")
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach the button {text} on {page.url}")


def choose(page: Page, text: str) -> None:
    """Move down the list that has the cursor until the choice with that text stands there."""
    for _ in range(80):
        if text in page.evaluate("document.activeElement.selectedOptions[0].innerText"):
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"no choice {text}")


@contextmanager
def window(house: House, who: str) -> Iterator[Page]:
    """A counter where somebody has signed in; any press of a mouse button fails the test."""
    with house.context(COUNTER) as context:
        context.add_init_script(
            "addEventListener('pointerdown', (event) => { if (event.isTrusted) document.title = 'MOUSE'; }, true);"
        )
        page = context.new_page()
        sign_in(page, house, who)
        yield page
        assert page.title() != "MOUSE"


@contextmanager
def posted(house: House, who: str, branch: str) -> Iterator[None]:
    """Somebody works at another library for the day."""
    before = house.sql(f"SELECT branch_id FROM access_staffuser WHERE number = '{who}'")[0][0]
    where = f"(SELECT id FROM branches_branch WHERE code = '{branch}')"
    house.sql(f"UPDATE access_staffuser SET branch_id = {where} WHERE number = '{who}'")
    try:
        yield
    finally:
        house.sql(f"UPDATE access_staffuser SET branch_id = {before} WHERE number = '{who}'")


@contextmanager
def granted(house: House, role: str, operation: str) -> Iterator[None]:
    """A role may do more for the day."""
    has = house.sql(
        f"SELECT 1 FROM access_rolegrant g JOIN access_role r ON r.id = role_id"
        f" WHERE r.code = '{role}' AND operation = '{operation}'"
    )
    if not has:
        house.sql(
            "INSERT INTO access_rolegrant (role_id, operation, scope, branches)"
            f" SELECT id, '{operation}', 'all', ARRAY[]::bigint[] FROM access_role WHERE code = '{role}'"
        )
    try:
        yield
    finally:
        if not has:
            house.sql(
                "DELETE FROM access_rolegrant USING access_role r WHERE r.id = role_id"
                f" AND r.code = '{role}' AND operation = '{operation}'"
            )


def lend(page: Page, card: str, items: list[str]) -> None:
    """A patron's items over the counter."""
    scan(page, card, *items)
    settled(page)
    expect(page.locator("#count")).to_have_text(f"{len(items)}点")
    expect(page.locator("#panel")).to_contain_text(card)


@pytest.mark.req("F-GEN-004")
def test_a_working_day_by_keyboard_alone(house):
    mother, child, grandmother, reader, blocked = empty_patrons(house, 5)
    items = free_items(house, 9, lone=True)  # of one copy each: a hold waits for that one
    before = figures(house)
    with window(house, "librarian") as page:
        # Opening: the menu says what the day brings.
        page.keyboard.press("F12")
        page.wait_for_url("**/staff/")
        expect(page.locator("main")).to_contain_text("予約・回送")

        # A family's loans, one card after the other; nobody's things mix.
        go(page, "F2", "/counter/")
        for card, things in ((mother, items[:3]), (child, items[3:6]), (grandmother, items[6:8])):
            lend(page, card, things)
            if card == mother:
                picture(page, "lending-貸出の画面")
        assert len(house.sql(f"SELECT 1 FROM circulation_loan WHERE item_id IN ({ids(items[:8])})")) == 8

        # The book drop, for the last open day, then a wrong scan that is taken back.
        go(page, "F3", "/counter/return/")
        page.keyboard.press("Shift+F3")
        expect(page.locator("#day")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#number")).to_be_focused()
        scan(page, items[3], items[4], items[6])
        settled(page)
        expect(page.locator("#rows tr")).to_have_count(3)
        expect(page.locator("#rows")).not_to_contain_text("延滞")
        picture(page, "returning-ブックポストの返却")
        page.keyboard.press("F10")
        settled(page)
        expect(page.locator("#says")).to_contain_text("返却を取り消しました")
        page.keyboard.press("Shift+F3")

        # A hold for somebody who collects at the other library, placed from F7.
        page.keyboard.press("F7")
        page.wait_for_url("**/holds/")
        scan(page, reader)
        page.wait_for_url("**/holds/patron/**")
        scan(page, items[0])
        page.wait_for_url("**/holds/place/**")
        focus(page, "pickup")
        choose(page, "南部")
        press(page, "予約する")
        expect(page.locator("[role=status]").first).to_contain_text("予約を受け付けました")
        expect(page.locator("tr", has_text="予約中").first).to_contain_text("南部")
        picture(page, "hold-shelf-予約の受付")

        # It comes back here and goes there: the screen says so, large.
        go(page, "F3", "/counter/return/")
        scan(page, items[0])
        settled(page)
        expect(page.locator("#says .next")).to_contain_text("南部")
        picture(page, "returning-回送の案内")

    with posted(house, "counter", "nanbu"), window(house, "counter") as page:
        # The van has arrived: the desk for arrivals names the place on the shelf.
        page.goto(house.staff("/holds/check/"))
        scan(page, items[0])
        expect(page.locator(".said.info")).to_contain_text("取置棚")
        picture(page, "hold-shelf-到着の確認と取置棚")
        number = page.locator(".said .big").inner_text()
        go(page, "F2", "/counter/")
        scan(page, reader)
        settled(page)
        expect(page.locator("#panel .shelf")).to_have_text(number)
        scan(page, items[0])
        settled(page)
        expect(page.locator("#rows tr").first).to_have_class(re.compile("ok|warn"))
        expect(page.locator("#ready b")).to_have_text("0")
        page.keyboard.press("F8")
        expect(page.locator("#panel")).to_contain_text("利用券を読み取ると")

    with granted(house, "librarian", "calendars.close"), window(house, "librarian") as page:
        # Somebody is stopped; the librarian may let it pass and says why. The counter may not.
        page.keyboard.press("F6")
        page.wait_for_url("**/patrons/")
        focus(page, "number")
        page.keyboard.type(blocked)
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"/patrons/\d+/"))
        press(page, "停止を登録する")
        focus(page, "kinds")
        page.keyboard.press("Space")
        focus(page, "reason")
        page.keyboard.type("弁償の手続き中")
        press(page, "停止する")
        expect(page.locator("td", has_text="弁償の手続き中").first).to_be_visible()
        go(page, "F2", "/counter/")
        scan(page, blocked)
        settled(page)
        expect(page.locator("#says .says.bad")).to_contain_text("停止")
        scan(page, items[8])
        expect(page.locator("#asks")).to_contain_text("理由")
        picture(page, "lending-停止中の利用者への貸出")
        page.keyboard.type("本日中に返却の約束")
        page.keyboard.press("Enter")
        settled(page)
        expect(page.locator("#rows tr").first).to_contain_text(items[8])
        expect(page.locator("#panel")).to_contain_text(items[8])

        # A closure on the day when today's loans are due: they move to the next open day, and back again.
        due = due_of(house, items[8])
        page.goto(house.staff("/calendars/closures/new/"))
        focus(page, "first")
        page.keyboard.type(due)
        focus(page, "last")
        page.keyboard.type(due)
        focus(page, "reason")
        page.keyboard.type("空調の工事")
        press(page, "件数を確かめる")
        expect(page.locator("main")).to_contain_text("変わる返却期限")
        press(page, "登録して期限を変える")
        expect(page.locator(".notice.ok")).to_contain_text("返却期限")
        assert due_of(house, items[8]) > due
        press(page, "取り消して元の期限に戻す")
        expect(page.locator("main")).to_contain_text("取り消しました")
        assert due_of(house, items[8]) == due

        # Everything comes back; the day is closed with its figures.
        go(page, "F3", "/counter/return/")
        rest = [items[place] for place in (1, 2, 5, 6, 7, 8)]
        scan(page, *rest)
        settled(page)
        expect(page.locator("#count")).to_have_text(f"{len(rest)}点")
        after = figures(house)
        assert after["lend"] - before.get("lend", 0) == 9
        # Lent today, the two of the book drop cannot have come back the day before; the one taken back is not counted.
        assert after["return"] - before.get("return", 0) == 9
        page.goto(house.staff("/counter/day/"))
        shown = page.locator("main table tbody tr", has_text="長野図書館").first.inner_text()
        assert f"{after['lend']:,}" in shown
        assert f"{after['return']:,}" in shown
    with posted(house, "counter", "nanbu"), window(house, "counter") as page:
        go(page, "F3", "/counter/return/")
        scan(page, items[0])
        settled(page)
        expect(page.locator("#says .next")).to_contain_text("長野")
    house.sql("UPDATE patrons_patron SET stopped_until = NULL WHERE card_number = '" + blocked + "'")


def ids(barcodes: list[str]) -> str:
    """A subquery for the items of these numbers."""
    listed = ",".join(f"'{one}'" for one in barcodes)
    return f"SELECT id FROM catalog_item WHERE barcode IN ({listed})"


def due_of(house: House, barcode: str) -> str:
    """When an item is due, as the database says."""
    return house.sql(f"SELECT due_on FROM circulation_loan WHERE item_id IN ({ids([barcode])})")[0][0]
