"""What a page says in its own words: its text and its spoken attributes, without the data that names its language."""

import re
from html.parser import HTMLParser

SPOKEN = ("alt", "title", "aria-label", "placeholder", "data-label")
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
UNSEEN = ("script", "style")


class Words(HTMLParser):
    """Collects sentences. An element below <html> that says its language carries data, not words of the page."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._open: list[tuple[str, bool]] = []

    @property
    def _data(self) -> bool:
        return any(data for _, data in self._open)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        data = tag != "html" and "lang" in given
        if not data and not self._data:
            self.said += [given[name] or "" for name in SPOKEN if given.get(name)]
            if tag == "input" and given.get("type") in ("submit", "button"):
                self.said.append(given.get("value") or "")
        if tag not in VOID:
            self._open.append((tag, data or tag in UNSEEN))

    def handle_endtag(self, tag: str) -> None:
        for at in range(len(self._open) - 1, -1, -1):
            if self._open[at][0] == tag:
                del self._open[at:]
                return

    def handle_data(self, data: str) -> None:
        if data.strip() and not self._data:
            self.said.append(" ".join(data.split()))


def words(html: str, *known: str) -> list[str]:
    """What the page says in its own words, without the names in `known` (the library's, in titles)."""
    reader = Words()
    reader.feed(html)
    texts = (re.sub("|".join(map(re.escape, known)), "", text) if known else text for text in reader.said)
    return [text for text in texts if text.strip()]
