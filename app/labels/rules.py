"""Pure geometry of labels: places on the sheet, what each tier says, the bars of NW-7. Lengths in millimetres."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

POINT = 25.4 / 72
# NW-7 (JIS X 0503): narrow and wide elements of each sign, bar first; wide is W and w, narrow is N and n.
NARROW, WIDE = 2, 5  # half units: the wide element is two and a half times the narrow one
QUIET = 10  # narrow elements left and right that stay white
LARGEST, SMALLEST = 0.30, 0.165  # width of the narrow element that readers of the trade take
HEX = re.compile(r"^#[0-9a-f]{6}$")


class DoesNotFit(Exception):
    """The label is too small for what it should show; the text is for the screen."""


@dataclass(frozen=True)
class Sheet:
    """How labels lie on a sheet."""

    page_width: float
    page_height: float
    columns: int
    rows: int
    left: float
    top: float
    label_width: float
    label_height: float
    gap_x: float = 0
    gap_y: float = 0

    @property
    def places(self) -> int:
        """How many labels a sheet has."""
        return self.columns * self.rows

    def corner(self, place: int) -> tuple[float, float]:
        """The upper left corner of the n-th label of a sheet (from 0), along the rows."""
        row, column = divmod(place, self.columns)
        return (
            round(self.left + column * (self.label_width + self.gap_x), 3),
            round(self.top + row * (self.label_height + self.gap_y), 3),
        )


def sheet_problem(sheet: Sheet) -> str:
    """Why labels would not lie on the sheet; "" when they do."""
    right, bottom = sheet.corner(sheet.places - 1)
    if right + sheet.label_width > sheet.page_width + 0.01:
        return f"横{sheet.columns}枚が用紙の幅に入りません。"
    if bottom + sheet.label_height > sheet.page_height + 0.01:
        return f"縦{sheet.rows}枚が用紙の高さに入りません。"
    return ""


def pages(sheet: Sheet, count: int, start: int) -> Iterator[list[tuple[int, float, float]]]:
    """Page by page: which label (from 0) stands at which corner. `start` is the first free place of the first sheet,
    from 1. ValueError for a place that the sheet does not have."""
    if not 1 <= start <= sheet.places:
        raise ValueError(f"印刷を始める位置は1から{sheet.places}までです。")
    label = 0
    place = start - 1
    while label < count:
        here = min(sheet.places - place, count - label)
        yield [(label + step, *sheet.corner(place + step)) for step in range(here)]
        label, place = label + here, 0


def em_width(text: str) -> float:
    """How wide a text is in ems: full width signs one, the others a little more than half."""
    return sum(1.0 if unicodedata.east_asian_width(sign) in "WFA" else 0.58 for sign in text)


def fitting_size(text: str, size: float, width: float, height: float) -> float:
    """The size in points, at most `size`, in which one line of text fits into width and height."""
    wide = width / POINT / em_width(text) if text else size
    return round(min(size, wide, height / POINT), 2)


def colour_of(colours: Mapping[str, str], value: str, *, by_beginning: bool) -> str:
    """The colour for a value; by its longest beginning where classes are meant. "" without one."""
    if not by_beginning:
        return colours.get(value, "")
    fitting = [known for known in colours if value.startswith(known)]
    return colours[max(fitting, key=len)] if fitting else ""


@dataclass(frozen=True)
class Bars:
    """The black bars of a code: each its left edge and width; how wide all is, with the quiet zones."""

    bars: tuple[tuple[float, float], ...]
    width: float
    narrow: float


def bars(pattern: str, room: float) -> Bars:
    """The bars of a pattern of half units (`1` black, `0` white) centred in that much room.

    DoesNotFit when the narrow element would be too thin for a reader.
    """
    half = min(LARGEST / NARROW, room / (len(pattern) + 2 * QUIET * NARROW))
    if half * NARROW < SMALLEST:
        raise DoesNotFit(f"バーコードに幅{SMALLEST / NARROW * (len(pattern) + 2 * QUIET * NARROW):.0f}mmが要ります。")
    start = (room - len(pattern) * half) / 2
    found = [
        (round(start + run.start() * half, 4), round(len(run.group()) * half, 4)) for run in re.finditer("1+", pattern)
    ]
    return Bars(tuple(found), room, half * NARROW)


def numbers_in(text: str) -> list[str]:
    """The numbers of a field into which they were scanned or typed, each once, in order."""
    return list(dict.fromkeys(re.findall(r"[0-9]{4,14}", unicodedata.normalize("NFKC", text))))


def repeated(labels: Sequence[object], copies: int) -> list[object]:
    """Each label so many times, one after the other."""
    return [label for label in labels for _ in range(copies)]


def in_order(wanted: Iterable[str], there: Mapping[str, object]) -> tuple[list[object], list[str]]:
    """What is there of the wanted numbers in their order, and the numbers that nobody knows."""
    known = list(wanted)
    return [there[number] for number in known if number in there], [n for n in known if n not in there]
