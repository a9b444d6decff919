"""Reading what was printed: the paths of a PDF's pages, and NW-7 from the bars among them. For tests.

Only what weasyprint writes is understood: Flate streams, `cm`, `re`, straight paths. Lengths come back in millimetres
from the page's upper left corner.
"""

import re
import zlib
from dataclasses import dataclass

# JIS X 0503: seven elements a sign, bar first; 1 is wide.
SIGNS = {
    "0000011": "0", "0000110": "1", "0001001": "2", "1100000": "3", "0010010": "4", "1000010": "5",
    "0100001": "6", "0100100": "7", "0110000": "8", "1001000": "9", "0011010": "A", "0101001": "B",
    "0001011": "C", "0001110": "D",
}  # fmt: skip
MM = 25.4 / 72


@dataclass(frozen=True)
class Box:
    """A filled rectangle in millimetres."""

    left: float
    top: float
    width: float
    height: float
    fill: tuple[float, ...] = ()


def page_streams(pdf: bytes) -> list[tuple[float, float, str]]:
    """Width, height (mm) and drawing of every page."""
    objects = {int(n): body for n, body in re.findall(rb"(\d+) 0 obj\n(.*?)\nendobj", pdf, re.S)}
    for body in [body for body in objects.values() if b"/Type /ObjStm" in body]:
        inside = _stream(body)
        count, first = (int(re.search(rb"/%s (\d+)" % name, body).group(1)) for name in (b"N", b"First"))  # type: ignore[union-attr]
        heads = [int(number) for number in inside[:first].split()]
        ends = [*heads[3 : 2 * count : 2], len(inside) - first]
        for number, start, end in zip(heads[::2], heads[1::2], ends, strict=True):
            objects[number] = inside[first + start : first + end]
    found = []
    for body in objects.values():
        if not re.search(rb"/Type /Page(?!s)", body):
            continue
        box = re.search(rb"/MediaBox \[([^\]]+)\]", body)
        content = re.search(rb"/Contents (\d+) 0 R", body)
        assert box
        assert content
        x0, y0, x1, y1 = map(float, box.group(1).split())
        drawing = _stream(objects[int(content.group(1))]).decode("latin-1")
        found.append(((x1 - x0) * MM, (y1 - y0) * MM, drawing))
    return found


def _stream(body: bytes) -> bytes:
    data = re.search(rb"stream\n(.*)\nendstream", body, re.S)
    assert data
    return zlib.decompress(data.group(1)) if b"FlateDecode" in body else data.group(1)


def boxes(drawing: str, page_height: float) -> list[Box]:
    """The filled rectangles of a page, whether written as `re` or as a path of four corners."""
    matrix, fill, stack = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0), (0.0,), []
    found, corners, rectangles, numbers = [], [], [], []  # type: ignore[var-annotated]
    drawing = re.sub(r"\((?:\\.|[^\\)])*\)|<[0-9a-fA-F]*>|/\S+", " ", drawing)

    def at(x: float, y: float) -> tuple[float, float]:
        a, b, c, d, e, f = matrix
        return (a * x + c * y + e) * MM, page_height - (b * x + d * y + f) * MM

    def box(points: list[tuple[float, float]]) -> Box:
        xs, ys = [x for x, _ in points], [y for _, y in points]
        return Box(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys), fill)

    for token in drawing.split():
        if re.fullmatch(r"[-+]?[0-9]*\.?[0-9]+", token):
            numbers.append(float(token))
            continue
        if token == "q":
            stack.append((matrix, fill))
        elif token == "Q":
            matrix, fill = stack.pop()
        elif token == "cm":
            a, b, c, d, e, f = numbers[-6:]
            ma, mb, mc, md, me, mf = matrix
            matrix = (
                a * ma + b * mc, a * mb + b * md, c * ma + d * mc, c * mb + d * md,
                e * ma + f * mc + me, e * mb + f * md + mf,
            )  # fmt: skip
        elif token in ("rg", "g"):
            fill = tuple(numbers)
        elif token == "re":
            x, y, w, h = numbers[-4:]
            rectangles.append([at(x, y), at(x + w, y + h)])
        elif token == "m":
            corners = [at(*numbers[-2:])]
        elif token == "l":
            corners.append(at(*numbers[-2:]))
        elif token == "h":
            rectangles.append(corners)
        elif token in ("f", "F", "f*", "B", "b"):
            found += [box(points) for points in rectangles]
            rectangles = []
        elif token in ("n", "W", "W*", "S", "s"):
            rectangles = [] if token not in ("W", "W*") else rectangles
        numbers = []
    return found


def lines(found: list[Box]) -> list[list[Box]]:
    """Bars that stand beside each other with the same top and height, label by label: split at the quiet zones."""
    rows: dict[tuple[float, float], list[Box]] = {}
    for bar in found:
        if bar.height > 4 and bar.width < 1.2:
            rows.setdefault((round(bar.top, 1), round(bar.height, 1)), []).append(bar)
    codes = []
    for row in rows.values():
        row.sort(key=lambda bar: bar.left)
        code = [row[0]]
        for bar in row[1:]:
            if bar.left - (code[-1].left + code[-1].width) > 2.0:
                codes.append(code)
                code = []
            code.append(bar)
        codes.append(code)
    return codes


def decode(bars: list[Box]) -> str:
    """The signs of one code as a reader finds them: each element is wide or narrow against the middle of the two."""
    widths: list[float] = []
    for one, following in zip(bars, [*bars[1:], None], strict=True):
        widths.append(one.width)
        if following is not None:
            widths.append(following.left - one.left - one.width)
    assert all(width > 0.1 for width in widths), "an element that no reader sees"
    middle = (min(widths) + max(widths)) / 2
    wide = "".join("1" if width > middle else "0" for width in widths)
    return "".join(SIGNS[wide[start : start + 7]] for start in range(0, len(wide), 8))
