"""Small pieces of SVG: boxes, text and lines, with Japanese text measured well enough to be wrapped."""

from __future__ import annotations

import unicodedata
from html import escape

FONT = "'IPAexGothic','Noto Sans JP','Hiragino Sans','Yu Gothic','Meiryo',sans-serif"
INK = "#1f2933"
MUTED = "#66727f"
PAPER = "#ffffff"


def width(text: str, size: float) -> float:
    """The approximate width of a text in pixels: a kanji is as wide as it is high, a letter 0.56 of that."""
    return sum(size if unicodedata.east_asian_width(char) in "WFA" else size * 0.56 for char in text)


def wrap(text: str, size: float, limit: float) -> list[str]:
    """A text in lines no wider than `limit`, broken after 、・（ ) or a space where possible."""
    lines: list[str] = []
    line = ""
    for word in _words(text):
        if line and width(line + word, size) > limit:
            lines.append(line.strip())
            line = ""
        while width(word, size) > limit:
            fits = max(1, max(count for count in range(1, len(word)) if width(word[:count], size) <= limit))
            lines.append(word[:fits])
            word = word[fits:]
        line += word
    return [*lines, line.strip()] if line.strip() else lines


def _words(text: str) -> list[str]:
    words = [""]
    for char in text:
        words[-1] += char
        if char in "、・ ，/":
            words.append("")
    return [word for word in words if word]


def box(
    x: float, y: float, w: float, h: float, fill: str = PAPER, edge: str = "#c9d1d9", radius: float = 8, dash: str = ""
) -> str:
    """A rectangle with round corners."""
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" rx="{radius:g}" '
        f'fill="{fill}" stroke="{edge}" stroke-width="1.2"{dashed}/>'
    )


def text(
    x: float, y: float, words: str, size: float = 12, fill: str = INK, weight: str = "normal", anchor: str = "start"
) -> str:
    """One line of text with its baseline at y."""
    bold = ' font-weight="bold"' if weight == "bold" else ""
    at = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" fill="{fill}"{bold}{at}>{escape(words)}</text>'


def paragraph(x: float, y: float, words: str, size: float, limit: float, fill: str = MUTED) -> tuple[list[str], float]:
    """Wrapped lines; returns the pieces and the baseline after the last."""
    step = round(size * 1.4)
    lines = wrap(words, size, limit)
    return [text(x, y + index * step, line, size, fill) for index, line in enumerate(lines)], y + len(lines) * step


def dot(x: float, y: float, fill: str, radius: float = 5) -> str:
    """A filled circle."""
    return f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" fill="{fill}"/>'


def curve(x1: float, y1: float, x2: float, y2: float, colour: str, thick: float = 2, arrow: bool = False) -> str:
    """A soft line between two points, level at both ends."""
    bend = (x2 - x1) / 2
    end = ' marker-end="url(#arrow)"' if arrow else ""
    return (
        f'<path d="M{x1:g} {y1:g} C{x1 + bend:g} {y1:g} {x2 - bend:g} {y2:g} {x2:g} {y2:g}" '
        f'fill="none" stroke="{colour}" stroke-width="{thick:g}"{end}/>'
    )


def page(w: float, h: float, title: str, pieces: list[str]) -> str:
    """A whole picture with its title for readers that cannot see it."""
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w:g} {h:g}" width="{w:g}" height="{h:g}" '
        f'font-family="{FONT}" role="img" aria-labelledby="title">',
        f'<title id="title">{escape(title)}</title>',
        '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="#2f6f9f"/></marker></defs>',
        f'<rect width="{w:g}" height="{h:g}" fill="#f6f8fa"/>',
    ]
    return "\n".join([*head, *pieces, "</svg>"]) + "\n"
