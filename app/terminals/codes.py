"""Bars and squares to print: NW-7 for numbers and the counter's commands, QR for readers that prefer it.

Drawn as plain rectangles, so that the page needs no inline style and the printer no font.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

import segno
from barcode.codabar import CODABAR

NW7 = re.compile(r"^[0-9$:/.+-]+$")


@dataclass(frozen=True)
class Drawing:
    """Dark rectangles (x, y, width, height) on a field of `width` × `height` modules, quiet zone included."""

    text: str
    width: int
    height: int
    rectangles: tuple[tuple[int, int, int, int], ...]


@lru_cache(maxsize=256)
def bars(text: str, height: int = 40) -> Drawing:
    """NW-7 with start and stop letter A. ValueError for characters that NW-7 does not have."""
    if not NW7.fullmatch(text):
        raise ValueError(f"NW-7 cannot write {text!r}")
    modules = CODABAR(f"A{text}A").build()[0]
    quiet, found, start = 10, [], None
    for place, module in enumerate(f"{modules}0"):
        if module == "1" and start is None:
            start = place
        elif module == "0" and start is not None:
            found.append((start + quiet, 0, place - start, height))
            start = None
    return Drawing(text, len(modules) + 2 * quiet, height, tuple(found))


@lru_cache(maxsize=256)
def squares(text: str) -> Drawing:
    """A QR code with medium error correction and its quiet zone of four modules."""
    rows = [bytes(row) for row in segno.make(text, error="m", micro=False).matrix]
    quiet, size = 4, len(rows)
    found = tuple((x + quiet, y + quiet, 1, 1) for y, row in enumerate(rows) for x, module in enumerate(row) if module)
    return Drawing(text, size + 2 * quiet, size + 2 * quiet, found)
