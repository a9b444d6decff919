"""Tokens: what the index stores of a folded text, as 32-bit integers.

Japanese runs give every character and every pair of neighbours (packed exactly, two 16-bit halves); latin words
and numbers are whole words (CRC-32), and so is what has a character beyond the 16 bits. Equal numbers for different
words are possible and harmless: the search rechecks words and long phrases on the text.
"""

import re
import zlib
from collections.abc import Iterable
from itertools import pairwise

from app.catalog.search.fold import CJK

_RUN = re.compile(f"([{CJK}]+)|([^ \\n{CJK}]+)")


def _signed(number: int) -> int:
    return number - (1 << 32) if number >= 1 << 31 else number


def word(text: str) -> int:
    """The token of one latin word or number."""
    return _signed(zlib.crc32(text.encode("utf-8", "replace")))


def _single(character: str) -> int:
    return ord(character) if character <= "\uffff" else word(character)


def _pair(first: str, second: str) -> int:
    if first <= "\uffff" and second <= "\uffff":
        return _signed(ord(first) << 16 | ord(second))
    return word(first + second)


def of_document(texts: Iterable[str]) -> list[int]:
    """Every token of these compact folded texts, sorted, each once."""
    found: set[int] = set()
    for text in texts:
        for run, latin in _RUN.findall(text):
            if latin:
                found.add(word(latin))
                continue
            found.update(_single(character) for character in run)
            found.update(_pair(a, b) for a, b in pairwise(run))
    return sorted(found)


def of_term(term: str) -> list[int]:
    """The tokens that a document must have to contain this compact folded term."""
    found: set[int] = set()
    for run, latin in _RUN.findall(term):
        if latin:
            found.add(word(latin))
        elif len(run) == 1:
            found.add(_single(run))
        else:
            found.update(_pair(a, b) for a, b in pairwise(run))
    return sorted(found)


def needs_recheck(term: str) -> bool:
    """True when the tokens alone do not prove the term: long phrases, words (hashed), mixed writing, rare kanji."""
    runs = _RUN.findall(term)
    return len(runs) != 1 or bool(runs[0][1]) or len(runs[0][0]) > 2 or max(term) > "\uffff"
