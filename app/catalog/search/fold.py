"""Folding: the one function that makes different writings of a word the same, for records and queries alike.

Display text is never folded. A change of rules or table raises VERSION; documents of another version are stale
and `rebuild` renews them.
"""

import re
import unicodedata
from functools import lru_cache
from pathlib import Path

VERSION = 3
_TABLES = tuple(Path(__file__).parent / "data" / name for name in ("simplified.tsv", "variants.tsv"))

# Long marks, hyphens, middle dots, apostrophes: people leave them out or type another one of them.
_DROPPED = "ー－ｰ―‐‑‒–—−-~〜～・･·•'’‘`´′゛゜"
# Written differently, read alike. Small kana stay: キョウ and キヨウ are different words.
_ALIKE = {"ヂ": "ジ", "ヅ": "ズ", "ヲ": "オ", "ヸ": "ビ", "ヹ": "ベ", "ヰ": "イ", "ヱ": "エ", "ヷ": "バ", "ヺ": "ボ"}
_VU = {"ヴァ": "バ", "ヴィ": "ビ", "ヴェ": "ベ", "ヴォ": "ボ", "ヴュ": "ビュ"}
_VU_PATTERN = re.compile("|".join(_VU))
# 佐々木 is 佐佐木, こゝろ is こころ, たゞ is ただ.
_REPEATED = re.compile("([\u3400-\u9fff\U00020000-\U0003ffff])(々+)|([ァ-ヺ])([ヽヾ])")

CJK = "\u3005-\u3007\u30a1-\u30fa\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_GAP_AT_CJK = re.compile(f"(?<=[{CJK}]) +| +(?=[{CJK}])")
_PARTICLE_WA = re.compile(r"(?<=\S) ワ(?= )")
_PARTICLE_E = re.compile(r"(?<=\S) エ(?= )")


@lru_cache(maxsize=1)
def variants() -> dict[str, str]:
    """The kept tables: a variant or simplified kanji and the form that stands for it."""
    lines = (line for table in _TABLES for line in table.read_text(encoding="utf-8").splitlines())
    table = dict(line.split("\t", 1) for line in lines if line[:1] not in ("#", ""))
    return {variant: table.get(kept, kept) for variant, kept in table.items()}


def _fold_character(character: str) -> str:
    """What one character (after NFKC and lower case) folds to: itself, another, a space or nothing."""
    # Marks and format characters belong to the letter before them: variation selectors, soft hyphens, joiners.
    if character in _DROPPED or unicodedata.category(character) in ("Mn", "Mc", "Me", "Cf"):
        return ""
    if "ぁ" <= character <= "ゖ" or character in "ゝゞ":
        character = chr(ord(character) + 0x60)
    character = variants().get(character, character)
    character = _ALIKE.get(character, character)
    if "\u00c0" <= character <= "\u024f" or "\u1e00" <= character <= "\u1eff":
        character = "".join(c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c))
    return "".join(c if unicodedata.category(c)[0] in "LN" else " " for c in character)


class _Table(dict[int, str]):
    """A translation table that learns each character once."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = _fold_character(chr(code))
        return folded


_table = _Table()


def _repeat(found: re.Match[str]) -> str:
    """A character with its iteration marks written out."""
    if found[1]:
        return found[1] * (1 + len(found[2]))
    again = unicodedata.normalize("NFC", found[3] + "\u3099") if found[4] == "ヾ" else found[3]
    return found[3] + (again if len(again) == 1 else found[3])


def fold(text: str) -> str:
    """The folded text: katakana, plain kanji, lower-case latin and digits, single spaces. Any string is accepted."""
    folded = unicodedata.normalize("NFKC", text).lower().translate(_table)
    if "々" in folded or "ヽ" in folded or "ヾ" in folded:
        folded = _REPEATED.sub(_repeat, folded).replace("ヽ", "").replace("ヾ", "")
    if "ヴ" in folded:
        folded = _VU_PATTERN.sub(lambda found: _VU[found.group()], folded).replace("ヴ", "ブ")
    return " ".join(folded.split())


def compact(folded: str) -> str:
    """Folded text without the spaces beside Japanese characters: 「ニホン ノ」 becomes 「ニホンノ」."""
    return _GAP_AT_CJK.sub("", folded)


def folded(text: str) -> str:
    """The form in which texts are stored and compared."""
    return compact(fold(text))


def as_typed(reading: str) -> str:
    """The reading as people type it: the particles written ワ and エ in the bibliography become ハ and ヘ."""
    return _PARTICLE_E.sub(" ヘ", _PARTICLE_WA.sub(" ハ", reading))
