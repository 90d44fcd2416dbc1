"""Charts of a table: bars of named rows, or lines over an ordered column, one series a colour, as SVG."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from postroad.face.report.mark import mark

if TYPE_CHECKING:
    from collections.abc import Sequence

COLOURS = ("#0b5c4a", "#c2572b", "#3d6fa5", "#b07d2b", "#7a4d8c", "#566072", "#5ba391", "#a8322b")
"""One a series, told apart in grey by their darkness and in the legend by their order."""
INK, QUIET, GRID, PAPER = "#1d2430", "#566072", "#e4e0d6", "#fdfcf9"
WIDE, LEFT, RIGHT, TOP = 860, 210, 96, 74
BAR, GAP = 15, 9
TALL, FOOT, AXIS = 400, 58, 92
TICKS, STEPS = 5, (1, 2, 5, 10)
LONGEST_NAME = 18
HALF_DAY, DAY = 720, 1440
TIMES = (30, 60, 120, 180, 360, 720, 1440, 2880, 10_080)
"""Minutes between the marks of an axis of time."""


@dataclass(frozen=True)
class Drawn:
    """What a chart shows: its title, a line below it, names or places along the axis, and values a series."""

    title: str
    note: str
    unit: str
    along: Sequence[str] | Sequence[float]
    series: Sequence[tuple[str, Sequence[float | None]]]
    clock: bool = False
    axis: str = ""


def short(value: float) -> str:
    """Return a number as charts write it: thousands apart, four digits that matter."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"


def wide_of(text: str, size: float) -> float:
    """Return about how wide a text is in a size."""
    return sum(size if ord(letter) > 255 else 0.56 * size for letter in text)


def cut(text: str, wide: float, size: float) -> str:
    """Return a text cut to a width, with a mark where something is left out."""
    if wide_of(text, size) <= wide:
        return text
    while text and wide_of(text + "…", size) > wide:
        text = text[:-1]
    return text + "…"


def bar_chart(drawn: Drawn) -> str:
    """Return horizontal bars: a group a name, a bar a series, the value behind each."""
    names, many = [str(name) for name in drawn.along], len(drawn.series)
    values = [value for _, row in drawn.series for value in row if value is not None]
    low, high = min(0.0, *values), max(0.0, *values)
    left = min(LEFT, max(70.0, 16 + max(wide_of(name, 12) for name in names)))
    unit = (WIDE - left - RIGHT) / ((high - low) or 1.0)
    group = many * BAR + GAP
    height = TOP + group * len(names) + 26
    parts = _head(drawn, WIDE, height)
    zero = left - low * unit
    for k, name in enumerate(names):
        y = TOP + k * group
        words = cut(name, left - 14, 12)
        parts.append(mark("text", words, x=left - 8, y=y + many * BAR / 2 + 4, font_size=12, text_anchor="end",
                          fill=INK))  # fmt: skip
        for n, (_, row) in enumerate(drawn.series):
            value = row[k]
            if value is None:
                continue
            x, wide = left + (min(0.0, value) - low) * unit, max(0.8, abs(value) * unit)
            at = y + n * BAR
            parts.append(mark("rect", x=x, y=at + 1, width=wide, height=BAR - 3, fill=COLOURS[n % len(COLOURS)]))
            parts.append(mark("text", short(value), x=x + wide + 5, y=at + BAR - 4, font_size=11, fill=QUIET))
    parts.append(mark("path", d=f"M{zero:.1f},{TOP - 4}V{height - 22}", stroke=QUIET, stroke_width=0.8))
    return _svg(parts, WIDE, height, drawn.title)


