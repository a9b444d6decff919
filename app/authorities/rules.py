"""Pure decisions about authorities: how names are compared, what a broader term may be."""

import re
import unicodedata
from collections.abc import Iterable, Mapping

# Blanks, commas, points and hyphens between the parts of a name say nothing.
_SILENT = re.compile(r"[\s,.、。・･=＝\-‐－]+")
SUBDIVISION = "--"


def key(text: str) -> str:
    """The form in which names are compared: widths, kana, case and punctuation alike; never empty for a text with
    a letter or digit."""
    normal = unicodedata.normalize("NFKC", text).casefold()
    kana = "".join(chr(ord(sign) + 0x60) if "ぁ" <= sign <= "ゖ" else sign for sign in normal)
    return (_SILENT.sub("", kana) or kana.strip())[:300]


def heads(subject: str) -> list[str]:
    """A subject with subdivisions and what stands before them: 「電子書籍--日本」 gives itself and 「電子書籍」."""
    first = subject.partition(SUBDIVISION)[0].strip()
    return [subject] if first == subject or not first else [subject, first]


def makes_circle(broader: Mapping[int, Iterable[int]], source: int, target: int) -> bool:
    """Whether `target` as the broader of `source` would lead round to itself."""
    seen: set[int] = set()
    waiting = [target]
    while waiting:
        here = waiting.pop()
        if here == source:
            return True
        if here not in seen:
            seen.add(here)
            waiting += broader.get(here, ())
    return False
