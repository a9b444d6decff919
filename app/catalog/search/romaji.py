"""Romaji as people type it, written in kana: Hepburn and Kunrei, 「ん」 as n, long vowels written or left out. Pure."""

import re
from itertools import islice, product

_ROWS = {
    "": "アイウエオ",
    "k": "カキクケコ",
    "s": "サシスセソ",
    "t": "タチツテト",
    "n": "ナニヌネノ",
    "h": "ハヒフヘホ",
    "m": "マミムメモ",
    "r": "ラリルレロ",
    "g": "ガギグゲゴ",
    "z": "ザジズゼゾ",
    "d": "ダジズデド",
    "b": "バビブベボ",
    "p": "パピプペポ",
}
_GLIDES = {
    "ky": "キ",
    "sy": "シ",
    "sh": "シ",
    "ty": "チ",
    "ch": "チ",
    "cy": "チ",
    "ny": "ニ",
    "hy": "ヒ",
    "my": "ミ",
    "ry": "リ",
    "gy": "ギ",
    "zy": "ジ",
    "jy": "ジ",
    "j": "ジ",
    "by": "ビ",
    "py": "ピ",
}
_KANA = {c + v: kana for c, row in _ROWS.items() for v, kana in zip("aiueo", row, strict=True)}
_KANA |= {g + v: head + small for g, head in _GLIDES.items() for v, small in zip("auo", "ァュョ", strict=True)}
_KANA |= {g + "a": head + "ャ" for g, head in _GLIDES.items()}
_KANA |= {"ya": "ヤ", "yu": "ユ", "yo": "ヨ", "wa": "ワ", "wo": "オ", "fu": "フ", "shi": "シ", "chi": "チ"}
_KANA |= {"tsu": "ツ", "ji": "ジ", "she": "シェ", "che": "チェ", "je": "ジェ", "fa": "ファ", "fi": "フィ"}
_KANA |= {"fe": "フェ", "fo": "フォ", "thi": "ティ", "dhi": "ディ"}
_SYLLABLE = re.compile(
    "|".join(sorted(_KANA, key=len, reverse=True)) + r"|n(?![aiueoy])|m(?=[bmp])|([kstgdbpzjcfr])(?=\1)|t(?=ch)"
)
_ROMAJI = re.compile(r"[a-z]{2,30}")
SHORTEST = 3
MOST_SPELLINGS = 12


def kana_spellings(word: str, shortest: int = SHORTEST) -> list[str]:
    """The kana that a lower-case latin word may stand for, the likeliest first; [] when it is no romaji.

    A vowel typed short may be long in the reading (soseki: ソウセキ), so there may be several, at most
    MOST_SPELLINGS. Words of fewer than `shortest` letters are left alone: "i" and "no" are titles of their own.
    """
    if len(word) < shortest or not _ROMAJI.fullmatch(word):
        return []
    at, syllables = 0, []
    while at < len(word):
        found = _SYLLABLE.match(word, at)
        if found is None:
            return []
        syllables.append(found.group())
        at = found.end()
    choices = [_choices(syllable, syllables[n + 1 : n + 2], n == 0) for n, syllable in enumerate(syllables)]
    return list(dict.fromkeys("".join(parts) for parts in islice(product(*choices), MOST_SPELLINGS)))


def shortest_in(words: list[str]) -> int:
    """From how many letters words are read as romaji beside each other: the no of "nihon no rekishi" is の, that of
    "no logo" is not."""
    latin = [word for word in words if word.isascii() and word.isalpha()]
    romaji = latin and all(kana_spellings(word, 2) for word in latin)
    return 2 if romaji and any(len(word) >= SHORTEST for word in latin) else SHORTEST


def _choices(syllable: str, following: list[str], first: bool) -> tuple[str, ...]:
    """The kana of one syllable: as typed, and with its vowel long where readings have such vowels."""
    if syllable in ("n", "m"):
        return ("ン",)
    if syllable not in _KANA:
        return ("ッ",)
    kana = _KANA[syllable]
    after = following[0] if following else ""
    if after in ("n", "m") or (syllable[-1] == "o" and after in ("u", "o")) or (syllable[-1] == "u" and after == "u"):
        return (kana,)
    if syllable == "o" and first:
        return (kana, "オオ")
    if syllable.endswith("o"):
        return (kana, kana + "ウ")
    if syllable.endswith("u") and kana[-1] in "ュユ":
        return (kana, kana + "ウ")
    return (kana,)
