"""axe-core finds nothing on any public page, in any language, at a search terminal, in the children's pages.

With `KURA_PUBLISH=yes` the result becomes what the page /accessibility/ says (app/opac/data/accessibility.json).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Error

from app.opac.accessibility import FILE
from app.web.doors import Door, parted
from tests.browser.house import KIOSK, House
from tests.browser.public import DOORS, ONCE, Place, asked, examined, place_hold, places, sign_in, told


class Run:
    """What was seen, for the published result."""

    def __init__(self) -> None:
        self.axe = self.chromium = ""
        self.visited = 0
        self.doors: list[str] = []
        self.pages: set[str] = set()
        self.rules: dict[str, set[str]] = {}
        self.failed: dict[str, int] = {}

    def add(self, place: Place, response: dict[str, Any]) -> None:
        self.visited += 1
        self.pages.add(place.shape)
        self.axe = response["testEngine"]["version"]
        for found in response["passes"] + response["violations"]:
            for number in criteria(found["tags"]):
                self.rules.setdefault(number, set()).add(found["id"])
        for found in response["violations"]:
            for number in criteria(found["tags"]):
                self.failed[number] = self.failed.get(number, 0) + len(found["nodes"])

    def text(self) -> str:
        content = {
            "date": f"{datetime.now(UTC):%Y-%m-%d}",
            "axe": self.axe,
            "chromium": self.chromium,
            "visited": self.visited,
            "doors": self.doors,
            "pages": sorted(self.pages),
            "rules": {number: len(rules) for number, rules in sorted(self.rules.items())},
            "failed": self.failed,
        }
        return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def criteria(tags: list[str]) -> list[str]:
    """The success criteria among axe's tags: wcag143 is 1.4.3, wcag1410 is 1.4.10."""
    numbers = (re.fullmatch(r"wcag(\d)(\d)(\d+)", tag) for tag in tags)
    return [".".join(number.groups()) for number in numbers if number]


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """The whole run; written down when every door was tried and that was asked for."""
    made = Run()
    yield made
    if os.environ.get("KURA_PUBLISH") and len(made.doors) == len(DOORS):
        FILE.write_text(made.text(), encoding="utf-8")


@pytest.fixture(scope="module", autouse=True)
def hold(house: House) -> Iterator[None]:
    """There is a hold, so that its page can be opened."""
    with house.context(KIOSK) as context, place_hold(house, context):
        yield


def opened(house: House, context: BrowserContext, door: Door, todo: list[Place], run: Run) -> tuple[list[Place], list]:
    """Every page of the list examined; what asks for signing in is given back, and what axe-core found."""
    later, problems = [], []
    page = context.new_page()
    for place in todo:
        url = house.opac(door.prefix + place.path)
        try:
            answer = page.goto(url)
        except Error:  # an answer without a page, as to a question that may only be posted
            status = asked(context, house, door.prefix + place.path)[0]
            if status != 405:
                problems.append(f"{door.prefix}{place.path}: answers {status} and no page")
            page.close()  # its error page would come in between the next one
            page = context.new_page()
            continue
        there = parted(urlsplit(page.url).path)[1]
        if there != urlsplit(place.path).path:  # what leads on shows no page of its own
            if there == "/my/sign-in/":
                later.append(place)
            continue
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        if answer.status != 200 and not (answer.status in (404, 410) and place.may_be_none):
            problems.append(f"{door.prefix}{place.path}: answers {answer.status}")
        response = examined(page)
        run.add(place, response)
        problems += [f"{door.prefix}{place.path}: {line}" for line in told(response["violations"])]
    page.close()
    return later, problems


@pytest.mark.req("F-OPA-022")
@pytest.mark.parametrize(
    "door", DOORS if os.environ.get("KURA_PUBLISH") else ONCE, ids=lambda door: door.prefix or "street"
)
def test_axe_finds_nothing_on_any_public_page(house: House, run: Run, door: Door) -> None:
    with house.context(KIOSK) as context:
        later, problems = opened(house, context, door, places(house), run)
        assert later, "no page asks for signing in"
        sign_in(context, house, door.prefix)
        again, more = opened(house, context, door, later, run)
        run.chromium = context.browser.version
    assert not again, f"asks for signing in of who has: {again}"
    run.doors.append(door.prefix or "/")
    assert not problems + more, "\n".join(problems + more)


@pytest.mark.req("F-OPA-022", "F-OPA-023")
@pytest.mark.parametrize("colours", ["dark", "contrast"])
def test_the_other_colours_have_contrast_on_every_page(house: House, colours: str) -> None:
    run = Run()
    with house.context(KIOSK) as context:
        page = context.new_page()
        page.goto(house.opac("/appearance/"))
        page.locator(f"[name=colours][value={colours}]").check()
        page.locator("main button[type=submit]").first.click()
        page.wait_for_load_state()
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
        sign_in(context, house)
        later, problems = opened(house, context, Door(), places(house), run)
    assert not problems + later, "\n".join(map(str, problems + later))