def line_chart(drawn: Drawn) -> str:
    """Return lines over an ordered axis, with round numbers at both sides."""
    along = [float(value) for value in drawn.along]
    values = [value for _, row in drawn.series for value in row if value is not None]
    low, high = min(0.0, *values), max(values)
    high = high if high > low else low + 1.0
    first, last = min(along), max(along)
    last = last if last > first else first + 1.0
    bottom, wide = TOP + TALL - FOOT, WIDE - AXIS - 30
    step = _step((high - low) / TICKS)
    high = math.ceil(high / step) * step

    def x_of(value: float) -> float:
        return AXIS + (value - first) / (last - first) * wide

    def y_of(value: float) -> float:
        return bottom - (value - low) / (high - low) * (bottom - TOP)

    parts = _head(drawn, WIDE, TOP + TALL)
    for k in range(math.ceil(low / step), math.floor(high / step + 1e-9) + 1):
        y = y_of(k * step)
        parts.append(mark("path", d=f"M{AXIS},{y:.1f}h{wide}", stroke=GRID))
        parts.append(mark("text", short(k * step), x=AXIS - 8, y=y + 4, font_size=11, text_anchor="end", fill=QUIET))
    for value, words in _along(first, last, along, drawn.clock):
        x = x_of(value)
        parts.append(mark("path", d=f"M{x:.1f},{bottom}v5", stroke=QUIET))
        parts.append(mark("text", words, x=x, y=bottom + 20, font_size=11, text_anchor="middle", fill=QUIET))
    if drawn.axis:
        parts.append(mark("text", drawn.axis, x=AXIS + wide / 2, y=bottom + 42, font_size=12, text_anchor="middle",
                          fill=INK))  # fmt: skip
    for n, (_, row) in enumerate(drawn.series):
        colour = COLOURS[n % len(COLOURS)]
        points = [(x_of(a), y_of(v)) for a, v in zip(along, row, strict=True) if v is not None]
        path = "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(mark("path", d=path, fill="none", stroke=colour, stroke_width=2.0))
        if len(points) <= DAY // 60:
            parts += [mark("circle", cx=x, cy=y, r=3, fill=colour) for x, y in points]
    return _svg(parts, WIDE, TOP + TALL, drawn.title)


def _along(first: float, last: float, along: list[float], clock: bool) -> list[tuple[float, str]]:
    """The marks of the lower axis: every year or hour where few, round ones, or times of day."""
    if clock:
        apart = next((one for one in TIMES if (last - first) / one <= 2 * TICKS + 1), TIMES[-1])
        marks = [k * apart for k in range(math.ceil(first / apart), math.floor(last / apart) + 1)]
        return [(m, _clock(m, last > DAY)) for m in marks]
    whole = sorted(set(along))
    if all(value == int(value) for value in whole):
        every = max(1, math.ceil(len(whole) / 13))
        return [(value, f"{value:.0f}") for value in whole[::every]]
    step = _step((last - first) / TICKS)
    return [(k * step, short(k * step)) for k in range(math.ceil(first / step), math.floor(last / step) + 1)]


def _clock(minute: float, many_days: bool) -> str:
    day, rest = divmod(int(minute), DAY)
    told = f"{rest // 60:02d}:{rest % 60:02d}"
    return f"D{day + 1} {told}" if many_days else told


def _step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return power * next(m for m in STEPS if m * power >= rough * 0.999)


def _head(drawn: Drawn, wide: float, height: float) -> list[str]:
    title = drawn.title if not drawn.unit or f"({drawn.unit})" in drawn.title else f"{drawn.title} ({drawn.unit})"
    parts = [
        mark("rect", width=wide, height=height, fill=PAPER),
        mark("text", cut(title, wide - 40, 17), x=20, y=28, font_size=17, font_weight=700, fill=INK),
        mark("text", cut(drawn.note, wide - 40, 11), x=20, y=46, font_size=11, fill=QUIET),
    ]
    if len(drawn.series) > 1:
        x = 20.0
        for n, (name, _) in enumerate(drawn.series):
            words = cut(name, 240, 12)
            parts.append(mark("rect", x=x, y=54, width=11, height=10, fill=COLOURS[n % len(COLOURS)]))
            parts.append(mark("text", words, x=x + 16, y=63, font_size=12, fill=INK))
            x += 34 + wide_of(words, 12)
    return parts


def _svg(parts: list[str], wide: float, height: float, title: str) -> str:
    return mark("svg", inside="".join(parts), viewBox=f"0 0 {wide:g} {height:g}", role="img", aria_label=title)
