"""Line charts as SVG text: no script, no library, prints as it looks. Colours are classes; see console.css."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from app.operations.rules import reading

WIDTH, HEIGHT = 600, 180
COLOURS = 8

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Line:
    """One series of a chart."""

    name: str
    points: Points


@dataclass(frozen=True)
class Scale:
    """What the edges of a chart stand for: seconds since the epoch across, values upwards."""

    start: float
    end: float
    low: float
    high: float

    def x(self, at: float) -> float:
        """Pixels from the left."""
        return round((at - self.start) / (self.end - self.start) * WIDTH, 1)

    def y(self, value: float) -> float:
        """Pixels from the top."""
        return round(HEIGHT - (value - self.low) / (self.high - self.low) * HEIGHT, 1)


def scale(lines: Sequence[Line], start: float, end: float, unit: str) -> Scale:
    """Edges that hold every point: percent is 0 to 100, everything else begins at zero unless it goes below."""
    values = [value for line in lines for _, value in line.points]
    if unit == "percent" and all(0 <= value <= 100 for value in values):
        return Scale(start, end, 0.0, 100.0)
    if unit in ("up", "yes"):
        return Scale(start, end, 0.0, 1.0)
    low, high = min([0.0, *values]), max([0.0, *values])
    return Scale(start, end, low, _round_up(high) if high > low else low + 1.0)


def _round_up(value: float) -> float:
    """The next number that reads well: 1, 2, 2.5 or 5 times a power of ten."""
    power = 1.0
    while power * 10 <= value:
        power *= 10
    while power > value:
        power /= 10
    return next((factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= value), value)


def path(points: Points, on: Scale, gap: float) -> str:
    """SVG path data; points further apart than `gap` seconds are not joined: nothing was measured there."""
    parts: list[str] = []
    before: float | None = None
    for at, value in points:
        joined = before is not None and at - before <= gap
        parts.append(f"{'L' if joined else 'M'}{on.x(at):g} {on.y(value):g}" + ("" if joined else "h1"))
        before = at
    return "".join(parts)


def draw(
    title: str, lines: Sequence[Line], on: Scale, step: float, marks: Sequence[tuple[str, float]] = ()
) -> SafeString:
    """The chart. `marks` are thresholds (`warn` or `bad`, value) drawn across when they are in view."""
    grid = format_html_join(
        "",
        '<line class="grid" x1="0" x2="{}" y1="{}" y2="{}"/>',
        [(WIDTH, HEIGHT * n / 4, HEIGHT * n / 4) for n in range(5)],
    )
    limits = format_html_join(
        "",
        '<line class="mark {}" x1="0" x2="{}" y1="{}" y2="{}"/>',
        [(name, WIDTH, on.y(value), on.y(value)) for name, value in marks if on.low <= value <= on.high],
    )
    drawn = format_html_join(
        "",
        '<path class="line c{}" d="{}"/>',
        [(number % COLOURS, path(line.points, on, 2.5 * step)) for number, line in enumerate(lines)],
    )
    return format_html(
        '<svg viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}{}{}</svg>',
        WIDTH, HEIGHT, title, grid, limits, drawn,
    )  # fmt: skip


def value_axis(on: Scale, unit: str) -> list[str]:
    """Labels of the upright axis, top first."""
    middle = (on.low + on.high) / 2
    whole = unit in ("up", "yes") or (unit == "count" and middle != int(middle))
    return [reading(on.high, unit), "" if whole else reading(middle, unit), reading(on.low, unit)]


def time_axis(on: Scale, zone: tzinfo) -> list[str]:
    """Labels of the time axis, oldest first."""
    form = "%H:%M" if on.end - on.start <= 36 * 3600 else "%-m/%-d %H時"
    instants = [on.start + (on.end - on.start) * share for share in (0.0, 0.5, 1.0)]
    return [datetime.fromtimestamp(at, zone).strftime(form) for at in instants]
