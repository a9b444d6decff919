"""Printed codes that answer a question or press a key of the counter (F-GEN-024): scanned like any number.

They begin and end with `$`, which no card and no item does.
"""

from dataclasses import dataclass

from app.terminals.codes import Drawing, bars, squares

YES, NO = "$01$", "$00$"
CODES = {
    YES: ("はい", "確認に「はい」と答えます"),
    NO: ("いいえ", "確認に「いいえ」と答えます"),
    "$11$": ("利用者を閉じる", "close"),
    "$12$": ("直前を取り消す", "undo"),
    "$13$": ("全点を延長", "renew_all"),
    "$14$": ("レシート", "receipt"),
    "$21$": ("貸出へ", "circulation:lend"),
    "$22$": ("返却へ", "circulation:give_back"),
}


@dataclass(frozen=True)
class Code:
    """One code of the sheet, drawn both ways."""

    text: str
    title: str
    bars: Drawing
    squares: Drawing


def sheet() -> list[Code]:
    """Every code, in order."""
    return [Code(text, title, bars(text), squares(text)) for text, (title, _) in CODES.items()]
