"""axe-core finds nothing on any public page, in any language, at a search terminal, in the children's pages.

With `KURA_PUBLISH=yes` the result becomes what the page /accessibility/ says (app/opac/data/accessibility.json).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatch
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Error, Page, expect

from app.opac.accessibility import FILE
from app.web.doors import Door, parted
from tests.browser.house import KIOSK, House
from tests.browser.public import (
    DOORS,
    ONCE,
    Place,
    asked,
    examined,
    free_title,
    give_up,
    open_holds,
    place_hold,
    places,
    sign_in,
    told,
)

# What is published is tried at every door in every way; a landing gives each page's rarer states a door in turn.
PUBLISH = bool(os.environ.get("KURA_PUBLISH"))
EXAMINED = DOORS if PUBLISH else ONCE
LANGUAGES = tuple(door for door in DOORS if not door.kiosk)
COLOURS = ("light", "dark", "contrast")


class Run:
    """What was seen, for the published result."""

    def __init__(self) -> None:
        self.axe = self.chromium = ""
        self.visited = 0
        self.doors: list[str] = []
        self.pages: set[str] = set()
        self.rules: dict[str, set[str]] = {}
        self.failed: dict[str, int] = {}
        self.answers: set[int] = set()

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
    if PUBLISH and len(made.doors) == len(DOORS):
        FILE.write_text(made.text(), encoding="utf-8")


@pytest.fixture(scope="module", autouse=True)
def hold(house: House) -> Iterator[None]:
    """There is a hold, so that its page can be opened."""
    with house.context(KIOSK) as context, place_hold(house, context):
        yield


# Forms in which something is written or chosen, by their place among the page's. What only has a button is done by it,
# and so is any choice of notices.
FORMS = """() => [...document.querySelectorAll("main form")].flatMap((form, at) => form.method === "post"
  && !form.action.endsWith("/settings/notices/")
  && form.querySelector("input:not([type=hidden], [type=radio], [type=checkbox]), textarea, select") ? [at] : [])"""
# As somebody sends it who filled in nothing, and chose what there is no more.
EMPTIED = """at => {
  const form = document.querySelectorAll("main form")[at];
  for (const field of form.elements) {
    if (field.tagName === "SELECT" && field.selectedIndex >= 0) field.options[field.selectedIndex].value = "none-such";
    if (field.matches("textarea, input:not([type=hidden], [type=radio], [type=checkbox])")) field.value = "";
  }
  form.noValidate = true;
  HTMLFormElement.prototype.submit.call(form);
}"""


def turns(doors: Sequence[Door], todo: Sequence[Place], first: int = 0) -> list[tuple[Door, Place]]:
    """A door for each place, one after another, so that every door has its turn."""
    return [(doors[(first + at) % len(doors)], place) for at, place in enumerate(todo)]


def opened(
    house: House, context: BrowserContext, todo: list[tuple[Door, Place]], run: Run, refused: set[tuple[Door, Place]]
) -> tuple[list[tuple[Door, Place]], list[str]]:
    """Every page of the list examined; what asks for signing in is given back, and what axe-core found.

    Of the places in `refused` also what each of their forms answers that is sent empty.
    """
    later, problems = [], []
    page = context.new_page()
    for door, place in todo:
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
                later.append((door, place))
            continue
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        if answer.status != 200 and not (answer.status in (404, 410) and place.may_be_none):
            problems.append(f"{door.prefix}{place.path}: answers {answer.status}")
        response = examined(page)
        run.add(place, response)
        problems += [f"{door.prefix}{place.path}: {line}" for line in told(response["violations"])]
        for at in page.evaluate(FORMS) if (door, place) in refused else ():
            if page.url != url:
                page.goto(url)
            with page.expect_navigation() as sent:
                page.evaluate(EMPTIED, at)
            status = sent.value.status if sent.value else 0
            if status not in (200, 400, 422):
                problems.append(f"{door.prefix}{place.path}: its form {at} answers {status}")
            run.answers.add(status)
            response = examined(page)
            run.add(place, response)
            problems += [f"{door.prefix}{place.path} {status}: {line}" for line in told(response["violations"])]
    page.close()
    return later, problems


@pytest.mark.req("F-OPA-022")
@pytest.mark.parametrize("door", EXAMINED, ids=lambda door: door.prefix or "street")
def test_axe_finds_nothing_on_any_public_page(house: House, run: Run, door: Door) -> None:
    """What a refused form shows is examined at one door each, at all of them for what is published."""
    everything = places(house)
    refused = {(at, place) for at, place in turns(EXAMINED, everything) if at == door or PUBLISH}
    with house.context(KIOSK) as context:
        later, problems = opened(house, context, [(door, place) for place in everything], run, refused)
        assert later, "no page asks for signing in"
        sign_in(context, house, door.prefix)
        again, more = opened(house, context, later, run, refused)
        run.chromium = context.browser.version
    assert not again, f"asks for signing in of who has: {again}"
    run.doors.append(door.prefix or "/")
    assert not problems + more, "\n".join(problems + more)


def coloured(page: Page, house: House, colours: str) -> None:
    """Choose colours as a reader does; every page of this browser has them from now on."""
    page.goto(house.opac("/appearance/"))
    page.locator(f"[name=colours][value={colours}]").check()
    with page.expect_navigation():
        page.locator("main button[type=submit]").first.click()
    grounds = {"light": "light", "dark": "dark", "contrast": "dark"}
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == grounds[colours]


@pytest.mark.req("F-OPA-022", "F-OPA-023")
@pytest.mark.parametrize("colours", ["dark", "contrast"])
def test_the_other_colours_have_contrast_on_every_page(house: House, colours: str) -> None:
    """Each page in one language, dark in another than in high contrast; in all of them for what is published."""
    run, everything = Run(), places(house)
    shift = COLOURS.index(colours)
    todo = turns(LANGUAGES, everything, shift)
    refused = set(todo[shift % 2 :: 2])
    if PUBLISH:
        todo = [(door, place) for door in LANGUAGES for place in everything]
    with house.context(KIOSK) as context:
        coloured(context.new_page(), house, colours)
        sign_in(context, house)
        later, problems = opened(house, context, todo, run, refused)
    assert 422 in run.answers, "no form was refused"
    assert not problems + later, "\n".join(map(str, problems + later))


@pytest.mark.req("F-OPA-022")
@pytest.mark.parametrize("first", range(len(LANGUAGES) * len(COLOURS)) if PUBLISH else [0])
def test_axe_finds_nothing_on_what_comes_after_a_form(house: House, first: int) -> None:
    """Each answer in another language and in other colours than the one before; in all of them for what is published.

    Everything that is asked for here is taken back.
    """
    with house.context(KIOSK) as context:
        answers = Answers(house, context, first)
        problems = [line for what in AFTERWARDS for line in what(answers)]
    assert not problems, "\n".join(problems)


class Answers:
    """A reader who sends forms, each through the next door."""

    def __init__(self, house: House, context: BrowserContext, first: int) -> None:
        self.house, self.context, self.turn = house, context, first
        self.page, self.prefix = context.new_page(), ""

    def next(self) -> None:
        """Go on in the next language and the next colours."""
        self.prefix = LANGUAGES[self.turn % len(LANGUAGES)].prefix
        coloured(self.page, self.house, COLOURS[self.turn % len(COLOURS)])
        self.turn += 1

    def send(self, path: str, then: str, button: str = "main form[method=post] button[type=submit]", **fields: str):
        """Fill in, send, and be where it leads; what axe-core finds there, where something must be said."""
        self.page.goto(self.house.opac(self.prefix + path))
        for name, text in fields.items():
            self.page.locator(f"main [name={name}]").fill(text)
        with self.page.expect_navigation():
            self.page.locator(button).last.click()
        self.page.wait_for_url(lambda url: fnmatch(urlsplit(url).path, self.prefix + then))
        expect(self.page.locator("main").locator("[role=status], [role=alert], .notice, h1").first).to_be_visible()
        found = told(examined(self.page)["violations"])
        return [f"{self.prefix}{path} leads to {self.page.url}: {line}" for line in found]


def failed_sign_in(answers: Answers) -> list[str]:
    answers.next()
    return answers.send("/my/sign-in/", "/my/sign-in/", card_number="9999999999", password="no-no-no-no-1")


def password_asked(answers: Answers) -> list[str]:
    answers.next()
    return answers.send("/my/reset/", "/my/reset/asked/", number="9999999999", address="nobody@example.jp")


def held(answers: Answers) -> list[str]:
    answers.next()
    sign_in(answers.context, answers.house)
    record, _ = free_title(answers.house, 3)
    problems = answers.send(f"/records/{record}/hold/", "/my/")
    assert open_holds(answers.house, record) == 1
    row = answers.page.locator("tr", has=answers.page.locator(f"a[href='{answers.prefix}/records/{record}/']"))
    change = urlsplit(row.locator("a[href*='/my/holds/']").first.get_attribute("href") or "").path
    problems += answers.send(change.removeprefix(answers.prefix), "/my/", "form[action$='/cancel/'] button")
    assert open_holds(answers.house, record) == 0
    return problems


def basket_held(answers: Answers) -> list[str]:
    answers.next()
    record, _ = free_title(answers.house, 4)
    answers.page.goto(answers.house.opac(f"{answers.prefix}/records/{record}/"))
    answers.page.locator(f"form[data-basket]:has(input[value='{record}']) button").click()
    expect(answers.page.locator("[data-basket-link]")).to_contain_text("1")
    problems = answers.send("/my/basket/", "/my/basket/hold/", "form[action$='/my/basket/hold/'] button")
    assert open_holds(answers.house, record) == 1
    give_up(answers.page, answers.house, "", record)
    return problems


def wished(answers: Answers) -> list[str]:
    answers.next()
    problems = answers.send("/my/request/", "/my/", title="どこの図書館にもない本の題名")
    return problems + answers.send("/my/", "/my/", "form[action$='/withdraw/'] button")


def questioned(answers: Answers) -> list[str]:
    answers.next()
    problems = answers.send("/ask/new/", "/ask/?*/", title="善光寺の絵図", body="江戸時代の絵図を探しています。")
    return problems + answers.send(urlsplit(answers.page.url).path.removeprefix(answers.prefix), "/ask/*")


AFTERWARDS = (failed_sign_in, password_asked, held, basket_held, wished, questioned)
