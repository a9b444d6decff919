"""The staff menu: each area says in its `menu.py` what its pages are called, their keys, and who may open them."""

from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse

from app.access.operations import Operation
from app.access.rules import may

COUNTER, HOLDS, CATALOGUE, PATRONS, NOTICES, MANAGEMENT = "窓口", "予約・回送", "資料", "利用者", "連絡", "管理"
GROUPS = (COUNTER, HOLDS, CATALOGUE, PATRONS, NOTICES, MANAGEMENT)


@dataclass(frozen=True)
class Page:
    """One page of the menu. `name` is its URL name; `operation` opens it; pages with a key also stand in the bar."""

    name: str
    title: str
    operation: Operation
    group: str
    text: str
    key: str = ""
    order: int = 50


@dataclass(frozen=True)
class Entry:
    """One line of the menu as one person sees it on one page."""

    url: str
    title: str
    key: str
    current: bool
    text: str
    group: str


@dataclass(frozen=True)
class Group:
    """The entries of one heading."""

    title: str
    entries: list[Entry]


_pages: dict[str, Page] = {}


def put(*pages: Page) -> None:
    """Add an area's pages to the menu. ValueError when a page names a group that does not exist."""
    for page in pages:
        if page.group not in GROUPS:
            raise ValueError(f"menu page {page.name}: unknown group {page.group}")
        _pages[page.name] = page


def pages() -> list[Page]:
    """Every page, by group and order."""
    return sorted(_pages.values(), key=lambda page: (GROUPS.index(page.group), page.order, page.name))


def menu_for(operations: frozenset[str], path: str = "") -> list[Entry]:
    """The entries that these operations open, in order."""
    found = []
    for page in pages():
        if may(operations, page.operation.code):
            try:
                found.append((reverse(page.name), page))
            except NoReverseMatch:  # an area that this site does not serve
                continue
    # The page itself or the nearest above it: /counter/return/ is 返却 and not 貸出 as well.
    current = max((url for url, _ in found if path.startswith(url)), key=len, default="")
    return [Entry(url, page.title, page.key, url == current, page.text, page.group) for url, page in found]


def groups_for(operations: frozenset[str]) -> list[Group]:
    """The same entries under their headings, without headings that would be empty."""
    entries = menu_for(operations)
    found = [Group(title, [entry for entry in entries if entry.group == title]) for title in GROUPS]
    return [group for group in found if group.entries]
