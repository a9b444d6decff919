"""The line is cut: the counter goes on, judges by its copy, and hands everything in when the line is back."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser.house import COUNTER, House, empty_patrons, free_items, go, scan, settled, sign_in

READ = """async (names) => {
  // Opening a store that is not there would make an empty one in the counter's place.
  if (!(await indexedDB.databases()).some((one) => one.name === 'kura-offline')) return '';
  return new Promise((done) => {
    const asked = indexedDB.open('kura-offline', 1);
    asked.onsuccess = () => {
      const change = asked.result.transaction(names), all = [];
      for (const name of names) {
        const rows = change.objectStore(name).getAll(), keys = change.objectStore(name).getAllKeys();
        rows.onsuccess = () => all.push(JSON.stringify(rows.result));
        keys.onsuccess = () => all.push(JSON.stringify(keys.result));
      }
      change.oncomplete = () => { asked.result.close(); done(all.join()); };
    };
  });
}"""
SHELL = """async () => {
  const [name] = await caches.keys();
  return Boolean(name && await (await caches.open(name)).match('/counter/offline/return/'));
}"""


def stored(page: Page) -> str:
    """Everything that the browser keeps of the dark hours, as text."""
    return page.evaluate(READ, ["records", "meta"])


def ready(page: Page) -> None:
    """The browser has the shell and the copy."""
    deadline = time.monotonic() + 30
    while not (page.evaluate(SHELL) and '"control"' in stored(page)):
        assert time.monotonic() < deadline, "the counter did not get ready for a cut line"
        page.wait_for_timeout(200)


@pytest.mark.req("F-CIR-040", "F-CIR-041")
def test_fifty_scans_without_a_line_are_taken_in_when_it_is_back_and_contradictions_listed(house: House):
    cards, items = empty_patrons(house, 3), free_items(house, 26)
    stopped = cards[2]
    held = house.sql("SELECT barcode FROM catalog_item WHERE reference_only ORDER BY id LIMIT 1")[0][0]
    set_stop = "UPDATE patrons_patron SET stopped_until = {} WHERE card_number = '{}'"
    house.sql(set_stop.format("current_date + 5", stopped))
    try:
        with house.context(COUNTER) as context:
            page = context.new_page()
            sign_in(page, house)
            ready(page)
            context.set_offline(True)

            # 25 loans; the line breaks while the first patron is open already.
            scan(page, cards[0], *items[:10])
            settled(page)
            expect(page.locator("#offline")).to_contain_text("オフラインで記録しています")
            expect(page.locator("#number")).to_be_focused()
            scan(page, stopped)
            settled(page)
            expect(page.locator("#says .says.bad")).to_contain_text("停止")
            scan(page, cards[1], *items[10:24], held)
            settled(page)
            expect(page.locator("#offline")).to_contain_text("未取込 25点")

            # Another screen: the browser has it, and the copy still opens.
            go(page, "F3", "/counter/return/")
            expect(page.locator("#offline")).to_contain_text("オフラインで記録しています")
            expect(page.locator("#offline")).to_contain_text("控えで判定")
            scan(page, *items[:24], items[24])
            settled(page)
            expect(page.locator("#offline")).to_contain_text("未取込 50点")
            kept = stored(page)
            for number in (*cards, *items, held):
                assert number not in kept

            context.set_offline(False)
            expect(page.locator("#offline")).to_contain_text("50点のうち49点を取り込みました", timeout=60_000)
            expect(page.locator("#offline a")).to_contain_text("矛盾")
            assert not any(number in stored(page) for number in items)
            page.locator("#offline a").focus()
            page.keyboard.press("Enter")
            page.wait_for_url("**/dark/problems/")
            # Never lent; and lent although it never leaves the house: the book is out, so it is taken and said.
            expect(page.locator("main")).to_contain_text(items[24])
            expect(page.locator("main")).to_contain_text(held)
            out = house.sql(
                "SELECT item.barcode FROM circulation_loan loan JOIN catalog_item item ON item.id = loan.item_id"
                f" WHERE item.barcode IN ({','.join(repr(one) for one in [*items, held])})"
            )
            assert out == [[held]]
            go(page, "F3", "/counter/return/")
            scan(page, held)
            settled(page)
    finally:
        house.sql(set_stop.format("NULL", stopped))


def test_signing_out_takes_the_copy_and_the_shell_away(house: House):
    with house.context(COUNTER) as context:
        page = context.new_page()
        sign_in(page, house)
        ready(page)
        page.locator("form.who button[type=submit]").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/staff/sign-in/**")
        page.wait_for_timeout(500)
        assert page.evaluate("async () => (await caches.keys()).length") == 0
        assert "stopped" not in stored(page)
        assert '"staff"' not in stored(page)
