"""What the public pages' templates say about data: its language, its reading."""

import re
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.translation import get_language, gettext

from app.opac.keyboard import ROUND, SMALL, VOICED, boards

register = template.Library()

_HTML = {"jpn": "ja", "eng": "en", "chi": "zh", "kor": "ko", "fre": "fr", "ger": "de"}
_HTML |= {"rus": "ru", "spa": "es", "por": "pt"}
_JAPANESE = re.compile("[ぁ-ゖァ-ヺ一-鿿々]")
_TO_HIRAGANA = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1)}


@register.filter
def html_lang(code: Any) -> str:
    """The language of a record as HTML names it; what has no short name is taken for Japanese, which describes it."""
    return _HTML.get(str(code), "ja")


@register.filter
def hiragana(text: Any) -> str:
    """A katakana reading as children read it, without the spaces between its words."""
    return str(text).translate(_TO_HIRAGANA).replace(" ", "　" if len(str(text)) > 24 else "")


@register.filter
def named(label: Any) -> str:
    """A name from the library's tables in the page's language, where it has one; else marked as Japanese.

    A class is its number and its name; the number needs no translation."""
    number, gap, name = str(label).partition(" ")
    number, name = (number + gap, name) if number.isdigit() else ("", str(label))
    whole = gettext(str(label))
    said = whole.removeprefix(number) if whole != str(label) else gettext(name)
    if get_language() == "ja" or said != name or not _JAPANESE.search(name):
        return f"{number}{said}"
    return format_html('{}<span lang="ja">{}</span>', number, name)


@register.inclusion_tag("opac/keyboard.html")
def keyboard() -> dict[str, Any]:
    """The keys on the screen of a search terminal."""
    pairs = {"voiced": VOICED, "round": ROUND, "small": SMALL}
    return {
        "boards": boards(),
        "pairs": {name: "".join(a + b for a, b in kana.items()) for name, kana in pairs.items()},
    }
