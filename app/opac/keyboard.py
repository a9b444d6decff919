"""The keys on the screen of a search terminal: kana in the order of the 五十音, letters, digits. Pure."""

from dataclasses import dataclass

# Rows across the columns of the 五十音, a space where no kana stands.
_KANA = (
    "あかさたなはまやらわ",
    "いきしちにひみ　りを",
    "うくすつぬふむゆるん",
    "えけせてねへめ　れー",
    "おこそとのほもよろ　",
)
_LETTERS = ("abcdefghij", "klmnopqrst", "uvwxyz-@._")
_SIGNS = ("1234567890", "!\"#$%&'()*", "+,/:;<=>?~", "[\\]^{|}`　　")
DIGITS = "1234567890"
# What the keys ゛ ゜ 小 make of the kana before the cursor, in turn.
VOICED = dict(
    zip("かきくけこさしすせそたちつてとはひふへほう", "がぎぐげござじずぜぞだぢづでどばびぶべぼゔ", strict=True)
)
ROUND = dict(zip("はひふへほ", "ぱぴぷぺぽ", strict=True))
SMALL = dict(zip("あいうえおつやゆよわ", "ぁぃぅぇぉっゃゅょゎ", strict=True))


@dataclass(frozen=True)
class Board:
    """One page of keys, row by row; an empty text is a gap."""

    name: str
    rows: tuple[tuple[str, ...], ...]


def _row(text: str) -> tuple[str, ...]:
    return tuple(sign if sign != "　" else "" for sign in text)


def boards() -> tuple[Board, ...]:
    """The pages: kana, letters with digits above them, signs for passwords, and large digits for card numbers."""
    return (
        Board("kana", tuple(map(_row, _KANA))),
        Board("latin", tuple(map(_row, (DIGITS, *_LETTERS)))),
        Board("signs", tuple(map(_row, _SIGNS))),
        Board("digits", (_row("123"), _row("456"), _row("789"), _row("　0　"))),
    )
