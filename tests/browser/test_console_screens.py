"""The console in a real browser at the operator's workstation: what operations look at, on a desk and on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Terminals
from tests.browser.pictures import picture
from tests.twin.conftest import RunningTwin

# Path → words that stand on it, and the picture of which runbook's page it is.
SCREENS = {
    "/": ("図書館は開いているか", "console-概況"),
    "/alerts/": ("警報", "console-警報"),
    "/hosts/": ("app1", "node-サーバ"),
    "/dashboards/power/": ("電源", "power-電源"),
    "/logs/": ("記録", "logs-記録の検索"),
    "/levels/": ("サービス水準の実績", "slo-サービス水準の実績"),
    "/incidents/": ("障害", "console-障害"),
}
# Looked at on both too, without a picture: no manual shows them.
MORE = {
    "/dashboards/servers/": "CPU使用率",
    "/dashboards/library/": "図書館とデータベース",
    "/dashboards/slo/": "サービス水準",
    "/runbooks/": "手引き",
    "/runbooks/node/": "HostDown",
    "/silences/": "警報の一時停止",
}
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def sign_in(page: Page, twin: RunningTwin) -> str:
    """The deployment's operator comes in; the console's address."""
    console = f"https://{twin.site.fqdn('console')}"
    page.goto(f"{console}/sign-in/")
    page.fill("[name=username]", "operator")
    page.fill("[name=password]", twin.secret("demo_operator"))
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("図書館は開いているか")
    return console


@pytest.mark.parametrize("width", [1280, 390])
def test_every_screen_of_the_daily_round_fits_desk_and_phone(terminals: Terminals, twin: RunningTwin, width: int):
    with terminals.page("operator", width, 800) as page:
        console = sign_in(page, twin)
        for path, (words, name) in SCREENS.items():
            page.goto(console + path)
            expect(page.locator("main")).to_contain_text(words)
            assert page.evaluate(WIDER) <= 0, f"{path} is wider than {width} pixels"
            if width == 1280:
                picture(page, name)
        for path, words in MORE.items():
            page.goto(console + path)
            expect(page.locator("main")).to_contain_text(words)
            assert page.evaluate(WIDER) <= 0, f"{path} is wider than {width} pixels"


SEEN_AGAIN = 'document.dispatchEvent(new Event("visibilitychange"))'


def test_an_open_screen_renews_itself_and_says_so_when_it_cannot(terminals: Terminals, twin: RunningTwin):
    """As when somebody comes back to it: the clock of the script is not waited for."""
    with terminals.page("operator", 1280, 800) as page:
        console = sign_in(page, twin)
        page.evaluate('document.querySelector("main").firstElementChild.id = "old"')
        page.evaluate(SEEN_AGAIN)
        expect(page.locator("#old")).to_have_count(0)
        expect(page.locator("main")).to_contain_text("図書館は開いているか")
        page.route(f"{console}/", lambda route: route.abort())
        page.evaluate(SEEN_AGAIN)
        expect(page.locator("[data-refresh-state]")).to_have_text("更新できません。表示は上の時刻のものです。")
        expect(page.locator("main")).to_contain_text("図書館は開いているか")
