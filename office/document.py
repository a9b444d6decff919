"""A report before it has a format: chapters of text, tables and charts, which Word and Excel both draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

Cell = str | int | float | None  # None: not measured, shown as データなし


@dataclass(frozen=True)
class Table:
    """A table. `widths` are relative; floats show `digits` decimals; `brief` shows that many rows in Word (0: all)."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    widths: Sequence[float]
    digits: int = 1
    brief: int = 0
    empty: str = "該当なし"


@dataclass(frozen=True)
class Chart:
    """Lines over days. A None leaves a gap. The value axis runs from 0 to `top` of the unit."""

    title: str
    unit: str
    days: Sequence[date]
    series: Sequence[tuple[str, Sequence[float | None]]]
    top: float = 100


@dataclass(frozen=True)
class Heading:
    """A heading inside a chapter: a section (level 2) or what is below one (level 3)."""

    text: str
    level: int = 2


@dataclass(frozen=True)
class Listing:
    """Points under each other, with bullets, or with 1., 2., … when they are steps."""

    items: Sequence[str]
    numbered: bool = False


@dataclass(frozen=True)
class Picture:
    """A picture with a caption, as wide as the text unless `width` (mm) says less. None: there is none (データなし)."""

    title: str
    png: bytes | None
    width: float = 170


Block = str | Heading | Listing | Table | Chart | Picture


@dataclass(frozen=True)
class Chapter:
    """A numbered chapter, on a new page unless it is short."""

    title: str
    blocks: Sequence[Block] = field(default_factory=tuple)
    new_page: bool = True


@dataclass(frozen=True)
class Cover:
    """What stands on the first page, besides boxes for three seals."""

    title: str
    subtitle: str
    facts: Sequence[tuple[str, str]]
    addressee: str
    author: str
