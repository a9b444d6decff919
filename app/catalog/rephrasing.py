"""What else to try when nothing was found: each proposal is searched, and offered only when it finds something."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.utils.translation import gettext

from app.catalog.asking import Asked, Row
from app.catalog.search import search, suggest
from app.catalog.search.fold import fold
from app.catalog.search.parse import understand

MOST_TRIED = 8
MOST_OFFERED = 4
MOST_TITLES = 5
_SCRIPTS = re.compile(
    r"[\u3005-\u3007\u3400-\u9fff\U00020000-\U0003ffff]+|[\u3041-\u309f]+|[\u30a0-\u30ff]+|[^\W\u3040-\u9fff]+"
)


@dataclass(frozen=True)
class Proposal:
    """Another search: what is different about it, its address, and how many records it finds."""

    label: str
    url: str
    total: int


def proposals(asked: Asked) -> list[Proposal]:
    """Searches near this one that find something, the nearest first. At most MOST_TRIED searches."""
    found: list[Proposal] = []
    seen = {asked.url}
    tried = 0
    for label, other in _candidates(asked):
        if other.url in seen:
            continue
        seen.add(other.url)
        tried += 1
        total = search(replace(other.query, page=1, size=1)).total
        if total:
            found.append(Proposal(label, other.url, total))
        if len(found) == MOST_OFFERED or tried == MOST_TRIED:
            break
    return found


def _candidates(asked: Asked) -> Iterator[tuple[str, Asked]]:
    """Near searches, the nearest first: everywhere, without what narrows, as other words, with one word fewer."""
    query = asked.query
    if query.scope == "held":
        yield gettext("所蔵していない資料も含める"), asked.changed(scope="all", branches=(), available=False)
    bare = replace(asked.base, text=query.text, where=query.where, scope=query.scope, sort=query.sort)
    without = replace(asked, query=bare)
    if query != replace(bare, page=query.page):
        yield gettext("しぼりこみの条件を外す"), without
    wider = tuple(Row("any", "part", row.text, row.joiner) for row in asked.rows)
    if wider != asked.rows:
        yield gettext("項目を決めずに探す"), without.with_rows(wider)
    for text in _other_texts(query.text):
        yield gettext("「%(text)s」で探す") % {"text": text}, without.changed(text=text)
    if len(asked.rows) > 1:
        for place, row in enumerate(asked.rows):
            fewer = (*asked.rows[:place], *asked.rows[place + 1 :])
            yield gettext("「%(text)s」を外して探す") % {"text": row.text}, without.with_rows(fewer)


def _other_texts(text: str) -> Iterator[str]:
    """Other texts for the search box: without operators, divided where the script changes, one word fewer."""
    words = fold(text).split()
    plain = _plain(text)
    if plain != text and plain:
        yield plain
    if len(words) == 1:
        pieces = _SCRIPTS.findall(text)
        if len(pieces) > 1:
            yield " ".join(pieces)
            yield from _one_fewer([piece for piece in pieces if len(piece) > 1])
        elif 4 <= len(text) <= 10:
            middle = len(text) // 2
            yield f"{text[:middle]} {text[middle:]}"
            yield text[: middle + 1]
        return
    yield from _one_fewer(plain.split())


def _plain(text: str) -> str:
    """The words that are asked for, without operators, quotes and names of fields."""
    node = understand(text)
    if not node.words or set(node.words) == set(fold(text).split()):
        return " ".join(text.split())
    pieces = re.sub(r'["“”「」『』()（）]|\b(?:AND|OR|NOT)\b|(?:^|\s)[-−]\S+|\S+[:：=＝]', " ", text).split()
    return " ".join(piece for piece in pieces if piece not in ("かつ", "または", "のぞく"))


def _one_fewer(words: list[str]) -> Iterator[str]:
    """The text without one of its words, first without the last."""
    if 1 < len(words) <= 6:
        for place in reversed(range(len(words))):
            yield " ".join((*words[:place], *words[place + 1 :]))


def near_titles(text: str) -> list[str]:
    """Titles that begin like the text: by all of it, else by ever fewer of its characters (two at least)."""
    word = " ".join(text.split())[:40]
    length = len(word)
    while length >= 2:
        titles = suggest(word[:length], MOST_TITLES)
        if titles:
            return titles
        length = min(length - 1, (length + 2) // 2) if length > 4 else length - 1
    return []
