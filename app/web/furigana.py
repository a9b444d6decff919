"""Readings above kanji. Texts write them as old digital libraries do, 本《ほん》, and the page gets ruby.

Where a page cannot carry markup (attributes, titles, choices of a list), the reading is left out.
"""

import re

_MARKED = re.compile(r"([㐀-䶿一-鿿豈-﫿々〆ヶ]+)《([ぁ-ゖァ-ヺー]+)》")
_BARE = "script|style|title|textarea|option"
_PARTS = re.compile(rf"(<!--.*?-->|<(?:{_BARE})\b.*?</(?:{_BARE})>|<[^>]*>)", re.S | re.I)
_RUBY = r"<ruby>\1<rp>(</rp><rt>\2</rt><rp>)</rp></ruby>"


def plain(text: str) -> str:
    """The text without its readings."""
    return _MARKED.sub(r"\1", text)


def with_furigana(html: str) -> str:
    """A page whose marked readings are ruby in its text, and left out where there can be none."""
    if "《" not in html:
        return html
    parts = _PARTS.split(html)  # text, markup, text, markup, …
    return "".join(plain(part) if at % 2 else _MARKED.sub(_RUBY, part) for at, part in enumerate(parts))
