"""What the public pages' templates say about data: its language, its reading."""

from typing import Any

from django import template

from app.opac.keyboard import ROUND, SMALL, VOICED, boards

register = template.Library()

_HTML = {"jpn": "ja", "eng": "en", "chi": "zh", "kor": "ko", "fre": "fr", "ger": "de"}
_HTML |= {"rus": "ru", "spa": "es", "por": "pt"}
_TO_HIRAGANA = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1)}


@register.filter
def html_lang(code: Any) -> str:
    """The language of a record as HTML names it; what has no short name is taken for Japanese, which describes it."""
    return _HTML.get(str(code), "ja")


@register.filter
def hiragana(text: Any) -> str:
    """A katakana reading as children read it, without the spaces between its words."""
    return str(text).translate(_TO_HIRAGANA).replace(" ", "　" if len(str(text)) > 24 else "")


@register.inclusion_tag("opac/keyboard.html")
def keyboard() -> dict[str, Any]:
    """The keys on the screen of a search terminal."""
    pairs = {"voiced": VOICED, "round": ROUND, "small": SMALL}
    return {
        "boards": boards(),
        "pairs": {name: "".join(a + b for a, b in kana.items()) for name, kana in pairs.items()},
    }
