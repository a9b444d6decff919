"""The staff menu: what the pages are called, their function keys, and which operation opens them."""

from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse

from app.access.rules import may

# url name, title, function key, operation, what it is for
PAGES = (
    ("circulation:lend", "貸出", "F2", "circulation.lend", "利用券、資料の順に読み取ります"),
    ("circulation:give_back", "返却", "F3", "circulation.give_back", "資料を読み取ります"),
    ("catalog:search", "資料", "F4", "catalog.view", "書誌と所蔵を探します"),
    ("patrons:search", "利用者", "F6", "patrons.view", "利用者を探し、登録します"),
    ("exchange:import", "取込", "", "exchange.import", "MARC 21 の書誌を取り込みます"),
    ("audit:search", "監査", "", "audit.search", "操作と閲覧の記録を調べます"),
)


@dataclass(frozen=True)
class Entry:
    """One line of the menu."""

    url: str
    title: str
    key: str
    current: bool
    text: str


def menu_for(operations: frozenset[str], path: str = "") -> list[Entry]:
    """The entries that these operations open, in order."""
    pages = []
    for name, title, key, operation, text in PAGES:
        if may(operations, operation):
            try:
                pages.append((reverse(name), title, key, text))
            except NoReverseMatch:  # an area that this site does not serve
                continue
    # The page itself or the nearest above it: /counter/return/ is 返却 and not 貸出 as well.
    current = max((url for url, *_ in pages if path.startswith(url)), key=len, default="")
    return [Entry(url, title, key, url == current, text) for url, title, key, text in pages]
