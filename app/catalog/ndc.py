"""Names of NDC classes, three levels deep. Pure; the names stand in search/data/ndc.tsv.

A class is written by its first digits: "9" 文学, "91" 日本文学, "913" 小説・物語; these prefixes are what
`Query.classes` takes. The general section of a division ("910") has its division's name with 「全般」.
"""

from functools import lru_cache
from pathlib import Path

from app.catalog.codes import NDC_CLASSES

_TABLE = Path(__file__).parent / "search" / "data" / "ndc.tsv"
_NONE = "-"
# Numbers set apart by the tables of many libraries but not of NDC itself do not stand here.
DEEPEST = 3


@lru_cache(maxsize=1)
def names() -> dict[str, str]:
    """The name of every class of one to three digits that has one, in the order of the numbers."""
    found = {digit: label.split(" ", 1)[1] for digit, label in NDC_CLASSES.items()}
    for line in _TABLE.read_text(encoding="utf-8").splitlines():
        if line[:1] in ("#", ""):
            continue
        division, name, sections = line.split("\t")
        found[division] = name
        found[division + "0"] = f"{name}(全般)"
        for digit, section in enumerate(sections.split("|"), start=1):
            if section != _NONE:
                found[f"{division}{digit}"] = section
    return dict(sorted(found.items()))


def name(prefix: str) -> str:
    """The name of a class by its first digits; "" for a number without one."""
    return names().get(prefix, "")


def below(prefix: str) -> list[str]:
    """The classes one level below, "" for the ten classes of the first level."""
    return [number for number in names() if len(number) == len(prefix) + 1 and number.startswith(prefix)]


def path(prefix: str) -> list[str]:
    """The class with those above it, from the first level down."""
    return [prefix[:length] for length in range(1, len(prefix) + 1)]


def is_class(text: str) -> bool:
    """True for one to three digits: what a class may be asked for by, whether or not it has a name."""
    return 1 <= len(text) <= DEEPEST and text.isascii() and text.isdigit()
